"""What people who look at a conversation as it happens ask for, over an open connection."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic_core import to_json

from parley.domain.access import Caller
from parley.domain.conversations import Conversation
from parley.domain.errors import Unavailable
from parley.domain.ids import ConversationId, MessageId, ProviderId
from parley.domain.json import JsonObject
from parley.domain.messages import Message, Sender
from parley.domain.pages import Page
from parley.services.ports.live import Live

MAX_MISSED = 50
MAX_MISSED_BYTES = 96 * 1024
"""Of an answer's contents: a WebSocket message has at most 128 KB (API Gateway quotas)."""

logger = logging.getLogger("parley.services.live")


class Accepting(Protocol):
    """What a queued message is answered with."""

    @property
    def message_id(self) -> MessageId: ...


class Conversing(Protocol):
    """What is needed of `ConversationService`: NotFound for all that is not the caller's."""

    def get(self, caller: Caller, conversation_id: ConversationId) -> Conversation: ...

    def messages(
        self,
        caller: Caller,
        conversation_id: ConversationId,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int,
    ) -> Page[Message]: ...

    def send(
        self,
        caller: Caller,
        conversation_id: ConversationId,
        content: JsonObject,
        *,
        pid: ProviderId,
        request_id: str,
    ) -> Accepting: ...


@dataclass(frozen=True, slots=True)
class Missed:
    """Messages after the last one a client has, oldest first, as many as fit.

    `last` is the number of the conversation's last message: a client that is not there yet asks on.
    """

    messages: Sequence[Message]
    last: int


class LiveService:
    """Use cases of the WebSocket API; each checks anew that the conversation is the caller's."""

    def __init__(self, conversations: Conversing, live: Live) -> None:
        self._conversations = conversations
        self._live = live

    def watch(
        self, caller: Caller, conversation_id: ConversationId, *, connection_id: str, after: int
    ) -> Missed:
        """Register the connection, then say what it missed: in this order nothing falls between.

        Repeating it, as a heartbeat, keeps the connection registered. If it cannot be registered it
        still learns what it missed, and will at the next heartbeat.
        """
        conversation = self._conversations.get(caller, conversation_id)
        try:
            self._live.subscribe(
                caller.tenant_id,
                conversation_id,
                connection_id=connection_id,
                user_id=caller.user_id,
            )
        except Unavailable:
            logger.warning("connection.unregistered", extra={"connection_id": connection_id})
        page = self._conversations.messages(caller, conversation_id, after=after, limit=MAX_MISSED)
        reached = page.items[-1].sequence_number if page.items else 0
        return Missed(_fitting(page.items), max(conversation.message_no, reached))

    def send(
        self,
        caller: Caller,
        conversation_id: ConversationId,
        content: JsonObject,
        *,
        client_id: str,
        request_id: str,
    ) -> MessageId:
        """Queue what somebody said; the same `client_id` of the same user is the same message.

        It counts as an HTTP `Idempotency-Key`, so that a client may change over from one to the
        other while the fate of a message is unknown to it.
        """
        pid = ProviderId(f"api:{caller.user_id}:{client_id}")
        accepted = self._conversations.send(
            caller, conversation_id, content, pid=pid, request_id=request_id
        )
        return accepted.message_id

    def type(self, caller: Caller, conversation_id: ConversationId) -> None:
        """Tell every watcher that the caller is typing; nobody misses it if it is lost."""
        self._conversations.get(caller, conversation_id)
        sender = Sender.USER if caller.is_customer else Sender.AGENT
        payload = {
            "event": "typing",
            "conversation_id": conversation_id,
            "sender": sender.value,
        }
        try:
            self._live.push(caller.tenant_id, conversation_id, payload)
        except Unavailable:
            logger.info("typing.lost", extra={"conversation_id": conversation_id})

    def leave(self, connection_id: str) -> None:
        """Forget a connection that has closed; if that fails, its next push finds it gone."""
        try:
            self._live.disconnect(connection_id)
        except Unavailable:
            logger.info("connection.unforgotten", extra={"connection_id": connection_id})


def _fitting(messages: Sequence[Message]) -> Sequence[Message]:
    """The first of them, as many as fit an answer; at least one."""
    size_bytes = 0
    for n, message in enumerate(messages):
        size_bytes += len(to_json(message.content))
        if n and size_bytes > MAX_MISSED_BYTES:
            return messages[:n]
    return messages
