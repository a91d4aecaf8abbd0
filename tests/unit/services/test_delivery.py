"""Delivery: watchers are told in order, the history knows how far it came, events go on."""

from parley.domain.conversations import Channel, Conversation
from parley.domain.errors import Unavailable
from parley.domain.messages import Delivery
from parley.domain.queued import OutboundTurn
from parley.repositories.memory.live import MemoryLive
from parley.repositories.memory.messages import MemoryMessages
from parley.repositories.memory.queues import MemoryEventQueue, MemoryFifo
from parley.services.delivery import DeliveryService
from tests.builders import A_TENANT, A_USER, World, a_caller, a_world, an_inbound


def sent(world: World) -> list[OutboundTurn]:
    assert isinstance(world.outbound, MemoryFifo)
    queued: list[OutboundTurn] = world.outbound.sent
    return queued


def deliveries(world: World, begun: Conversation) -> list[Delivery | None]:
    return [message.delivery for message in world.service.messages(a_caller(), begun.id).items]


def watch(world: World, begun: Conversation) -> None:
    world.live.subscribe(A_TENANT, begun.id, connection_id="browser", user_id=A_USER)


def test_a_watcher_is_told_what_came_and_what_was_said() -> None:
    world = a_world()
    begun = world.starts()
    watch(world, begun)
    world.turns.take(an_inbound("hi", conversation_id=begun.id))

    world.delivery.deliver(sent(world)[-1])

    told = world.live.received["browser"]
    assert [payload["event"] for payload in told] == ["message", "message"]
    assert [payload["message"]["sequence_number"] for payload in told] == [2, 3]
    assert [payload["message"]["delivery"] for payload in told] == [None, "sent"]
    assert deliveries(world, begun) == [Delivery.QUEUED, None, Delivery.DELIVERED]


def test_without_a_watcher_a_message_is_sent_and_kept() -> None:
    world = a_world()
    begun = world.starts()

    world.delivery.deliver(sent(world)[0])

    assert deliveries(world, begun) == [Delivery.SENT]


def test_a_push_that_is_lost_holds_nothing_up() -> None:
    class Away(MemoryLive):
        def push(self, *_: object) -> int:
            raise Unavailable("nobody knows who watches")

    world = a_world()
    begun = world.starts()
    delivery = DeliveryService(messages=world.messages, live=Away(), events=world.events)

    delivery.deliver(sent(world)[0])

    assert deliveries(world, begun) == [Delivery.SENT]
    assert [event.name for event in world.events.sent] == ["conversation.started", "turn.taken"]


def test_events_go_on_once_each_under_their_outbox_id() -> None:
    world = a_world()
    begun = world.starts()
    outbound = sent(world)[0]

    world.delivery.deliver(outbound)

    first = world.events.sent[0]
    assert (first.id, first.tenant_id) == (outbound.items[1].oid, A_TENANT)
    assert (first.conversation_id, first.at) == (begun.id, begun.created_at)


def test_delivering_again_changes_nothing_for_the_worse() -> None:
    world = a_world()
    begun = world.starts()
    watch(world, begun)
    world.delivery.deliver(sent(world)[0])
    world.live.disconnect("browser")

    world.delivery.deliver(sent(world)[0])

    assert deliveries(world, begun) == [Delivery.DELIVERED]


def test_a_channel_without_an_adapter_fails_its_messages() -> None:
    messages, events = MemoryMessages(), MemoryEventQueue()
    world = a_world(messages=messages)
    begun = world.service.start(a_caller(), channel=Channel.SMS).conversation
    delivery = DeliveryService(messages=messages, live=MemoryLive(), events=events)

    delivery.deliver(sent(world)[0])

    assert deliveries(world, begun) == [Delivery.FAILED]
