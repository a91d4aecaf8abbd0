"""Where a page of conversations or of messages ended, as a cursor says it."""

from datetime import datetime

from parley.domain.cursors import decode_cursor, unknown_cursor
from parley.domain.ids import ConversationId


def place_in(cursor: str | None) -> tuple[datetime, ConversationId] | None:
    """The last conversation of the page before. Raises Invalid."""
    if cursor is None:
        return None
    at, conversation_id = decode_cursor(cursor, datetime, str)
    return at, ConversationId(conversation_id)


def bounds_in(cursor: str, after: int | None, before: int | None) -> tuple[int | None, int | None]:
    """The bounds of a page of messages, the one of the cursor's direction moved on to its place.

    Raises Invalid.
    """
    direction, n = decode_cursor(cursor, str, int)
    match direction:
        case "after":
            return n, before
        case "before":
            return after, n
        case _:
            raise unknown_cursor()
