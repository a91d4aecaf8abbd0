"""Parley: conversations as state machines, one exactly-once turn at a time."""
