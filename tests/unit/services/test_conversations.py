"""Conversations as callers see them."""

from datetime import timedelta

import pytest

from parley.domain.access import Role
from parley.domain.conversations import Channel, Conversation, ConversationQuery, Status
from parley.domain.errors import Closed, Conflict, FlowInvalid, Invalid, NotFound, Unavailable
from parley.domain.ids import ConversationId, ProviderId, UserId
from parley.domain.queued import Inbound, OutboundTurn
from parley.repositories.memory.conversations import MemoryConversations
from parley.repositories.memory.queues import MemoryFifo
from parley.services.conversations import Accepted, Replied
from tests.builders import (
    A_TENANT,
    B_TENANT,
    NOON,
    ManualClock,
    World,
    a_caller,
    a_world,
    an_inbound,
)
from tests.tenants import a_document

HI = {"type": "text", "text": "hi"}
SOON = timedelta(seconds=5)
ADA = a_caller(user_id=UserId("u-ada"), role=Role.CUSTOMER)
BOB = a_caller(user_id=UserId("u-bob"), role=Role.CUSTOMER)


def converse(world: World, begun: Conversation, pid: str, text: str = "hi") -> Replied | Accepted:
    content = {"type": "text", "text": text}
    return world.service.converse(a_caller(), begun.id, content, pid=ProviderId(pid), wait=SOON)


def test_a_start_under_the_same_key_is_the_same_conversation() -> None:
    world = a_world()

    first = world.service.start(a_caller(), key="k")
    again = world.service.start(a_caller(), key="k")
    other = world.service.start(a_caller(user_id=UserId("u-2")), key="k")

    assert again.conversation.id == first.conversation.id != other.conversation.id
    assert again.messages == first.messages
    assert again.messages[0].content["text"] == "Hello"


def test_starts_without_a_key_are_different_conversations() -> None:
    world = a_world()

    ids = {world.service.start(a_caller()).conversation.id for _ in range(2)}

    assert len(ids) == 2


def test_a_customer_starts_only_for_themself() -> None:
    world = a_world()

    assert world.service.start(ADA).conversation.user_id == "u-ada"
    with pytest.raises(NotFound):
        world.service.start(ADA, user_id=BOB.user_id)


@pytest.mark.parametrize("channel", sorted(set(Channel) - {Channel.WEB}))
def test_a_customer_talks_on_the_web_channel_alone(channel: Channel) -> None:
    """Else somebody with a guest token could pass for one who wrote from their phone."""
    with pytest.raises(Invalid) as refused:
        a_world().service.start(ADA, channel=channel)

    assert [fault.pointer for fault in refused.value.faults] == ["/channel"]


def test_a_profile_that_is_too_large_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        a_world().service.start(a_caller(), user={"bio": "x" * 5_000})

    assert [fault.pointer for fault in refused.value.faults] == ["/user"]


def test_a_flow_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        a_world().service.start(a_caller(), flow="nowhere")


def test_nobody_else_sees_a_customers_conversation() -> None:
    world = a_world()
    begun = world.service.start(ADA).conversation
    service, pid = world.service, ProviderId("web:1")
    stranger = a_caller(B_TENANT)

    for caller in (BOB, stranger):
        with pytest.raises(NotFound):
            service.get(caller, begun.id)
        with pytest.raises(NotFound):
            service.messages(caller, begun.id)
        with pytest.raises(NotFound):
            service.trace(caller, begun.id)
        with pytest.raises(NotFound):
            service.send(caller, begun.id, HI, pid=pid)
        with pytest.raises(NotFound):
            service.converse(caller, begun.id, HI, pid=pid, wait=SOON)
        with pytest.raises(NotFound):
            service.close(caller, begun.id)
        assert service.list(caller, ConversationQuery()).items == []
    assert service.get(ADA, begun.id) == service.get(a_caller(), begun.id)


def test_list_goes_on_where_the_page_ended() -> None:
    clock = ManualClock()
    world = a_world(clock=clock)
    begun = []
    for n in range(5):
        clock.advance(seconds=1)
        begun.append(world.starts(f"k{n}").id)

    seen: list[ConversationId] = []
    cursor: str | None = None
    while not seen or cursor:
        page = world.service.list(a_caller(), ConversationQuery(), cursor=cursor, limit=2)
        seen += [one.id for one in page.items]
        cursor = page.next_cursor

    assert seen == begun[::-1]


def test_a_message_is_queued_under_its_id() -> None:
    world = a_world()
    begun = world.starts()

    accepted = world.service.send(
        a_caller(), begun.id, HI, pid=ProviderId("web:1"), request_id="r-1"
    )

    assert isinstance(world.inbound, MemoryFifo)
    queued: Inbound = world.inbound.sent[0]
    assert (queued.pid, queued.request_id, queued.received_at) == ("web:1", "r-1", NOON)
    world.turns.take(queued)
    assert world.service.messages(a_caller(), begun.id).items[1].id == accepted.message_id


def test_converse_answers_and_answers_the_same_again() -> None:
    world = a_world()
    begun = world.starts()

    first = converse(world, begun, "api:1")
    again = converse(world, begun, "api:1")

    assert isinstance(first, Replied)
    assert [message.content["text"] for message in first.messages] == ["You said hi"]
    assert again == first


