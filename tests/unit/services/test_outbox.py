"""The outbox: who owns it, what is marked, and what the sweeper finds."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from parley.domain.conversations import Conversation
from parley.domain.errors import Unavailable
from parley.domain.ids import ConversationId, TenantId
from parley.domain.json import JsonObject
from parley.domain.queued import OutboundTurn
from parley.repositories.memory.messages import MemoryMessages
from parley.repositories.memory.queues import MemoryFifo
from parley.services.outbox import LEASE, one_by_one, side_by_side
from tests.builders import NOON, ManualClock, World, a_caller, a_world, an_inbound


class Switched(MemoryFifo[OutboundTurn]):
    """A queue that is away while it is told to be."""

    is_away = False

    def send(self, body: OutboundTurn) -> None:
        if self.is_away:
            raise Unavailable("the queue is away")
        super().send(body)


class SwitchedMessages(MemoryMessages):
    """A history that is away while it is told to be."""

    is_away = False

    def project(
        self, tenant_id: TenantId, conversation_id: ConversationId, rows: Sequence[JsonObject]
    ) -> None:
        if self.is_away:
            raise Unavailable("the history is away")
        super().project(tenant_id, conversation_id, rows)


def document(world: World, begun: Conversation) -> Conversation:
    found = world.conversations.find(begun.tenant_id, begun.id)
    assert found is not None
    return found


def test_what_cannot_be_sent_waits_for_the_sweeper_in_the_order_said() -> None:
    outbound, clock = Switched(), ManualClock()
    world = a_world(outbound=outbound, clock=clock)
    begun = world.starts()
    outbound.is_away = True
    taken = [
        world.turns.take(an_inbound(text, conversation_id=begun.id)) for text in ("one", "two")
    ]
    outbound.is_away = False

    assert [one.flushed for one in taken] == [False, True]
    assert world.outbox.flush_stuck() == 0
    clock.advance(seconds=LEASE.total_seconds())
    assert world.outbox.flush_stuck() == 1

    texts = [
        item.body["content"]["text"] for item in outbound.sent[-1].items if "content" in item.body
    ]
    assert texts == ["one", "You said one", "two", "You said two"]
    assert document(world, begun).pending.is_empty


def test_a_stuck_outbox_is_empty_within_a_lease_and_a_sweep() -> None:
    """R12: 30 s of lease and 60 s between sweeps."""
    outbound, clock = Switched(), ManualClock()
    world = a_world(outbound=outbound, clock=clock)
    begun = world.starts()
    outbound.is_away = True
    world.turns.take(an_inbound(conversation_id=begun.id))
    outbound.is_away = False

    for _ in range(2):
        clock.advance(seconds=45)
        world.outbox.flush_stuck()

    assert document(world, begun).pending.is_empty


def test_the_sweeper_leaves_what_it_cannot_send_and_goes_on() -> None:
    outbound, clock = Switched(), ManualClock()
    world = a_world(outbound=outbound, clock=clock)
    begun = world.starts()
    outbound.is_away = True
    world.turns.take(an_inbound(conversation_id=begun.id))
    clock.advance(minutes=5)

    assert world.outbox.flush_stuck() == 0
    assert not document(world, begun).pending.is_empty


def test_what_was_sent_and_not_projected_is_projected_later_and_not_sent_again() -> None:
    messages, clock = SwitchedMessages(), ManualClock()
    world = a_world(messages=messages, clock=clock)
    begun = world.starts()
    messages.is_away = True
    taken = world.turns.take(an_inbound(conversation_id=begun.id))
    messages.is_away = False

    left = document(world, begun).pending
    seen = world.service.messages(a_caller(), begun.id).items
    assert (taken.flushed, left.outbox.items, len(left.tail)) == (False, (), 3)
    assert [message.sequence_number for message in seen] == [1, 2, 3]

    clock.advance(minutes=1)
    assert world.outbox.flush_stuck() == 1
    assert isinstance(world.outbound, MemoryFifo)
    assert len(world.outbound.sent) == 2
    assert document(world, begun).pending.is_empty


def test_an_owner_short_of_time_stops_before_it_sends() -> None:
    clock = ManualClock()
    world = a_world(clock=clock)
    begun = world.starts()
    assert isinstance(world.outbound, MemoryFifo)
    late = replace(document(world, begun), rev=99)
    owned = replace(
        late,
        outbox=replace(late.outbox, lease_until=NOON + timedelta(seconds=9)),
        tail=({"kind": "turn", "id": "t", "turn_no": 9},),
    )

    assert not world.outbox.flush(owned)
    assert len(world.outbound.sent) == 1


def test_both_attempts_are_made_and_both_ends_are_told() -> None:
    failure = Unavailable("no")

    for together in (one_by_one, side_by_side):
        assert together(lambda: failure, lambda: None) == (failure, None)
        assert together(lambda: None, lambda: failure) == (None, failure)
