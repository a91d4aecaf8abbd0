"""What becomes of an event that reaches a conversation."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from parley.domain.conversations import Conversation
from parley.domain.messages import Message


class Outcome(StrEnum):
    """How an event ended; all but the first are final at once."""

    COMMITTED = "committed"
    DUPLICATE = "duplicate"
    """A turn was made of it before."""
    IGNORED = "ignored"
    """It means nothing any more: the conversation has closed, the timer no longer stands."""
    QUARANTINED = "quarantined"
    """It has killed its worker before; a turn was committed without running it."""
    FAILED = "failed"
    """Running it failed, as it would each time; a turn was committed that says so."""


@dataclass(frozen=True, slots=True)
class TurnTaken:
    """The end of one event.

    `conversation` is the document with the turn in it; of a duplicate, as it is now. `messages` are
    what the turn sent, in order; empty for a duplicate. `same_payload` is False when an id came
    again with another event under it. `flushed` is False when what the turn left to tell the world
    was left to the sweeper.
    """

    outcome: Outcome
    conversation: Conversation
    messages: Sequence[Message] = ()
    turn_no: int = 0
    same_payload: bool = True
    flushed: bool = True
