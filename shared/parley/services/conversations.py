"""Conversations, as callers see them: start, read, send, close.

A customer sees only their own; anybody else's, like another tenant's, is one that does not exist.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from parley.domain.access import Caller
from parley.domain.conversations import Channel, Conversation, Status
from parley.domain.errors import Closed, Conflict, Fault, Invalid, NotFound, Unavailable
from parley.domain.ids import (
    ConversationId,
    MessageId,
    ProviderId,
    UserId,
    derived_id,
    inbound_message_id,
    turn_id,
)
from parley.domain.json import JsonObject
from parley.domain.messages import Message
from parley.domain.queued import Inbound, Receipt, payload_hash
from parley.domain.turns import Outcome
from parley.engine.events import CloseEvent, MessageEvent, StartEvent
from parley.services.causes import caused
from parley.services.conversation_reading import ConversationReading
from parley.services.openings import Opening, opened
from parley.services.ports.clock import Clock, NewId
from parley.services.ports.conversations import Conversations, Messages
from parley.services.ports.programs import Programs
from parley.services.ports.queues import InboundQueue
from parley.services.ports.turns import Turns

if TYPE_CHECKING:
    from parley.services.replays import Replayed

STARTING_TAKES = timedelta(seconds=20)
"""How long a first turn may call out: whoever asked for it gets no answer after 29 s."""
CLOSING_TAKES = timedelta(seconds=5)
"""How long a close competes with other turns before it gives up."""


@dataclass(frozen=True, slots=True)
class Started:
    """A new conversation and what it said first."""

    conversation: Conversation
    messages: Sequence[Message]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that waits on `inbound` for its turn."""

    message_id: MessageId


@dataclass(frozen=True, slots=True)
class Replied:
    """A message whose turn has been taken, and what it was answered."""

    message_id: MessageId
    messages: Sequence[Message]


