"""A conversation: one document, its lifecycle, and what one turn changes in it.

The document is the truth (`docs/ARCHITECTURE.md`): state, context, the messages not yet sent and
the history not yet projected change together, by compare-and-set on `rev`, or not at all.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from parley.domain.ids import ConversationId, FlowId, ProviderId, TenantId, TurnId, UserId
from parley.domain.json import JsonObject

FlowVersion = NewType("FlowVersion", str)
"""`major.minor` or `major.minor.patch`; a published one never changes."""

RING_SIZE = 64
"""Provider ids a conversation remembers (I12)."""
MAX_OUTBOX_ITEMS = 50
"""Unsent items after which a conversation takes no further turn (I12, backpressure)."""
MAX_DOCUMENT_BYTES = 64 * 1024


class Channel(StrEnum):
    """X-4."""

    WEB = "web"
    WHATSAPP = "whatsapp"
    MESSENGER = "messenger"
    SLACK = "slack"
    TEAMS = "teams"
    SMS = "sms"
    VOICE = "voice"
    EMAIL = "email"


class Status(StrEnum):
    """How a conversation stands, the word flows, filters and tests use (S0-5)."""

    ACTIVE = "active"
    ESCALATED = "escalated"
    COMPLETED = "completed"
    ABANDONED = "abandoned"
    ERROR = "error"
    TIMEOUT = "timeout"

    @property
    def is_open(self) -> bool:
        return self in OPEN


class Stage(StrEnum):
    """Where in its status a conversation is (S4-24)."""

    INITIALIZED = "initialized"
    PROCESSING = "processing"
    WAITING_FOR_USER = "waiting_for_user"
    WAITING_FOR_AGENT = "waiting_for_agent"
    RESOLVED = "resolved"
    ARCHIVED = "archived"


OPEN = frozenset({Status.ACTIVE, Status.ESCALATED})
CLOSED = frozenset(Status) - OPEN

STAGES: dict[Status, frozenset[Stage]] = {
    Status.ACTIVE: frozenset({Stage.INITIALIZED, Stage.PROCESSING, Stage.WAITING_FOR_USER}),
    Status.ESCALATED: frozenset({Stage.WAITING_FOR_AGENT}),
    **dict.fromkeys(CLOSED, frozenset({Stage.RESOLVED, Stage.ARCHIVED})),
}
"""The stages each status may have."""

CHANGES: dict[Status, frozenset[Status]] = {
    Status.ACTIVE: frozenset(Status) - {Status.ACTIVE},
    Status.ESCALATED: frozenset(Status) - {Status.ESCALATED},
    **dict.fromkeys(CLOSED, frozenset[Status]()),
}
"""The statuses each may change to: what has closed stays closed."""

RESTING_STAGE: dict[Status, Stage] = {
    Status.ACTIVE: Stage.WAITING_FOR_USER,
    Status.ESCALATED: Stage.WAITING_FOR_AGENT,
    **dict.fromkeys(CLOSED, Stage.RESOLVED),
}
"""The stage a conversation rests in when a turn has left it in a status."""


@dataclass(frozen=True, slots=True)
class FlowPin:
    """The flow and the version a conversation began with, and stays on."""

    id: FlowId
    version: FlowVersion


@dataclass(frozen=True, slots=True)
class Timer:
    """Fires once, at `due_at`, as a turn of its own."""

    id: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is remembered of an event that became a turn: enough to know it again."""

    pid: ProviderId
    payload_hash: str
    seq: str | None
    at: datetime
    turn_id: TurnId


class ItemKind(StrEnum):
    """What an outbox item is, for whoever takes it on."""

    MESSAGE = "message"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """One thing the world must still be told; exists iff its turn is committed (I4)."""

    oid: str
    kind: ItemKind
    body: JsonObject


@dataclass(frozen=True, slots=True)
class Outbox:
    """Items in the order to send; whoever holds `epoch` sends them, until `lease_until`."""

    epoch: int
    lease_until: datetime | None
    items: tuple[OutboxItem, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """The document, as read at `rev`.

    `state` is the engine's own JSON (`engine.state.RunState`), opaque here. `tail` holds history
    rows (`repositories` store them as messages and turns) that are committed but not yet
    projected. `last_seq` is the highest SQS SequenceNumber taken, zero-padded to 39 digits, "" at
    the start. `message_no` is the last sequence number given to a message.
    """

    tenant_id: TenantId
    id: ConversationId
    rev: int
    user_id: UserId
    channel: Channel
    flow: FlowPin
    status: Status
    stage: Stage
    state: JsonObject
    timers: tuple[Timer, ...]
    last_seq: str
    ring: tuple[Arrival, ...]
    turn_no: int
    last_turn_id: TurnId
    message_no: int
    outbox: Outbox
    tail: tuple[JsonObject, ...]
    journal: JsonObject | None
    created_at: datetime
    last_activity_at: datetime
    closed_at: datetime | None
    idle_at: datetime | None
