"""Conversations and their history, as callers may read them.

A customer sees only their own; anybody else's, like another tenant's, is one that does not exist.
"""

from dataclasses import replace

from parley.domain.access import Caller
from parley.domain.conversations import Conversation, ConversationQuery
from parley.domain.cursors import checked_limit, decode_cursor, encode_cursor
from parley.domain.errors import NotFound
from parley.domain.ids import ConversationId
from parley.domain.json import JsonObject
from parley.domain.messages import Message
from parley.domain.pages import DEFAULT_PAGE_SIZE, Page
from parley.services.conversation_cursors import bounds_in, place_in
from parley.services.conversation_history import ConversationHistory
from parley.services.ports.conversations import Conversations, Messages


class ConversationReading:
    """The use cases that change nothing."""

    def __init__(self, conversations: Conversations, messages: Messages) -> None:
        self._conversations = conversations
        self._history = ConversationHistory(messages)

    def get(self, caller: Caller, conversation_id: ConversationId) -> Conversation:
        """Raises NotFound."""
        found = self._conversations.find(caller.tenant_id, conversation_id)
        if found is None or (caller.is_customer and found.user_id != caller.user_id):
            raise NotFound("conversation", conversation_id)
        return found

    def list(
        self,
        caller: Caller,
        query: ConversationQuery,
        *,
        cursor: str | None = None,
        limit: int = DEFAULT_PAGE_SIZE,
    ) -> Page[Conversation]:
        """Latest activity first; of a customer, only their own. Raises Invalid."""
        if caller.is_customer:
            query = replace(query, user_id=caller.user_id)
        found = self._conversations.list(
            caller.tenant_id, query, after=place_in(cursor), limit=checked_limit(limit) + 1
        )
        page = found[:limit]
        if len(found) <= limit:
            return Page(page)
        last = page[-1]
        return Page(page, encode_cursor(last.last_activity_at, last.id))

    def messages(
        self,
        caller: Caller,
        conversation_id: ConversationId,
        *,
        after: int | None = None,
        before: int | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_PAGE_SIZE,
    ) -> Page[Message]:
        """As `ConversationHistory.messages`; a cursor replaces the bound of its direction.

        Raises NotFound, Invalid.
        """
        if cursor is not None:
            after, before = bounds_in(cursor, after, before)
        conversation = self.get(caller, conversation_id)
        return self._history.messages(
            conversation, after=after or 0, before=before, limit=checked_limit(limit)
        )

    def trace(
        self,
        caller: Caller,
        conversation_id: ConversationId,
        *,
        cursor: str | None = None,
        limit: int = DEFAULT_PAGE_SIZE,
    ) -> Page[JsonObject]:
        """One row a turn, ascending, as in `domain.history`. Raises NotFound, Invalid."""
        after = 0 if cursor is None else int(decode_cursor(cursor, int)[0])
        conversation = self.get(caller, conversation_id)
        return self._history.turns(conversation, after=after, limit=checked_limit(limit))
