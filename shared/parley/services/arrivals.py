"""An event on its way to becoming a turn, and what running it came to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from parley.domain.conversations import Arrival, Conversation, FlowPin
from parley.domain.ids import TurnId, time_in, turn_id
from parley.domain.json import JsonObject
from parley.domain.queued import Inbound, Receipt, payload_hash
from parley.domain.turns import Outcome, TurnTaken
from parley.engine.effects import Effect, LogEvent
from parley.engine.events import Event, StartEvent, event_from_json
from parley.engine.state import RunState

_SEQ_DIGITS = 39


@dataclass(frozen=True, slots=True)
class Arrived:
    """An event to make a turn of: what its parts are derived to, once.

    `tried` is how many flows have failed to start in this turn, before the one that is tried now.
    """

    inbound: Inbound
    receipt: Receipt
    event: Event
    turn: TurnId
    payload_hash: str
    at: datetime
    seq: str
    tried: int = 0

    @classmethod
    def of(cls, inbound: Inbound, receipt: Receipt) -> "Arrived":
        """Raises Invalid if the event is none that the engine knows."""
        return cls(
            inbound=inbound,
            receipt=receipt,
            event=event_from_json(inbound.event),
            turn=turn_id(inbound.tenant_id, inbound.conversation_id, inbound.pid),
            payload_hash=inbound.payload_hash or payload_hash(inbound.event),
            at=whole_ms(inbound.received_at),
            seq="" if receipt.seq is None else receipt.seq.zfill(_SEQ_DIGITS),
        )

    def may_be_forgotten(self, before: Conversation) -> bool:
        """Whether the ring would not know a repeat of this any more: it is older than the ring.

        How old is what the event itself says, by the earliest time in it. So a record that comes
        late is known for ever, and a message whose id holds its time (UUIDv7) too. An id without
        one that is sent anew counts as new: the ring knows it for 64 turns, and the API's answers
        to an `Idempotency-Key` for 24 hours. In return no id costs a turn a look into the history.
        """
        if not before.is_older_than_ring:
            return False
        if isinstance(self.event, StartEvent):
            return True
        inbound = self.inbound
        times = (self.at, inbound.sent_at, time_in(inbound.pid))
        return min(whole_ms(at) for at in times if at is not None) <= before.ring_marks[0]

    @property
    def seed(self) -> int:
        """What is random in the turn: no two flows that are tried in it have the same."""
        return seed_of(self.turn) + self.tried

    def arrival(self, turn_no: int) -> Arrival:
        return Arrival(self.turn, self.payload_hash, self.at, turn_no)


@dataclass(frozen=True, slots=True)
class Result:
    """What running an event came to.

    `state` None leaves the conversation's as it is, and `flow` None what it runs on.
    """

    outcome: Outcome
    state: RunState | None
    effects: Sequence[Effect]
    trace: JsonObject
    idle_at: datetime | None = None
    flow: FlowPin | None = None

    def after(self, events: Sequence[LogEvent]) -> "Result":
        """The same, told after `events`."""
        return replace(self, effects=(*events, *self.effects)) if events else self


def seed_of(turn: TurnId) -> int:
    """48 bits of a turn's id."""
    return int(turn[:8] + turn[9:13], 16)


def whole_ms(at: datetime) -> datetime:
    """The instant as stores keep it: UTC, whole milliseconds."""
    return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)


def repeated(before: Conversation, arrived: Arrived, turn_no: int, payload_hash: str) -> TurnTaken:
    """What became of the event when it was turn `turn_no`, under a payload of that hash."""
    same = payload_hash == arrived.payload_hash
    return TurnTaken(Outcome.DUPLICATE, before, turn_no=turn_no, same_payload=same)
