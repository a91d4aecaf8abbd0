"""A conversation's history: the projected rows, and those that only its document holds yet."""

from collections.abc import Sequence

from parley.domain.conversations import Conversation
from parley.domain.cursors import encode_cursor
from parley.domain.history import is_message, messages_in
from parley.domain.json import JsonObject
from parley.domain.messages import Direction, Message
from parley.domain.pages import Page
from parley.services.ports.conversations import Messages


class ConversationHistory:
    """Reads the history of a document that has just been read: so nothing committed is missed."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages

    def messages(
        self, conversation: Conversation, *, after: int, before: int | None, limit: int
    ) -> Page[Message]:
        """Messages with `after < sequence_number < before`, ascending.

        Without `before` the first of them, with it the last; the cursor goes on in that direction.
        """
        projected = self._messages.list(
            conversation.tenant_id, conversation.id, after=after, before=before, limit=limit + 1
        )
        merged = {
            message.sequence_number: message
            for message in (*messages_in(conversation.id, conversation.tail), *projected)
            if after < message.sequence_number
            and (before is None or message.sequence_number < before)
        }
        found = [merged[n] for n in sorted(merged)]
        has_more = len(found) > limit
        if before is None:
            page = found[:limit]
            more = encode_cursor("after", page[-1].sequence_number) if has_more else None
        else:
            page = found[-limit:]
            more = encode_cursor("before", page[0].sequence_number) if has_more else None
        return Page(page, more)

    def turns(self, conversation: Conversation, *, after: int, limit: int) -> Page[JsonObject]:
        """One row a turn, with its trace, ascending."""
        projected = self._messages.list_turns(
            conversation.tenant_id, conversation.id, after=after, limit=limit + 1
        )
        kept = [row for row in conversation.tail if not is_message(row)]
        merged = {row["turn_no"]: row for row in (*kept, *projected) if row["turn_no"] > after}
        found = [merged[n] for n in sorted(merged)]
        page = found[:limit]
        has_more = len(found) > limit
        return Page(page, encode_cursor(page[-1]["turn_no"]) if has_more else None)

    def replies(self, conversation: Conversation, turn_no: int) -> Sequence[Message]:
        """What one turn has said, ascending."""
        kept = messages_in(conversation.id, conversation.tail)
        projected = self._messages.list_of_turn(conversation.tenant_id, conversation.id, turn_no)
        merged = {message.sequence_number: message for message in (*kept, *projected)}
        return [
            merged[n]
            for n in sorted(merged)
            if merged[n].turn_no == turn_no and merged[n].direction is Direction.OUTBOUND
        ]
