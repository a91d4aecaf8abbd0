"""Things that happened, as the event log keeps them: replayable in order."""

from dataclasses import dataclass

from parley.domain.queued import EventQueued


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event in the log; `position` grows with every event recorded, of any tenant."""

    event: EventQueued
    position: int


_MAX_ORDINAL_DIGITS = 9


def event_ordinal(event_id: str) -> int:
    """The place of an event among the effects of its turn: the `n` of `<turn>:<n>`, else 0."""
    _, separator, n = event_id.rpartition(":")
    is_ordinal = n.isascii() and n.isdigit() and len(n) <= _MAX_ORDINAL_DIGITS
    return int(n) if separator and is_ordinal else 0
