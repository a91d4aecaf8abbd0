"""The port `Conversations`: memory and MongoDB behave alike."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from parley.domain.conversations import (
    RING_SIZE,
    Channel,
    Conversation,
    ConversationQuery,
    FlowPin,
    FlowVersion,
    Outbox,
    Status,
    Timer,
)
from parley.domain.ids import ConversationId, FlowId, TurnId, UserId
from parley.services.outbox import taken
from parley.services.ports.conversations import Conversations
from tests.builders import (
    A_TENANT,
    B_TENANT,
    NOON,
    a_conversation,
    a_message_item,
    a_row,
    a_turn_row,
    an_arrival,
    an_event_item,
)
from tests.contract.conversation_stores import KINDS, opened

SOON = NOON + timedelta(seconds=30)
LATER = NOON + timedelta(hours=1)


@pytest.fixture(params=KINDS)
def conversations(request: pytest.FixtureRequest) -> Iterator[Conversations]:
    for stores in opened(request):
        yield stores.conversations


def stored(conversations: Conversations, one: Conversation | None = None) -> Conversation:
    one = one or a_conversation()
    assert conversations.add(one, an_arrival("turn-1", 1))
    return one


def found(conversations: Conversations, one: Conversation) -> Conversation:
    read = conversations.find(one.tenant_id, one.id)
    assert read is not None
    return read


def test_what_is_stored_is_found_equal(conversations: Conversations) -> None:
    one = a_conversation(
        state={"a.b": {"$set": 1}, "big": 2**80, "half": 0.1, "none": None, "词": "\x00é"},
        user={"first_name": "Ada", "$where": "1"},
        timers=(Timer("t:1", LATER), Timer("t:0", SOON)),
        outbox=Outbox(3, SOON, (a_message_item(a_row(1)), an_event_item("turn-1:1"))),
        tail=(a_row(1), a_turn_row(1)),
        journal={"turn-9": {"tries": 1, "steps": {"0-ab": {"status": "started"}}}},
        ring_marks=(NOON, SOON),
        last_seq="7".zfill(39),
        language="de",
        wants_agent=True,
        idle_at=LATER,
        closed_at=SOON,
        status=Status.ESCALATED,
    )

    stored(conversations, one)

    assert found(conversations, one) == one


def test_an_id_is_taken_once(conversations: Conversations) -> None:
    one = stored(conversations)

    assert not conversations.add(replace(one, turn_no=9), None)
    assert found(conversations, one) == one


def test_every_field_that_a_turn_changes_is_replaced(conversations: Conversations) -> None:
    before = stored(conversations, a_conversation(idle_at=SOON))
    after = replace(
        before,
        rev=2,
        flow=FlowPin(FlowId("f-2"), FlowVersion("3.1")),
        status=Status.COMPLETED,
        state={"at": "end"},
        current_state="end",
        language="fr",
        user={"first_name": "Grace"},
        timers=(Timer("t:2", LATER),),
        last_seq="8".zfill(39),
        ring_marks=(NOON,),
        turn_no=2,
        last_turn_id=TurnId("turn-2"),
        message_no=2,
        outbox=taken(replace(before.outbox, items=(a_message_item(a_row(1)),)), NOON),
        tail=(a_row(1), a_row(2), a_turn_row(2)),
        journal={"turn-3": {"tries": 1}},
        wants_agent=True,
        last_activity_at=LATER,
        closed_at=LATER,
        idle_at=None,
    )

    assert conversations.replace(before, after, an_arrival())
    assert found(conversations, after) == after


def test_what_follows_what_was_pending_is_appended(conversations: Conversations) -> None:
    first = an_event_item("turn-1:0")
    before = stored(
        conversations, a_conversation(outbox=Outbox(1, SOON, (first,)), tail=(a_turn_row(1),))
    )
    items = (first, an_event_item("turn-2:0"))
    after = replace(
        before,
        rev=2,
        outbox=replace(before.outbox, items=items),
        tail=(a_turn_row(1), a_turn_row(2)),
    )

    assert conversations.replace(before, after, an_arrival())
    assert found(conversations, after) == after


def test_of_two_that_read_the_same_one_writes(conversations: Conversations) -> None:
    before = stored(conversations)
    mine = replace(before, rev=2, turn_no=2)

    assert conversations.replace(before, mine, an_arrival("mine"))
    assert not conversations.replace(before, replace(mine, turn_no=3), an_arrival("theirs"))
    assert found(conversations, mine) == mine
    assert conversations.find_arrival(A_TENANT, before.id, TurnId("theirs")) is None


def test_an_arrival_is_taken_once_while_the_ring_holds_it(conversations: Conversations) -> None:
    one = stored(conversations)
    for n in range(2, RING_SIZE + 2):
        after = replace(one, rev=one.rev + 1, turn_no=n)
        assert conversations.replace(one, after, an_arrival(f"turn-{n}", n))
        one = after

    again = replace(one, rev=one.rev + 1)

    assert not conversations.replace(one, again, an_arrival("turn-2", 2))
    assert conversations.find_arrival(A_TENANT, one.id, TurnId("turn-2")) == an_arrival("turn-2", 2)
    assert conversations.find_arrival(A_TENANT, one.id, TurnId("turn-1")) is None
    assert conversations.replace(one, again, an_arrival("turn-1", 1))


def test_a_write_without_an_arrival_leaves_the_ring(conversations: Conversations) -> None:
    one = stored(conversations)
    after = replace(one, rev=2, journal={"turn-2": {"tries": 1}})

    assert conversations.replace(one, after, None)
    assert conversations.find_arrival(A_TENANT, one.id, TurnId("turn-1")) is not None


def test_mark_takes_out_what_was_told_and_leaves_what_came_since(
    conversations: Conversations,
) -> None:
    mine = replace(
        a_conversation(),
        outbox=Outbox(1, SOON, (a_message_item(a_row(1)),)),
        tail=(a_row(1), a_turn_row(1)),
    )
    stored(conversations, mine)
    theirs = replace(
        mine,
        rev=2,
        outbox=replace(mine.outbox, items=(*mine.outbox.items, an_event_item("turn-2:0"))),
        tail=(*mine.tail, a_turn_row(2)),
    )
    assert conversations.replace(mine, theirs, an_arrival())

    left = conversations.mark(mine, mine.pending, sent=["m-1"], projected=["m-1", "turn-1"])

    assert left is not None
    assert (left.outbox.items, left.tail) == ((an_event_item("turn-2:0"),), (a_turn_row(2),))
    assert found(conversations, mine).pending == left
    assert [one.id for one in conversations.list_unsent(SOON, limit=9)] == [mine.id]


def test_mark_of_everything_leaves_nothing_to_sweep(conversations: Conversations) -> None:
    one = replace(
        a_conversation(),
        outbox=Outbox(1, SOON, (an_event_item("turn-1:0"),)),
        tail=(a_turn_row(1),),
    )
    stored(conversations, one)

    left = conversations.mark(one, one.pending, sent=["turn-1:0"], projected=["turn-1"])

    assert left is not None
    assert left.is_empty
    assert conversations.list_unsent(LATER, limit=9) == []


def test_mark_by_an_owner_that_was_overtaken_leaves_nothing_to_sweep(
    conversations: Conversations,
) -> None:
    one = stored(conversations, a_conversation(outbox=Outbox(1, SOON, (an_event_item("e:0"),))))
    swept = replace(one, rev=2, outbox=taken(one.outbox, NOON))
    assert conversations.replace(one, swept, None)

    left = conversations.mark(one, one.pending, sent=["e:0"], projected=[])

    assert left is not None
    assert (left.is_empty, left.outbox.epoch) == (True, 2)
    assert conversations.list_unsent(LATER, limit=9) == []


def test_mark_keeps_rows_that_are_not_projected(conversations: Conversations) -> None:
    one = replace(
        a_conversation(),
        outbox=Outbox(1, SOON, (a_message_item(a_row(1)),)),
        tail=(a_row(1),),
    )
    stored(conversations, one)

    left = conversations.mark(one, one.pending, sent=["m-1"], projected=[])

    assert left is not None
    assert (left.outbox.items, left.tail) == ((), (a_row(1),))
    assert [stuck.id for stuck in conversations.list_unsent(SOON, limit=9)] == [one.id]


def test_mark_of_a_conversation_that_is_gone_is_none(conversations: Conversations) -> None:
    one = a_conversation()

    assert conversations.mark(one, one.pending, sent=[], projected=[]) is None


def test_another_tenant_sees_and_changes_nothing(conversations: Conversations) -> None:
    one = stored(conversations, a_conversation(outbox=Outbox(1, SOON, (an_event_item("e:0"),))))
    other = replace(one, tenant_id=B_TENANT)

    assert conversations.find(B_TENANT, one.id) is None
    assert conversations.find_arrival(B_TENANT, one.id, TurnId("turn-1")) is None
    assert not conversations.replace(other, replace(other, rev=2), None)
    assert conversations.mark(other, other.pending, sent=["e:0"], projected=[]) is None
    assert conversations.list(B_TENANT, ConversationQuery(), after=None, limit=9) == []
    assert conversations.list_on_other_versions(B_TENANT, V11, after=None, limit=9) == []
    assert found(conversations, one) == one


def test_list_is_by_latest_activity_and_goes_on_after_a_place(
    conversations: Conversations,
) -> None:
    for name, minutes in (("c-a", 1), ("c-b", 3), ("c-c", 2), ("c-d", 2)):
        at = NOON + timedelta(minutes=minutes)
        stored(conversations, a_conversation(name, last_activity_at=at))

    first = conversations.list(A_TENANT, ConversationQuery(), after=None, limit=2)
    place = (first[-1].last_activity_at, first[-1].id)
    rest = conversations.list(A_TENANT, ConversationQuery(), after=place, limit=9)

    assert [one.id for one in first] == ["c-b", "c-c"]
    assert [one.id for one in rest] == ["c-d", "c-a"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (ConversationQuery(status=Status.COMPLETED), ["c-closed"]),
        (ConversationQuery(channel=Channel.SMS), ["c-sms"]),
        (ConversationQuery(user_id=UserId("u-2")), ["c-theirs"]),
        (ConversationQuery(flow_id=FlowId("f-2")), ["c-flow"]),
        (ConversationQuery(since=LATER), ["c-late"]),
        (ConversationQuery(until=NOON), ["c-early"]),
        (ConversationQuery(status=Status.ACTIVE, since=NOON, until=LATER, channel=Channel.WEB),
         ["c-flow", "c-theirs"]),
    ],
)  # fmt: skip
def test_a_query_restricts_the_list(
    conversations: Conversations, query: ConversationQuery, expected: list[str]
) -> None:
    for one in (
        a_conversation("c-closed", status=Status.COMPLETED),
        a_conversation("c-sms", channel=Channel.SMS),
        a_conversation("c-theirs", user_id=UserId("u-2")),
        a_conversation("c-flow", flow=FlowPin(FlowId("f-2"), FlowVersion("1.0"))),
        a_conversation("c-late", last_activity_at=LATER, status=Status.ESCALATED),
        a_conversation("c-early", last_activity_at=NOON - timedelta(1), status=Status.ESCALATED),
    ):
        stored(conversations, one)

    listed = conversations.list(A_TENANT, query, after=None, limit=9)

    assert sorted(one.id for one in listed) == expected


V11 = FlowPin(FlowId("f-echo"), FlowVersion("1.1"))


def test_open_conversations_of_other_versions_come_in_pages_by_id(
    conversations: Conversations,
) -> None:
    for one in (
        a_conversation("c-e"),
        a_conversation("c-a", status=Status.ESCALATED, last_activity_at=LATER),
        a_conversation("c-c", flow=replace(V11, version=FlowVersion("1.2"))),
        a_conversation("c-d", status=Status.ESCALATED),
        a_conversation("c-b"),
        a_conversation("c-closed", status=Status.COMPLETED),
        a_conversation("c-moved", flow=V11),
        a_conversation("c-other", flow=replace(V11, id=FlowId("f-2"), version=FlowVersion("1.0"))),
        a_conversation("c-theirs", tenant_id=B_TENANT),
    ):
        stored(conversations, one)

    first = conversations.list_on_other_versions(A_TENANT, V11, after=None, limit=3)
    rest = conversations.list_on_other_versions(A_TENANT, V11, after=first[-1].id, limit=3)

    assert [one.id for one in first] == ["c-a", "c-b", "c-c"]
    assert [one.id for one in rest] == ["c-d", "c-e"]
    assert first[1] == a_conversation("c-b")


def test_operators_in_a_query_are_words(conversations: Conversations) -> None:
    stored(conversations)
    query = ConversationQuery(user_id=UserId({"$ne": ""}))  # type: ignore[arg-type]  # an attack

    assert conversations.list(A_TENANT, query, after=None, limit=9) == []


def test_what_is_due_is_listed_when_its_time_has_come(conversations: Conversations) -> None:
    timed = a_conversation("c-timed", timers=(Timer("a", LATER), Timer("b", SOON)))
    quiet = a_conversation("c-quiet", idle_at=SOON)
    unsent = a_conversation("c-unsent", outbox=Outbox(1, SOON, (an_event_item("e:0"),)))
    for one in (timed, quiet, unsent, a_conversation("c-other")):
        stored(conversations, one)

    just_before = SOON - timedelta(milliseconds=1)
    assert conversations.list_due(just_before, limit=9) == []
    assert conversations.list_idle(just_before, limit=9) == []
    assert conversations.list_unsent(just_before, limit=9) == []
    assert conversations.list_due(SOON, limit=9) == [timed]
    assert conversations.list_idle(SOON, limit=9) == [quiet]
    assert conversations.list_unsent(SOON, limit=9) == [unsent]


def test_what_was_due_and_is_done_is_listed_no_more(conversations: Conversations) -> None:
    one = stored(conversations, a_conversation(timers=(Timer("a", SOON),), idle_at=SOON))
    after = replace(one, rev=2, timers=(), idle_at=None)
    assert conversations.replace(one, after, None)

    assert conversations.list_due(LATER, limit=9) == []
    assert conversations.list_idle(LATER, limit=9) == []


def test_a_busy_tenant_does_not_keep_others_out_of_a_sweep(conversations: Conversations) -> None:
    for n in range(12):
        at = NOON - timedelta(minutes=60 - n)
        stored(conversations, a_conversation(f"c-busy-{n:02}", idle_at=at))
    stored(conversations, a_conversation("c-lone", tenant_id=B_TENANT, idle_at=NOON))

    idle = conversations.list_idle(NOON, limit=8)

    assert {one.tenant_id for one in idle} == {A_TENANT, B_TENANT}
    assert ConversationId("c-busy-00") in {one.id for one in idle}
    assert len(idle) <= 8
