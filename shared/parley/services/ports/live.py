"""Whoever watches a conversation as it happens."""

from typing import Protocol

from parley.domain.ids import ConversationId, TenantId, UserId
from parley.domain.json import JsonObject


class Live(Protocol):
    """Open connections of browsers. Losing a push loses nothing: the next heartbeat brings it."""

    def push(
        self, tenant_id: TenantId, conversation_id: ConversationId, payload: JsonObject
    ) -> int:
        """Tell every watcher; the number of connections it reached.

        Takes seconds, however many watch. Raises Unavailable when it cannot be known who watches,
        or when some were not told in time.
        """

    def subscribe(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        *,
        connection_id: str,
        user_id: UserId,
    ) -> None:
        """From now on the connection watches this conversation, too."""

    def disconnect(self, connection_id: str) -> None:
        """Forget a connection that has closed."""

    def reply(self, connection_id: str, payload: JsonObject) -> None:
        """Answer one connection; one that has gone is no error."""
