"""A turn that would go round for ever is undone: the error state speaks, as if it were entered."""

from datetime import timedelta

import pytest

from parley.domain.conversations import Status
from parley.domain.json import JsonObject
from parley.engine.effects import SendMessage
from parley.engine.events import MessageEvent, StartEvent, TimerEvent
from parley.engine.program import Program
from parley.engine.state import RunState
from parley.engine.turn import Turn, run_turn
from tests.unit.engine.talks import (
    NOON,
    FixedServices,
    Talk,
    a_flow,
    at_once,
    program,
    says,
    state,
    to,
)

SORRY = {"en": "Sorry", "de": "Verzeihung"}


def a_loop(*, error: JsonObject | None = None, first: str = "ask") -> Program:
    """`ask` waits; whatever is said leads into a loop that the check does not see."""
    states = [
        says("ask", None, to("round")),
        says("round", None, at_once("again", "1 == 1")),
        says("again", None, at_once("round", "1 == 1")),
        says("bye"),
        *([error] if error else []),
    ]
    document = a_flow(*states, settings={"error_text": SORRY})
    return program({**document, "initial_state": first})


def an_error_state(**more: object) -> JsonObject:
    config = {"response_templates": SORRY}
    return state("oops", "error", to("bye"), config=config, **more)


def said(turn: Turn) -> list[str]:
    return [one.content["text"] for one in turn.effects if isinstance(one, SendMessage)]


@pytest.mark.parametrize("error", [None, an_error_state()], ids=["error text", "error state"])
@pytest.mark.parametrize(("language", "words"), [("de", "Verzeihung"), (None, "Sorry")])
def test_a_start_that_loops_ends_in_the_callers_language(
    error: JsonObject | None, language: str | None, words: str
) -> None:
    turn = run_turn(a_loop(error=error, first="round"), None, StartEvent(language), FixedServices())

    assert said(turn) == [words]
    assert turn.state.language == language


def test_an_error_state_that_waits_after_a_loop_has_its_timer() -> None:
    waiting = an_error_state(timeout_seconds=60)
    waiting["transitions"].append(to("bye", "timeout"))
    flow = a_loop(error=waiting)
    services = FixedServices()
    begun = run_turn(flow, None, StartEvent(), services).state

    stopped = run_turn(flow, begun, MessageEvent({"type": "text", "text": "hi"}), services)

    (timer,) = stopped.state.timers
    assert timer.due_at == NOON + timedelta(seconds=60)
    assert (stopped.state.current_state, stopped.state.status) == ("oops", Status.ACTIVE)
    fired = run_turn(flow, stopped.state, TimerEvent(timer.id), services)
    assert (said(fired), fired.state.status) == (["bye"], Status.COMPLETED)


def test_a_loop_after_a_handoff_leaves_nobody_waiting_for_a_person() -> None:
    flow = a_flow(
        says("hello", "Hello", to("desk")),
        state("desk", "human_handoff", config={"return_state": "a"}),
        says("a", "A", at_once("b")),
        says("b", "B", at_once("a")),
        state("oops", "error", to("hello")),
    )
    talk = Talk(flow)
    talk.say("x")

    talk.agent("return")
    assert (talk.at, talk.state.status) == ("oops", Status.ACTIVE)


def test_an_error_state_that_closes_after_a_loop_has_none() -> None:
    turn = run_turn(a_loop(first="round"), None, StartEvent(), FixedServices())

    assert isinstance(turn.state, RunState)
    assert (turn.state.timers, turn.state.status) == ((), Status.ERROR)
