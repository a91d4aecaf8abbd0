"""The port `Messages`: memory and MongoDB behave alike."""

from collections.abc import Iterator

import pytest

from parley.domain.history import message_of
from parley.domain.ids import ConversationId, MessageId, TurnId
from parley.domain.messages import Delivery
from parley.services.ports.conversations import Messages
from tests.builders import A_TENANT, B_TENANT, a_row, a_turn_row
from tests.contract.conversation_stores import KINDS, opened

HERE = ConversationId("c-1")


@pytest.fixture(params=KINDS)
def messages(request: pytest.FixtureRequest) -> Iterator[Messages]:
    for stores in opened(request):
        yield stores.messages


def numbers(messages: Messages, *, after: int = 0, before: int | None = None) -> list[int]:
    listed = messages.list(A_TENANT, HERE, after=after, before=before, limit=3)
    return [message.sequence_number for message in listed]


def test_rows_are_projected_once_however_often_they_come(messages: Messages) -> None:
    messages.project(A_TENANT, HERE, [a_row(1), a_turn_row(1)])
    messages.project(A_TENANT, HERE, [a_row(1), a_row(2), a_turn_row(1)])

    assert messages.list(A_TENANT, HERE, limit=9) == [
        message_of(HERE, a_row(1)),
        message_of(HERE, a_row(2)),
    ]
    assert messages.list_turns(A_TENANT, HERE, limit=9) == [a_turn_row(1)]


def test_messages_are_listed_from_either_end(messages: Messages) -> None:
    messages.project(A_TENANT, HERE, [a_row(n) for n in (4, 2, 5, 1, 3)])

    assert numbers(messages) == [1, 2, 3]
    assert numbers(messages, after=3) == [4, 5]
    assert numbers(messages, before=5) == [2, 3, 4]
    assert numbers(messages, after=3, before=5) == [4]


def test_turns_are_listed_ascending_after_one(messages: Messages) -> None:
    messages.project(A_TENANT, HERE, [a_turn_row(n) for n in (3, 1, 2)] + [a_row(9)])

    listed = messages.list_turns(A_TENANT, HERE, after=1, limit=9)

    assert listed == [a_turn_row(2), a_turn_row(3)]
    assert messages.list_turns(A_TENANT, HERE, limit=1) == [a_turn_row(1)]


def test_a_turn_and_its_messages_are_found(messages: Messages) -> None:
    rows = [a_row(2, turn_no=7), a_row(1, turn_no=7), a_row(3, turn_no=8), a_turn_row(7)]
    messages.project(A_TENANT, HERE, rows)

    assert messages.find_turn(A_TENANT, HERE, TurnId("turn-7")) == a_turn_row(7)
    assert messages.find_turn(A_TENANT, HERE, TurnId("turn-8")) is None
    of_turn = messages.list_of_turn(A_TENANT, HERE, 7)
    assert [message.sequence_number for message in of_turn] == [1, 2]


def test_delivery_goes_on_and_never_back(messages: Messages) -> None:
    messages.project(A_TENANT, HERE, [a_row(2)])
    seen = []
    for delivery in (Delivery.SENT, Delivery.DELIVERED, Delivery.SENT, Delivery.READ):
        messages.deliver(A_TENANT, HERE, [a_row(2)], delivery)
        found = messages.find(A_TENANT, HERE, MessageId("m-2"))
        assert found is not None
        seen.append(found.delivery)

    assert seen == [Delivery.SENT, Delivery.DELIVERED, Delivery.DELIVERED, Delivery.READ]


def test_a_message_may_be_delivered_before_it_is_projected(messages: Messages) -> None:
    messages.deliver(A_TENANT, HERE, [a_row(2)], Delivery.SENT)
    messages.project(A_TENANT, HERE, [a_row(2), a_row(4)])

    assert messages.list(A_TENANT, HERE, limit=9) == [
        message_of(HERE, a_row(2), Delivery.SENT),
        message_of(HERE, a_row(4), Delivery.QUEUED),
    ]


def test_content_of_any_keys_comes_back(messages: Messages) -> None:
    row = a_row(1) | {"content": {"type": "text", "text": "", "$a.b": [{"": None}, 2**70]}}

    messages.project(A_TENANT, HERE, [row])

    assert messages.list(A_TENANT, HERE, limit=1) == [message_of(HERE, row)]


def test_another_tenant_sees_nothing(messages: Messages) -> None:
    messages.project(A_TENANT, HERE, [a_row(1), a_turn_row(1)])

    assert messages.list(B_TENANT, HERE, limit=9) == []
    assert messages.list_turns(B_TENANT, HERE, limit=9) == []
    assert messages.list_of_turn(B_TENANT, HERE, 1) == []
    assert messages.find_turn(B_TENANT, HERE, TurnId("turn-1")) is None
    assert messages.find(B_TENANT, HERE, MessageId("m-1")) is None


def test_another_conversation_sees_nothing(messages: Messages) -> None:
    messages.project(A_TENANT, HERE, [a_row(1), a_turn_row(1)])
    there = ConversationId("c-2")

    assert messages.list(A_TENANT, there, limit=9) == []
    assert messages.find_turn(A_TENANT, there, TurnId("turn-1")) is None
    assert messages.find(A_TENANT, there, MessageId("m-1")) is None
