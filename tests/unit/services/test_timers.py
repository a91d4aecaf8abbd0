"""Timers and quiet conversations become events on the queue."""

import pytest

from parley.domain.conversations import Status
from parley.domain.errors import Unavailable
from parley.domain.queued import Inbound
from parley.repositories.memory.queues import MemoryFifo
from tests.builders import A_PIN, FixedPrograms, ManualClock, World, a_flow, a_world, an_inbound

WAITING = a_flow(
    {
        "schema": "parley/1",
        "name": "waiting",
        "initial_state": "ask",
        "settings": {"idle_timeout_seconds": 600},
        "states": [
            {
                "name": "ask",
                "type": "response",
                "config": {"response_templates": {"en": "Still there?"}},
                "timeout_seconds": 60,
                "transitions": [
                    {"condition": "timeout", "target_state": "ask"},
                    {"condition": "any_input", "target_state": "ask"},
                ],
            }
        ],
    }
)


class Switched(MemoryFifo[Inbound]):
    """A queue that refuses one send out of two while it is told to be away."""

    is_away = False

    def send(self, body: Inbound) -> None:
        if self.is_away:
            raise Unavailable("the queue is away")
        super().send(body)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def queue() -> Switched:
    return Switched()


@pytest.fixture
def world(clock: ManualClock, queue: Switched) -> World:
    return a_world(clock=clock, inbound=queue, programs=FixedPrograms({A_PIN: WAITING}))


def test_a_due_timer_is_an_event_at_its_own_time(
    world: World, clock: ManualClock, queue: Switched
) -> None:
    begun = world.starts()
    due_at = begun.timers[0].due_at
    assert world.timers.fire_due() == 0
    clock.advance(seconds=90)

    assert world.timers.fire_due() == 1

    fired = queue.sent[0]
    assert (fired.received_at, fired.event["kind"]) == (due_at, "timer")
    assert fired.pid == f"timer:{begun.timers[0].id}:2026-11-22T12:01:00.000Z"


def test_a_timer_that_is_fired_twice_runs_once(
    world: World, clock: ManualClock, queue: Switched
) -> None:
    begun = world.starts()
    clock.advance(seconds=90)
    world.timers.fire_due()
    world.timers.fire_due()

    outcomes = [world.turns.take(fired).outcome.value for fired in queue.sent]

    assert outcomes == ["committed", "duplicate"]
    now = world.conversations.find(begun.tenant_id, begun.id)
    assert now is not None
    assert now.timers[0].due_at > begun.timers[0].due_at


def test_a_timer_that_a_message_has_overtaken_is_ignored(
    world: World, clock: ManualClock, queue: Switched
) -> None:
    begun = world.starts()
    clock.advance(seconds=90)
    world.timers.fire_due()
    world.turns.take(an_inbound(conversation_id=begun.id, at=clock.now))

    assert world.turns.take(queue.sent[0]).outcome.value == "ignored"


def test_a_quiet_conversation_is_closed_as_timed_out(
    world: World, clock: ManualClock, queue: Switched
) -> None:
    begun = world.starts()
    assert world.timers.close_idle() == 0
    clock.advance(seconds=600)

    assert world.timers.close_idle() == 1

    closed = world.turns.take(queue.sent[0]).conversation
    assert (closed.status, closed.timers, closed.idle_at) == (Status.TIMEOUT, (), None)
    assert closed.id == begun.id
    assert world.timers.close_idle() == 0


def test_what_cannot_be_queued_is_tried_again_at_the_next_run(
    world: World, clock: ManualClock, queue: Switched
) -> None:
    world.starts()
    clock.advance(seconds=90)
    queue.is_away = True
    with pytest.raises(Unavailable):
        world.timers.fire_due()
    queue.is_away = False

    assert world.timers.fire_due() == 1