class ConversationService(ConversationReading):
    """The use cases of a conversation.

    `turns` is called when a turn is first to be taken: a process that only queues messages loads
    neither the engine nor what it runs on.
    """

    def __init__(
        self,
        *,
        conversations: Conversations,
        messages: Messages,
        programs: Callable[[], Programs],
        turns: Callable[[], Turns],
        inbound: InboundQueue,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        super().__init__(conversations, messages)
        self._programs = programs
        self._turns = turns
        self._inbound = inbound
        self._clock = clock
        self._new_id = new_id

    def start(  # noqa: PLR0913 -- all of it a start may say
        self,
        caller: Caller,
        *,
        channel: Channel = Channel.WEB,
        user_id: UserId | None = None,
        flow: str | None = None,
        language: str | None = None,
        user: JsonObject | None = None,
        key: str | None = None,
        request_id: str | None = None,
    ) -> Started:
        """Begin a conversation and take its first turn: one write stores both.

        `flow` is an id or a name, None the tenant's default; `user` the profile that texts see;
        `user_id` None the caller themself. The same `key` of the same caller finds the same
        conversation again. Raises NotFound without such a flow, or when a customer starts one for
        somebody else; Invalid for a profile that cannot be kept, or a customer's wish for another
        channel than web; Conflict if the key was for a start that said anything else.
        """
        user_id = user_id or caller.user_id
        if caller.is_customer and user_id != caller.user_id:
            raise NotFound("user", user_id)
        if caller.is_customer and channel is not Channel.WEB:
            raise Invalid(
                "a customer starts on the web channel; the others begin on their own platforms",
                [Fault("/channel", "must be 'web'")],
            )
        now = self._clock()
        opening = Opening(channel, user_id, language, user or {})
        blank = opened(
            caller.tenant_id,
            self._started_id(caller, key),
            opening,
            self._programs().resolve(caller.tenant_id, flow, channel),
            now,
        )
        start = StartEvent(language)
        inbound = caused(blank, ProviderId("start"), start, now, request_id=request_id)
        asked = payload_hash({"flow": flow, **asdict(opening)})
        inbound = inbound.model_copy(update={"payload_hash": asked})
        taken = self._turns().take(inbound, Receipt(end=now + STARTING_TAKES), known=blank)
        if taken.outcome is not Outcome.DUPLICATE:
            return Started(taken.conversation, taken.messages)
        found = taken.conversation
        if not taken.same_payload:
            raise Conflict(f"the key {key!r} has started another conversation")
        return Started(found, self._history.replies(found, taken.turn_no))

    def close(
        self,
        caller: Caller,
        conversation_id: ConversationId,
        *,
        status: Status = Status.COMPLETED,
        key: str | None = None,
        request_id: str | None = None,
    ) -> Conversation:
        """End a conversation; one that has ended stays as it is.

        Raises NotFound; Invalid for a status that does not close; Unavailable if it is too busy.
        """
        if status.is_open:
            raise Invalid(
                f"{status.value!r} does not close a conversation",
                [Fault("/status", "must be completed, abandoned, error or timeout")],
            )
        conversation = self.get(caller, conversation_id)
        if not conversation.status.is_open:
            return conversation
        pid = ProviderId(f"close:{key or self._new_id()}")
        now = self._clock()
        inbound = caused(conversation, pid, CloseEvent(status), now, request_id=request_id)
        until = now + CLOSING_TAKES
        return self._turns().take(inbound, known=conversation, until=until).conversation

    def send(
        self,
        caller: Caller,
        conversation_id: ConversationId,
        content: JsonObject,
        *,
        pid: ProviderId,
        request_id: str | None = None,
    ) -> Accepted:
        """Queue a message. Raises NotFound, Closed, Unavailable if it cannot be queued.

        The same `pid` again is the same message. Whether it was another message's is not looked up
        here: of such a one nothing is taken, and the event `message.refused` says so.
        """
        conversation, inbound = self._message(caller, conversation_id, content, pid, request_id)
        if conversation.status.is_open:
            self._inbound.send(inbound)
        elif not self._was_taken(conversation, inbound):
            raise _closed(conversation_id)
        return Accepted(_message_id(inbound))

    def converse(
        self,
        caller: Caller,
        conversation_id: ConversationId,
        content: JsonObject,
        *,
        pid: ProviderId,
        wait: timedelta,
        request_id: str | None = None,
    ) -> Replied | Accepted:
        """Take a message's turn here and now; queue it if that is not done within `wait`.

        It does not stand behind what is queued already: it may overtake messages sent before it.
        It is queued, too, before a call that may not be done in time: see `services.time_left`.
        The same `pid` again gives the same replies. Raises as `send` does, and Conflict when the
        `pid` was another message's.
        """
        until = self._clock() + wait
        conversation, inbound = self._message(caller, conversation_id, content, pid, request_id)
        if not conversation.status.is_open and not self._was_taken(conversation, inbound):
            raise _closed(conversation_id)
        try:
            taken = self._turns().take(inbound, known=conversation, until=until)
        except Unavailable:
            self._inbound.send(inbound)
            return Accepted(_message_id(inbound))
        if not taken.same_payload:
            raise Conflict("this id was another message's")
        replies = taken.messages
        if taken.outcome is Outcome.DUPLICATE:
            replies = self._history.replies(taken.conversation, taken.turn_no)
        return Replied(_message_id(inbound), replies)

    def replay(
        self, caller: Caller, conversation_id: ConversationId, source: str | JsonObject | None
    ) -> "Replayed":
        """Run it again from its traces: on its own flow, or on `source`, a changed one.

        Nothing is called, sent or stored. Raises NotFound; FlowInvalid for a flow with errors.
        """
        from parley.services.replays import changed_flow, replayed  # noqa: PLC0415 -- cold start

        conversation = self.get(caller, conversation_id)
        changed = None if source is None else changed_flow(source)
        return replayed(self, caller, conversation, self._programs(), changed)

    def _started_id(self, caller: Caller, key: str | None) -> ConversationId:
        if key is None:
            return ConversationId(self._new_id())
        return ConversationId(derived_id("conversation", caller.tenant_id, caller.user_id, key))

    def _message(
        self,
        caller: Caller,
        conversation_id: ConversationId,
        content: JsonObject,
        pid: ProviderId,
        request_id: str | None,
    ) -> tuple[Conversation, Inbound]:
        conversation = self.get(caller, conversation_id)
        event, now = MessageEvent(content), self._clock()
        return conversation, caused(conversation, pid, event, now, request_id=request_id)

    def _was_taken(self, conversation: Conversation, inbound: Inbound) -> bool:
        """Whether a message to a closed conversation is a repeat from when it was open."""
        turn = turn_id(conversation.tenant_id, conversation.id, inbound.pid)
        arrival = self._conversations.find_arrival(conversation.tenant_id, conversation.id, turn)
        return arrival is not None


def _message_id(inbound: Inbound) -> MessageId:
    return inbound_message_id(inbound.tenant_id, inbound.conversation_id, inbound.pid)


def _closed(conversation_id: ConversationId) -> Closed:
    return Closed(f"conversation {conversation_id!r} has ended: start a new one")
