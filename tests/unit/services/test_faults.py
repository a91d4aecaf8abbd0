"""A turn that fails is a turn: it is said, it counts as life, and a person is asked for."""

from dataclasses import replace
from datetime import timedelta

import pytest

from parley.domain.conversations import Conversation, Status
from parley.domain.json import JsonObject
from parley.domain.queued import Receipt
from parley.domain.turns import Outcome
from parley.engine.events import MessageEvent
from parley.engine.turn import Turn, run_turn
from parley.repositories.memory.queues import MemoryFifo
from tests.builders import A_TENANT, NOON, ManualClock, World, a_caller, a_world, an_inbound

LATER = timedelta(hours=23)


def fails_at_boom(*turn: object) -> Turn:
    event = turn[2]
    if isinstance(event, MessageEvent) and event.content["text"] == "boom":
        raise LookupError("a bug")
    return run_turn(*turn)  # type: ignore[arg-type]  # passed on as they came


def document(world: World, begun: Conversation) -> Conversation:
    found = world.conversations.find(A_TENANT, begun.id)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "state",
    [
        {"current_state": "gone", "status": "active", "timers": []},
        {"current_state": "welcome", "status": "asleep", "timers": []},
        {"nothing": "known"},
        {},
    ],
    ids=["of another flow", "of another status", "of another program", "empty"],
)
def test_a_state_that_cannot_be_read_is_a_failed_turn(state: JsonObject) -> None:
    world = a_world()
    begun = world.starts()
    broken = replace(document(world, begun), rev=begun.rev + 9, state=state)
    world = a_world()
    world.conversations.add(broken, None)

    taken = world.turns.take(an_inbound(conversation_id=begun.id), Receipt("1"))

    assert taken.outcome is Outcome.FAILED
    assert [message.content["text"] for message in taken.messages] == [
        "Sorry, something went wrong."
    ]
    assert document(world, begun).wants_agent


def test_a_conversation_that_waits_for_a_person_is_not_closed_for_being_quiet() -> None:
    clock = ManualClock()
    world = a_world(run=fails_at_boom, clock=clock)
    begun = world.starts()
    assert begun.idle_at == NOON + timedelta(days=1)
    clock.now += LATER
    world.turns.take(an_inbound("boom", conversation_id=begun.id, at=clock.now))

    clock.now += LATER

    assert document(world, begun).idle_at is None
    assert world.timers.close_idle() == 0


def test_a_message_after_a_failed_one_does_not_make_it_close_either() -> None:
    clock = ManualClock()
    world = a_world(run=fails_at_boom, clock=clock)
    begun = world.starts()
    for text in ("boom", "hi"):
        clock.advance(hours=1)
        world.turns.take(an_inbound(text, conversation_id=begun.id, at=clock.now))

    assert document(world, begun).wants_agent
    assert document(world, begun).idle_at is None


def test_a_quiet_conversation_that_wants_nobody_is_closed() -> None:
    clock = ManualClock()
    world = a_world(clock=clock)
    begun = world.starts()
    clock.advance(days=2)

    assert world.timers.close_idle() == 1
    assert isinstance(world.inbound, MemoryFifo)
    world.turns.take(world.inbound.sent[-1])

    assert world.service.get(a_caller(), begun.id).status is Status.TIMEOUT
