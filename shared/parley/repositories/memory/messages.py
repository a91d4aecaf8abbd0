"""The history in this process."""

import threading
from collections.abc import Sequence

from parley.domain.history import is_message, message_of
from parley.domain.ids import ConversationId, MessageId, TenantId, TurnId
from parley.domain.json import JsonObject
from parley.domain.messages import DELIVERY_ORDER, Delivery, Message

type _Key = tuple[TenantId, ConversationId]


class MemoryMessages:
    """`services.ports.conversations.Messages`; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[_Key, dict[str, JsonObject]] = {}
        self._deliveries: dict[tuple[_Key, str], Delivery] = {}

    def project(
        self, tenant_id: TenantId, conversation_id: ConversationId, rows: Sequence[JsonObject]
    ) -> None:
        with self._lock:
            stored = self._rows.setdefault((tenant_id, conversation_id), {})
            for row in rows:
                stored.setdefault(row["id"], row)

    def deliver(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        rows: Sequence[JsonObject],
        delivery: Delivery,
    ) -> None:
        self.project(tenant_id, conversation_id, rows)
        with self._lock:
            for row in rows:
                key = ((tenant_id, conversation_id), row["id"])
                come = self._deliveries.get(key, Delivery.QUEUED)
                self._deliveries[key] = max(come, delivery, key=DELIVERY_ORDER.index)

    def list(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        *,
        after: int = 0,
        before: int | None = None,
        limit: int,
    ) -> Sequence[Message]:
        found = [
            message
            for message in self._messages(tenant_id, conversation_id)
            if after < message.sequence_number
            and (before is None or message.sequence_number < before)
        ]
        return found[:limit] if before is None else found[-limit:]

    def list_turns(
        self, tenant_id: TenantId, conversation_id: ConversationId, *, after: int = 0, limit: int
    ) -> Sequence[JsonObject]:
        rows = self._rows.get((tenant_id, conversation_id), {}).values()
        turns = [row for row in rows if not is_message(row) and row["turn_no"] > after]
        return sorted(turns, key=lambda row: int(row["turn_no"]))[:limit]

    def list_of_turn(
        self, tenant_id: TenantId, conversation_id: ConversationId, turn_no: int
    ) -> Sequence[Message]:
        messages = self._messages(tenant_id, conversation_id)
        return [message for message in messages if message.turn_no == turn_no]

    def find_turn(
        self, tenant_id: TenantId, conversation_id: ConversationId, turn_id: TurnId
    ) -> JsonObject | None:
        return self._rows.get((tenant_id, conversation_id), {}).get(turn_id)

    def find(
        self, tenant_id: TenantId, conversation_id: ConversationId, message_id: MessageId
    ) -> Message | None:
        messages = self._messages(tenant_id, conversation_id)
        return next((message for message in messages if message.id == message_id), None)

    def _messages(self, tenant_id: TenantId, conversation_id: ConversationId) -> Sequence[Message]:
        key = (tenant_id, conversation_id)
        with self._lock:
            rows = [row for row in self._rows.get(key, {}).values() if is_message(row)]
            found = [
                message_of(conversation_id, row, self._deliveries.get((key, row["id"])))
                for row in rows
            ]
        return sorted(found, key=lambda message: message.sequence_number)
