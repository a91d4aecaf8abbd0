"""What travels on the queues: the bodies of `inbound`, `outbound` and `events`.

Unknown fields are ignored, so that a rollback can read what a newer version wrote.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from pydantic import BaseModel, ConfigDict

from parley.domain.conversations import Channel, OutboxItem
from parley.domain.ids import ConversationId, ProviderId, TenantId, UserId
from parley.domain.json import JsonObject


class Queued(BaseModel):
    """What every queued thing carries: whose it is, and the request that caused it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    tenant_id: TenantId
    request_id: str | None = None


class Inbound(Queued):
    """Queue `inbound`: one event for a conversation, to become at most one turn.

    `event` is the engine's (`engine.events`) as JSON. `pid` makes a repeat known. `received_at`
    is the turn's `now`: a turn run again sees the same time. `sent_at` is when the sender says it
    was sent, None if unknown: a repeat is looked for in the history if that is long ago.
    `payload_hash` tells this from another request under the same `pid`, where the event is not all
    that was asked for.
    """

    conversation_id: ConversationId
    pid: ProviderId
    event: JsonObject
    received_at: datetime
    sent_at: datetime | None = None
    payload_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """How a record came off its queue.

    `seq` is the SQS SequenceNumber; `receive_count`, from 1, how often the record was received.
    `end` is when its worker must be through with it, None if it has all the time it needs.
    """

    seq: str | None = None
    receive_count: int = 1
    end: datetime | None = None


class OutboundTurn(Queued):
    """Queue `outbound`: what a conversation's turns left to tell the world, in order."""

    conversation_id: ConversationId
    channel: Channel
    user_id: UserId
    items: tuple[OutboxItem, ...]


class EventQueued(Queued):
    """Queue `events`: one thing that happened; `id` is its outbox id, the same at every repeat."""

    id: str
    name: str
    at: datetime
    conversation_id: ConversationId | None = None
    data: JsonObject


def payload_hash(payload: JsonObject) -> str:
    """64 bits that tell one payload from another."""
    encoded = json.dumps(payload, sort_keys=True, separators=(",", ":"))
    return sha256(encoded.encode()).hexdigest()[:16]
