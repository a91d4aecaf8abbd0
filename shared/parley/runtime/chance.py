"""Time and chance: what is handed to everything that may not ask for them itself."""

import secrets
import time
from datetime import UTC, datetime

from parley.domain.tokens import SECRET_BYTES


def now() -> datetime:
    """The present instant, aware UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """A new UUIDv7."""
    import uuid_utils  # noqa: PLC0415 -- cold start

    return str(uuid_utils.uuid7())


def new_secret() -> bytes:
    """Random bytes that nobody can guess."""
    return secrets.token_bytes(SECRET_BYTES)


stopwatch = time.monotonic
"""Seconds of a clock that never jumps."""
