"""Turns taken at once, by many threads, over memory and over MongoDB: none is lost or doubled."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from parley.domain.conversations import Conversation
from parley.domain.ids import ConversationId, ProviderId
from parley.domain.queued import Inbound, OutboundTurn, Receipt
from parley.domain.turns import Outcome, TurnTaken
from parley.engine.events import MessageEvent
from parley.engine.turn import run_turn
from parley.repositories.memory.queues import MemoryFifo
from parley.runtime.chance import now
from parley.services.conversations import Replied
from parley.services.turns import Run
from tests.builders import A_TENANT, ManualClock, World, a_caller, a_world, an_inbound
from tests.contract.conversation_stores import KINDS, ConversationStores, opened

AT_ONCE = 20


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest) -> Iterator[ConversationStores]:
    yield from opened(request)


def a_world_of(
    stores: ConversationStores, *, run: Run = run_turn, clock: Callable[[], datetime] = now
) -> World:
    return a_world(
        conversations=stores.conversations, messages=stores.messages, clock=clock, run=run
    )


def at_once[Answer](work: Sequence[Callable[[], Answer]]) -> list[Answer]:
    with ThreadPoolExecutor(len(work)) as threads:
        return [running.result() for running in [threads.submit(one) for one in work]]


def take(world: World, inbound: Inbound) -> Callable[[], TurnTaken]:
    return lambda: world.turns.take(inbound, until=now() + timedelta(seconds=60))


def sequence(world: World, conversation_id: ConversationId) -> list[int]:
    page = world.service.messages(a_caller(), conversation_id, limit=100)
    return [message.sequence_number for message in page.items]


def sent_oids(world: World) -> Counter[str]:
    outbound = world.outbound
    assert isinstance(outbound, MemoryFifo)
    turns: list[OutboundTurn] = outbound.sent
    return Counter(item.oid for turn in turns for item in turn.items)


def test_one_id_delivered_twenty_times_at_once_is_one_turn(stores: ConversationStores) -> None:
    world = a_world_of(stores)
    begun = world.starts()
    message = an_inbound(pid="web:once", conversation_id=begun.id)

    taken = at_once([take(world, message)] * AT_ONCE)

    outcomes = Counter(one.outcome for one in taken)
    assert outcomes == {Outcome.COMMITTED: 1, Outcome.DUPLICATE: AT_ONCE - 1}
    assert {one.turn_no for one in taken} == {2}
    assert sequence(world, begun.id) == [1, 2, 3]
    assert set(sent_oids(world).values()) == {1}


def test_twenty_messages_at_once_are_twenty_turns(stores: ConversationStores) -> None:
    world = a_world_of(stores)
    begun = world.starts()

    def queued(n: int) -> Callable[[], TurnTaken]:
        return take(world, an_inbound(pid=f"web:{n}", conversation_id=begun.id))

    def waiting(n: int) -> Callable[[], object]:
        content = {"type": "text", "text": str(n)}
        pid = ProviderId(f"api:{n}")
        wait = timedelta(seconds=60)
        return lambda: world.service.converse(a_caller(), begun.id, content, pid=pid, wait=wait)

    half = AT_ONCE // 2
    work: list[Callable[[], object]] = [queued(n) for n in range(half)]
    answers = at_once(work + [waiting(n) for n in range(half)])

    replies = [answer for answer in answers if isinstance(answer, Replied)]
    assert len(replies) == half
    assert all(len(reply.messages) == 1 for reply in replies)
    world.outbox.flush_stuck(now() + timedelta(minutes=2))
    document = world.conversations.find(A_TENANT, begun.id)
    assert document is not None
    assert (document.turn_no, document.pending.is_empty) == (AT_ONCE + 1, True)
    assert sequence(world, begun.id) == list(range(1, 2 * AT_ONCE + 2))
    trace = world.service.trace(a_caller(), begun.id, limit=100)
    assert [row["turn_no"] for row in trace.items] == list(range(1, AT_ONCE + 2))
    assert set(sent_oids(world).values()) == {1}


def test_one_poison_among_fifty_ends_in_quarantine_and_the_others_go_on(
    stores: ConversationStores,
) -> None:
    def run(*turn: object) -> object:
        event = turn[2]
        if isinstance(event, MessageEvent) and event.content["text"] == "poison":
            raise SystemExit("the worker is killed")
        return run_turn(*turn)  # type: ignore[arg-type]  # passed on as they came

    clock = ManualClock()
    world = a_world_of(stores, run=run, clock=clock)  # type: ignore[arg-type]  # as above
    begun = [world.starts(f"k{n}") for n in range(50)]
    poison = an_inbound("poison", pid="web:poison", conversation_id=begun[7].id)

    for receive in (1, 2):
        with pytest.raises(SystemExit):
            world.turns.take(poison, Receipt(seq="1", receive_count=receive))
        clock.advance(seconds=180)
    others = [_answered(world, one) for one in begun if one is not begun[7]]
    last = world.turns.take(poison, Receipt(seq="1", receive_count=3))

    assert set(others) == {Outcome.COMMITTED}
    assert last.outcome is Outcome.QUARANTINED
    assert last.conversation.wants_agent
    assert [message.content["text"] for message in last.messages] == [
        "Sorry, something went wrong."
    ]
    assert _answered(world, begun[7]) is Outcome.COMMITTED


def _answered(world: World, conversation: Conversation) -> Outcome:
    return world.turns.take(an_inbound("hi", conversation_id=conversation.id)).outcome
