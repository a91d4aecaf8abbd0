"""What people run: the laptop cloud and the `parley` command. Never part of a deployment."""
