"""How to ask a store whether it is there."""

from collections.abc import Callable

type Probe = Callable[[], None]
"""Asks a store the least it can be asked; raises any PlatformError when it does not answer."""
