"""The ports of `services`, four ways."""
