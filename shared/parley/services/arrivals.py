"""An event on its way to becoming a turn, and what running it came to."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from parley.domain.conversations import Arrival
from parley.domain.ids import TurnId, turn_id
from parley.domain.json import JsonObject
from parley.domain.queued import Inbound, Receipt
from parley.domain.turns import Outcome
from parley.engine.effects import Effect
from parley.engine.events import Event, event_from_json
from parley.engine.state import RunState

_SEQ_DIGITS = 39


@dataclass(frozen=True, slots=True)
class Arrived:
    """An event to make a turn of: what its parts are derived to, once."""

    inbound: Inbound
    receipt: Receipt
    event: Event
    turn: TurnId
    payload_hash: str
    at: datetime
    seq: str

    @classmethod
    def of(cls, inbound: Inbound, receipt: Receipt) -> "Arrived":
        """Raises Invalid if the event is none that the engine knows."""
        return cls(
            inbound=inbound,
            receipt=receipt,
            event=event_from_json(inbound.event),
            turn=turn_id(inbound.tenant_id, inbound.conversation_id, inbound.pid),
            payload_hash=payload_hash(inbound.event),
            at=whole_ms(inbound.received_at),
            seq="" if receipt.seq is None else receipt.seq.zfill(_SEQ_DIGITS),
        )

    def arrival(self, turn_no: int) -> Arrival:
        return Arrival(self.turn, self.payload_hash, self.at, turn_no)


@dataclass(frozen=True, slots=True)
class Result:
    """What running an event came to. `state` None leaves the conversation's as it is."""

    outcome: Outcome
    state: RunState | None
    effects: Sequence[Effect]
    trace: JsonObject
    idle_at: datetime | None = None


def payload_hash(event: JsonObject) -> str:
    """64 bits that tell one event's content from another's."""
    encoded = json.dumps(event, sort_keys=True, separators=(",", ":"))
    return sha256(encoded.encode()).hexdigest()[:16]


def whole_ms(at: datetime) -> datetime:
    """The instant as stores keep it: UTC, whole milliseconds."""
    return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)
