"""What a client that watches a conversation learns, and that it is nobody else's business."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from parley.domain.access import Caller, Role
from parley.domain.conversations import Conversation
from parley.domain.errors import NotFound, Unavailable
from parley.domain.ids import ConversationId, MessageId, TenantId, TurnId, UserId
from parley.domain.json import JsonObject
from parley.domain.messages import Direction, Message, Sender
from parley.domain.pages import Page
from parley.services.live import MAX_MISSED_BYTES, LiveService

AT = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
TENANT = TenantId("t")
ADA = Caller(TENANT, UserId("ada"), Role.CUSTOMER)
EVE = Caller(TENANT, UserId("eve"), Role.CUSTOMER)
AGENT = Caller(TENANT, UserId("bob"), Role.AGENT)
ID = ConversationId("c")


def a_message(n: int, text: str = "x") -> Message:
    return Message(
        id=MessageId(f"m-{n}"),
        conversation_id=ID,
        sequence_number=n,
        direction=Direction.OUTBOUND,
        sender=Sender.BOT,
        content={"type": "text", "text": text},
        turn_id=TurnId("turn"),
        turn_no=1,
        at=AT,
    )


@dataclass
class Conversations:
    """One conversation of Ada's."""

    history: Sequence[Message] = ()
    sent: list[tuple[str, str | None]] = field(default_factory=list)

    def get(self, caller: Caller, conversation_id: ConversationId) -> Conversation:
        if caller == EVE:
            raise NotFound("conversation", conversation_id)
        return cast("Conversation", SimpleNamespace(message_no=len(self.history)))

    def messages(
        self, caller: Caller, conversation_id: ConversationId, **query: Any
    ) -> Page[Message]:
        self.get(caller, conversation_id)
        missed = [m for m in self.history if m.sequence_number > query["after"]]
        return Page(missed[: query["limit"]])

    def send(
        self, caller: Caller, conversation_id: ConversationId, content: JsonObject, **named: Any
    ) -> Any:
        self.get(caller, conversation_id)
        self.sent.append((named["pid"], named["request_id"]))
        return SimpleNamespace(message_id=MessageId(f"of {content['text']}"))


@dataclass
class Watchers:
    """The port `Live`, remembering; `is_away` once Redis is."""

    is_away: bool = False
    watching: list[tuple[str, str, str, str]] = field(default_factory=list)
    pushed: list[JsonObject] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def push(
        self, tenant_id: TenantId, conversation_id: ConversationId, payload: JsonObject
    ) -> int:
        self._answer()
        assert (tenant_id, conversation_id) == (TENANT, ID)
        self.pushed.append(payload)
        return 1

    def subscribe(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        *,
        connection_id: str,
        user_id: UserId,
    ) -> None:
        self._answer()
        self.watching.append((tenant_id, conversation_id, connection_id, user_id))

    def disconnect(self, connection_id: str) -> None:
        self._answer()
        self.left.append(connection_id)

    def reply(self, connection_id: str, payload: JsonObject) -> None:
        raise NotImplementedError

    def _answer(self) -> None:
        if self.is_away:
            raise Unavailable("the cache did not answer")


def test_a_watcher_is_registered_and_told_what_it_missed() -> None:
    watchers = Watchers()
    live = LiveService(Conversations([a_message(n) for n in (1, 2, 3)]), watchers)

    missed = live.watch(ADA, ID, connection_id="k", after=1)

    assert ([m.sequence_number for m in missed.messages], missed.last) == ([2, 3], 3)
    assert watchers.watching == [("t", "c", "k", "ada")]


def test_a_watcher_with_nothing_to_miss_learns_where_the_conversation_is() -> None:
    live = LiveService(Conversations([a_message(1)]), Watchers())

    missed = live.watch(ADA, ID, connection_id="k", after=1)

    assert (list(missed.messages), missed.last) == ([], 1)


def test_what_was_missed_is_told_in_portions_that_fit() -> None:
    texts = ["\u00fc" * 5_000] * 40
    live = LiveService(
        Conversations([a_message(n, text) for n, text in enumerate(texts, 1)]), Watchers()
    )

    missed = live.watch(ADA, ID, connection_id="k", after=0)

    assert 1 <= len(missed.messages) <= MAX_MISSED_BYTES // 10_000
    assert [m.sequence_number for m in missed.messages] == list(range(1, len(missed.messages) + 1))
    assert missed.last == 40


def test_even_one_message_larger_than_a_portion_is_told() -> None:
    live = LiveService(Conversations([a_message(1, "x" * 100_000), a_message(2)]), Watchers())

    missed = live.watch(ADA, ID, connection_id="k", after=0)

    assert [m.sequence_number for m in missed.messages] == [1]


def test_a_watcher_that_cannot_be_registered_still_learns_what_it_missed() -> None:
    live = LiveService(Conversations([a_message(1)]), Watchers(is_away=True))

    missed = live.watch(ADA, ID, connection_id="k", after=0)

    assert [m.sequence_number for m in missed.messages] == [1]


def test_nobody_watches_types_or_says_anything_in_another_s_conversation() -> None:
    watchers = Watchers()
    conversations = Conversations([a_message(1)])
    live = LiveService(conversations, watchers)

    for attempt in (
        lambda: live.watch(EVE, ID, connection_id="k", after=0),
        lambda: live.type(EVE, ID),
        lambda: live.send(EVE, ID, {"text": "x"}, client_id="1", request_id="r"),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert (watchers.watching, watchers.pushed, conversations.sent) == ([], [], [])


def test_what_is_said_is_known_again_by_who_said_it_and_the_client_s_own_id() -> None:
    conversations = Conversations()
    live = LiveService(conversations, Watchers())

    message_id = live.send(ADA, ID, {"text": "hi"}, client_id="1", request_id="r")

    assert message_id == "of hi"
    assert conversations.sent == [("api:ada:1", "r")]


@pytest.mark.parametrize(("caller", "sender"), [(ADA, "user"), (AGENT, "human_agent")])
def test_typing_is_told_to_all_who_watch(caller: Caller, sender: str) -> None:
    watchers = Watchers()

    LiveService(Conversations(), watchers).type(caller, ID)

    assert watchers.pushed == [{"event": "typing", "conversation_id": "c", "sender": sender}]


def test_typing_and_leaving_are_no_errors_while_the_cache_is_away() -> None:
    live = LiveService(Conversations(), Watchers(is_away=True))

    live.type(ADA, ID)
    live.leave("k")


def test_a_connection_that_closed_is_forgotten() -> None:
    watchers = Watchers()

    LiveService(Conversations(), watchers).leave("k")

    assert watchers.left == ["k"]
