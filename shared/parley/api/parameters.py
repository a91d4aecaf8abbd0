"""Query and header parameters that several routes share."""

import re
from datetime import timedelta
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Header, Query

from parley.domain.pages import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE, description="How many items a page has.")]
Cursor = Annotated[
    str | None,
    Query(max_length=512, description="`next_cursor` of the page before; absent for the first."),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=128,
        pattern=r"^[\x21-\x7e]+$",
        description=(
            "Makes a repeat safe: for 24 hours the same key with the same query and body gives the "
            "first answer again, and with others 409. A message's key is also known by its "
            "conversation: for the next 64 turns, or for ever if it is a UUIDv7."
        ),
    ),
]

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        pattern=r'^"\d{1,18}"$',
        description="The ETag last seen: 412 if somebody has changed it since.",
    ),
]
Prefer = Annotated[
    str | None,
    Header(
        alias="Prefer",
        max_length=200,
        description=(
            "`wait=N` (RFC 7240): stay up to N seconds, at most 25, for the answer's turn; absent, "
            "the message is queued and 202 comes at once. A turn that is waited for may overtake "
            "messages that are still queued: whoever sends several waits for each, or for none. "
            "A call to another system that may take longer than is left, and must not be repeated, "
            "is not begun: 202, and the turn is taken from the queue."
        ),
    ),
]

MAX_WAIT_S = 25
_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})", re.IGNORECASE)


def row_version(if_match: str | None) -> int | None:
    """The row version that an `If-Match` names."""
    return None if if_match is None else int(if_match.strip('"'))


def wait(prefer: str | None) -> timedelta | None:
    """How long a caller will wait, at most 25 s; None for those who would rather not."""
    found = _WAIT.search(prefer or "")
    seconds = min(int(found[1]), MAX_WAIT_S) if found else 0
    return timedelta(seconds=seconds) if seconds else None


__all__ = [
    "DEFAULT_PAGE_SIZE", "Cursor", "IdempotencyKey", "IfMatch", "Limit", "Prefer", "row_version",
    "wait",
]  # fmt: skip