def test_converse_under_the_id_of_another_message_is_a_conflict() -> None:
    world = a_world()
    begun = world.starts()
    converse(world, begun, "api:1")

    with pytest.raises(Conflict):
        converse(world, begun, "api:1", "something else")


def test_converse_queues_what_it_cannot_do_in_time() -> None:
    clock = ManualClock()

    class Busy(MemoryConversations):
        def replace(self, *_: object) -> bool:
            clock.advance(seconds=1)
            return False

    world = a_world(conversations=Busy(), clock=clock)
    begun = world.starts()

    answer = converse(world, begun, "api:1")

    assert isinstance(answer, Accepted)
    assert isinstance(world.inbound, MemoryFifo)
    assert [queued.pid for queued in world.inbound.sent] == ["api:1"]


def test_a_closed_conversation_takes_no_message_but_answers_its_repeats() -> None:
    world = a_world()
    begun = world.starts()
    first = converse(world, begun, "api:1")
    world.service.close(a_caller(), begun.id)

    assert converse(world, begun, "api:1") == first
    world.service.send(a_caller(), begun.id, HI, pid=ProviderId("api:1"))
    with pytest.raises(Closed):
        converse(world, begun, "api:2")
    with pytest.raises(Closed):
        world.service.send(a_caller(), begun.id, HI, pid=ProviderId("api:2"))
    assert isinstance(world.inbound, MemoryFifo)
    assert world.inbound.sent == []


def test_closing_again_changes_nothing() -> None:
    world = a_world()
    begun = world.starts()

    closed = world.service.close(a_caller(), begun.id, status=Status.ABANDONED)
    again = world.service.close(a_caller(), begun.id)

    assert (closed.status, closed.closed_at) == (Status.ABANDONED, NOON)
    assert again.rev == closed.rev + 1
    assert again.status is Status.ABANDONED


def test_only_a_status_that_closes_can_close() -> None:
    world = a_world()
    begun = world.starts()

    with pytest.raises(Invalid):
        world.service.close(a_caller(), begun.id, status=Status.ACTIVE)


def test_messages_are_paged_both_ways() -> None:
    world = a_world()
    begun = world.starts()
    for n in range(4):
        world.turns.take(an_inbound(str(n), conversation_id=begun.id))

    def numbers(after: int | None, before: int | None) -> tuple[list[int], list[int]]:
        page = world.service.messages(a_caller(), begun.id, after=after, before=before, limit=4)
        following = world.service.messages(a_caller(), begun.id, limit=9, cursor=page.next_cursor)
        return (
            [message.sequence_number for message in page.items],
            [message.sequence_number for message in following.items],
        )

    assert numbers(0, None) == ([1, 2, 3, 4], [5, 6, 7, 8, 9])
    assert numbers(None, 10) == ([6, 7, 8, 9], [1, 2, 3, 4, 5])


def test_a_committed_message_is_seen_before_it_is_projected() -> None:
    class Away(MemoryFifo[OutboundTurn]):
        def send(self, *_: object) -> None:
            raise Unavailable("away")

    world = a_world(outbound=Away())

    begun = world.starts()

    assert len(world.service.messages(a_caller(), begun.id).items) == 1
    assert len(world.service.trace(a_caller(), begun.id).items) == 1


def test_the_trace_is_paged() -> None:
    world = a_world()
    begun = world.starts()
    world.turns.take(an_inbound(conversation_id=begun.id))

    first = world.service.trace(a_caller(), begun.id, limit=1)
    rest = world.service.trace(a_caller(), begun.id, cursor=first.next_cursor)

    assert [row["turn_no"] for row in (*first.items, *rest.items)] == [1, 2]
    assert rest.next_cursor is None


def test_a_conversation_replays_to_the_same_bytes() -> None:
    world = a_world()
    begun = world.starts()
    world.turns.take(an_inbound(conversation_id=begun.id))

    replayed = world.service.replay(a_caller(), begun.id, None)

    assert (replayed.turns, replayed.is_whole, replayed.difference) == (2, True, None)


def test_a_changed_flow_shows_where_a_past_conversation_would_go_differently() -> None:
    world = a_world()
    begun = world.starts()

    replayed = world.service.replay(a_caller(), begun.id, a_document("other"))

    assert replayed.difference is not None
    assert replayed.difference.turn_no == 1


def test_a_flow_with_errors_is_no_flow_to_replay_on() -> None:
    world = a_world()
    begun = world.starts()

    with pytest.raises(FlowInvalid):
        world.service.replay(a_caller(), begun.id, a_document("other", initial_state="gone"))


def test_a_customer_cannot_replay_anothers_conversation() -> None:
    world = a_world()
    begun = world.starts()

    with pytest.raises(NotFound):
        world.service.replay(BOB, begun.id, None)


def test_a_start_by_another_channel_under_the_same_key_is_a_conflict() -> None:
    world = a_world()
    world.service.start(a_caller(), key="k")

    with pytest.raises(Conflict):
        world.service.start(a_caller(), key="k", channel=Channel.SMS)


def test_a_limit_is_between_one_and_a_hundred() -> None:
    world = a_world()
    begun = world.starts()

    with pytest.raises(Invalid):
        world.service.messages(a_caller(), begun.id, limit=101)
    assert begun.tenant_id == A_TENANT
