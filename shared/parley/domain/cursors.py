"""Opaque cursors: where a page ended, for the next to begin after it."""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from parley.domain.errors import Fault, Invalid
from parley.domain.pages import MAX_PAGE_SIZE
from parley.domain.strict_json import read_json

_MAX_LENGTH = 2_000
_MAX_NUMBER = 2**53
"""No list is longer; it fits every store."""


def encode_cursor(*parts: str | int | datetime) -> str:
    """A cursor that says exactly these parts."""
    plain = [part.isoformat() if isinstance(part, datetime) else part for part in parts]
    raw = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type[str | int | datetime]) -> Sequence[Any]:
    """The parts of a cursor, one of each kind: whole numbers from 0 to 2^53, instants in UTC.

    Anybody may send anything. Raises Invalid, at `/cursor`, for what no list can have given.
    """
    if len(cursor) > _MAX_LENGTH:
        raise unknown_cursor()
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        parts = read_json(base64.b64decode(padded, altchars=b"-_", validate=True))
        return [_part(part, kind) for part, kind in zip(parts, kinds, strict=True)]
    except (ValueError, TypeError, OverflowError):
        raise unknown_cursor() from None


def unknown_cursor() -> Invalid:
    """What to raise for a cursor that is another list's."""
    return Invalid("the cursor is not one that this list gave", [Fault("/cursor", "is unknown")])


def _part(part: object, kind: type[str | int | datetime]) -> str | int | datetime:
    match part:
        case str() if kind is datetime and (instant := datetime.fromisoformat(part)).tzinfo:
            return instant.astimezone(UTC)
        case str() if kind is str:
            return part
        case int() if kind is int and type(part) is int and 0 <= part <= _MAX_NUMBER:
            return part
        case _:
            raise ValueError


def checked_limit(limit: int) -> int:
    """`limit`. Raises Invalid unless a page may have that many items."""
    if not 1 <= limit <= MAX_PAGE_SIZE:
        raise Invalid(
            f"limit is {limit}; a page has 1 to {MAX_PAGE_SIZE} items",
            [Fault("/limit", f"must be 1 to {MAX_PAGE_SIZE}")],
        )
    return limit
