"""Identifiers: one `NewType` each, so that a `UserId` cannot go where a `FlowId` is wanted.

Ids that a repeat must find again are derived from what caused them, not drawn: the same message
gives the same turn and the same outgoing messages however often it is worked on.
"""

import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import NewType

TenantId = NewType("TenantId", str)
UserId = NewType("UserId", str)
FlowId = NewType("FlowId", str)
ConversationId = NewType("ConversationId", str)
MessageId = NewType("MessageId", str)
TurnId = NewType("TurnId", str)
ApiKeyId = NewType("ApiKeyId", str)
ProviderId = NewType("ProviderId", str)
"""What the sender called an event: a platform's message id, or `timer:<id>:<time>`."""


def derived_id(*parts: str) -> str:
    """The UUID (version 8, RFC 9562) that stands for exactly these parts, in this order.

    Each part is hashed behind its length, so that ("a", "bc") and ("ab", "c") differ.
    """
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(4, "big") + encoded)
    raw = bytearray(digest.digest()[:16])
    raw[6] = raw[6] & 0x0F | 0x80
    raw[8] = raw[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(raw)))


def turn_id(tenant_id: TenantId, conversation_id: ConversationId, pid: ProviderId) -> TurnId:
    """The turn that `pid` causes: a second run of it makes the same id."""
    return TurnId(derived_id("turn", tenant_id, conversation_id, pid))


def inbound_message_id(
    tenant_id: TenantId, conversation_id: ConversationId, pid: ProviderId
) -> MessageId:
    """The id of the message that `pid` brought, known before its turn has run."""
    return MessageId(derived_id("message", tenant_id, conversation_id, pid))


def outbound_message_id(turn: TurnId, n: int) -> MessageId:
    """The id of the `n`th thing, from 0, that a turn sends."""
    return MessageId(f"{turn}:{n}")


def time_in(pid: ProviderId) -> datetime | None:
    """When `pid` was made, if its last part is a UUIDv7 (RFC 9562), which begins with the time."""
    try:
        made = uuid.UUID(pid.rpartition(":")[2])
    except ValueError:
        return None
    if made.version != _VERSION_WITH_TIME:
        return None
    return _EPOCH + timedelta(milliseconds=made.int >> 80)


_VERSION_WITH_TIME = 7
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
