"""Opaque cursors: where a page ended, for the next to begin after it."""

import base64
import binascii
import json
from collections.abc import Sequence

from parley.domain.errors import Fault, Invalid
from parley.domain.pages import MAX_PAGE_SIZE

_MAX_LENGTH = 2_000


def encode_cursor(*parts: str | int) -> str:
    """A cursor that says exactly these parts."""
    raw = json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type[str] | type[int]) -> Sequence[str | int]:
    """The parts of a cursor, one of each kind. Raises Invalid, at `/cursor`, if it is not such."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (UnicodeError, binascii.Error, ValueError, RecursionError):
        parts = None
    if (
        len(cursor) > _MAX_LENGTH
        or not isinstance(parts, list)
        or [type(part) for part in parts] != list(kinds)
    ):
        raise Invalid("the cursor is not one that a list gave", [Fault("/cursor", "is unknown")])
    return parts


def checked_limit(limit: int) -> int:
    """`limit`. Raises Invalid unless a page may have that many items."""
    if not 1 <= limit <= MAX_PAGE_SIZE:
        raise Invalid(
            f"limit is {limit}; a page has 1 to {MAX_PAGE_SIZE} items",
            [Fault("/limit", f"must be 1 to {MAX_PAGE_SIZE}")],
        )
    return limit
