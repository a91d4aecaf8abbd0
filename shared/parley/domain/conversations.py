"""A conversation: one document, its lifecycle, and what one turn changes in it.

The document is the truth (`docs/ARCHITECTURE.md`): state, context, the messages not yet sent and
the history not yet projected change together, by compare-and-set on `rev`, or not at all.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType, Self
from uuid import UUID

from parley.domain.ids import ConversationId, FlowId, TenantId, TurnId, UserId
from parley.domain.json import JsonObject

FlowVersion = NewType("FlowVersion", str)
"""`major.minor` or `major.minor.patch`; a published one never changes."""

RING_SIZE = 64
"""Provider ids a conversation remembers (I12)."""
MAX_OUTBOX_ITEMS = 50
"""Unsent items after which a conversation takes no further turn (I12, backpressure)."""
MAX_DOCUMENT_BYTES = 64 * 1024
"""Of the document as a whole (I12)."""
MAX_STATE_BYTES = 32 * 1024
"""Of the state as JSON: leaves room for the turn that says that it is too large."""
MAX_PROFILE_BYTES = 4 * 1024
"""Of a user's profile as JSON."""


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
    """The flow and the version a conversation began with, and stays on unless it is moved.

    As text it is `id@version`.
    """

    id: FlowId
    version: FlowVersion

    def __str__(self) -> str:
        return f"{self.id}@{self.version}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The pin that is written so. Raises ValueError."""
        flow_id, separator, version = text.partition("@")
        if not separator:
            raise ValueError(text)
        return cls(FlowId(str(UUID(flow_id))), FlowVersion(version))


@dataclass(frozen=True, slots=True)
class Timer:
    """Fires once, at `due_at`, as a turn of its own."""

    id: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the ring remembers of an event that became a turn: enough to know it again.

    The turn's id stands for the event's (it is derived from it) and is never long.
    `payload_hash` tells a repeat from another event under the same id.
    """

    turn_id: TurnId
    payload_hash: str
    at: datetime
    turn_no: int


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

    @property
    def is_full(self) -> bool:
        """Whether the conversation must wait for its outbox before it takes another turn."""
        return len(self.items) > MAX_OUTBOX_ITEMS


@dataclass(frozen=True, slots=True)
class Pending:
    """What a conversation has committed and not yet told or projected, as of `rev`."""

    rev: int
    outbox: Outbox
    tail: tuple[JsonObject, ...]

    @property
    def is_empty(self) -> bool:
        """Whoever finds nothing pending and adds something owns the flush of it."""
        return not self.outbox.items and not self.tail


@dataclass(frozen=True, slots=True)
class Conversation:
    """The document, as read at `rev`; 0 is one that is not stored yet.

    The ring of arrivals stays in the store, which refuses a commit whose arrival it holds: so what
    a turn reads does not grow with the ring. `ring_marks` are `last_activity_at` at the last two
    turns whose number is a multiple of half the ring's size: whatever was taken after the first
    of them is still in the ring.

    `state` is the engine's own JSON (`engine.state.RunState`), opaque here; `current_state` and
    `language` are copied from it. `user` is the profile that texts see. `tail` holds history rows
    (`domain.history`) that are committed but not yet projected. `last_seq` is the highest SQS
    SequenceNumber taken, zero-padded to 39 digits, "" at the start. `message_no` is the last
    sequence number given to a message. `journal` holds, by turn id, what a turn not yet committed
    has begun outside (`services.journal`). `last_activity_at` never goes back. `wants_agent` is
    set when a turn failed or a person was asked for, until one has dealt with it.
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
    current_state: str
    language: str | None
    user: JsonObject
    timers: tuple[Timer, ...]
    last_seq: str
    ring_marks: tuple[datetime, ...]
    turn_no: int
    last_turn_id: TurnId
    message_no: int
    outbox: Outbox
    tail: tuple[JsonObject, ...]
    journal: JsonObject
    wants_agent: bool
    created_at: datetime
    last_activity_at: datetime
    closed_at: datetime | None
    idle_at: datetime | None

    @property
    def is_older_than_ring(self) -> bool:
        """Whether the ring has begun to forget: it does not know the first turns any more."""
        return self.turn_no > RING_SIZE

    @property
    def pending(self) -> Pending:
        return Pending(self.rev, self.outbox, self.tail)


@dataclass(frozen=True, slots=True)
class ConversationQuery:
    """Which conversations to list; None does not restrict.

    `since` and `until` bound `last_activity_at`, the first included, the second not.
    """

    status: Status | None = None
    channel: Channel | None = None
    user_id: UserId | None = None
    flow_id: FlowId | None = None
    since: datetime | None = None
    until: datetime | None = None
