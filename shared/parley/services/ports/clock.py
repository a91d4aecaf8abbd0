"""Time and chance, handed in: nothing below `runtime` reads a clock or draws a number."""

from collections.abc import Callable
from datetime import datetime

type Clock = Callable[[], datetime]
"""The present instant, aware UTC."""

type NewId = Callable[[], str]
"""A new UUIDv7."""
