"""Watchers in this process."""

from parley.domain.ids import ConversationId, TenantId, UserId
from parley.domain.json import JsonObject


class MemoryLive:
    """`services.ports.live.Live`; `received` is what each connection was told, in order."""

    def __init__(self) -> None:
        self._watchers: dict[tuple[TenantId, ConversationId], list[str]] = {}
        self.received: dict[str, list[JsonObject]] = {}

    def push(
        self, tenant_id: TenantId, conversation_id: ConversationId, payload: JsonObject
    ) -> int:
        watchers = self._watchers.get((tenant_id, conversation_id), [])
        for connection_id in watchers:
            self.reply(connection_id, payload)
        return len(watchers)

    def subscribe(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        *,
        connection_id: str,
        user_id: UserId,  # noqa: ARG002 -- the port's
    ) -> None:
        watchers = self._watchers.setdefault((tenant_id, conversation_id), [])
        if connection_id not in watchers:
            watchers.append(connection_id)

    def disconnect(self, connection_id: str) -> None:
        for watchers in self._watchers.values():
            if connection_id in watchers:
                watchers.remove(connection_id)

    def reply(self, connection_id: str, payload: JsonObject) -> None:
        self.received.setdefault(connection_id, []).append(payload)
