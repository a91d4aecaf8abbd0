"""Calls whose answer comes later: what waits for it, what it does, and what else may happen."""

from typing import Any

import pytest

from parley.domain.conversations import Status
from parley.engine.check import check_flow
from parley.engine.events import CallbackEvent, CloseEvent
from parley.engine.replay import replay
from parley.engine.services import IntegrationReply
from parley.engine.state import RunState
from parley.engine.turn import Turn
from tests.unit.engine.talks import NOON, FixedServices, Talk, a_flow, at_once, says, state, to

WAITING = (
    to("done", "integration_success"),
    to("late", "timeout"),
    to("failed", "integration_error"),
    to("asked", expression="input.text == 'status'"),
)


def a_call(*transitions: Any, **config: Any) -> Any:
    """A flow that calls at once and waits a minute for the callback."""
    return a_flow(
        state(
            "call",
            "integration",
            *(transitions or WAITING),
            timeout_seconds=60,
            config={
                "integration_id": "office",
                "endpoint": "/refunds",
                "method": "POST",
                "async": True,
                "response_mapping": {"vars.receipt": "receipt"},
                **config,
            },
        ),
        says("done", "Receipt {{ vars.receipt }}", to("call")),
        says("late", "Late: {{ integration.kind }}", to("call")),
        says("failed", "Failed: {{ integration.kind }}: {{ integration.error }}", to("call")),
        says("asked", "It takes a while", to("call")),
    )


def answered(talk: Talk, **answer: Any) -> Turn:
    """The callback of the call that is awaited."""
    return talk.take(CallbackEvent(talk.state.awaited or "", answer))


def test_a_call_that_was_taken_waits_and_says_how_to_answer() -> None:
    talk = Talk(a_call())

    assert (talk.at, talk.said, talk.state.status.is_open) == ("call", [], True)
    (request,) = talk.services.calls
    assert request.callback is not None
    assert (request.callback.call_id, talk.state.awaited) == ("7-0", "7-0")
    assert (request.callback.until - NOON).total_seconds() == 60
    assert [timer.due_at for timer in talk.state.timers] == [request.callback.until]


def test_its_callback_is_mapped_and_leads_on() -> None:
    talk = Talk(a_call())
    answered(talk, status="success", data={"receipt": "R1"})

    assert (talk.at, talk.said, talk.state.awaited) == ("done", ["Receipt R1"], None)
    assert talk.state.timers == ()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": "error", "kind": "http_5xx", "error": "no"}, "Failed: http_5xx: no"),
        ({"status": "error"}, "Failed: refused: the callback says that the call failed"),
        ({"status": "error", "kind": ["x"], "error": 5}, "Failed: refused: the callback"),
        ({}, "Failed: refused: the callback"),
        ({"status": "success", "data": list(range(20_001))}, "Failed: refused: the answer is too"),
    ],
)
def test_a_callback_that_says_so_or_nothing_sensible_is_a_failure(answer: Any, said: str) -> None:
    talk = Talk(a_call())
    answered(talk, **answer)

    assert talk.at == "failed"
    assert talk.said[0].startswith(said)


def test_a_failure_is_handled_as_one_of_a_call_that_answers_at_once() -> None:
    handling = {"message": "Sorry", "default_data": {"receipt": "none"}}
    talk = Talk(a_call(error_handling=handling))
    answered(talk, status="error")

    assert talk.said[0] == "Sorry"
    assert talk.state.vars["receipt"] == "none"


def test_a_call_that_is_not_taken_goes_on_at_once() -> None:
    talk = Talk(a_call(), replies=[IntegrationReply("error", "http_4xx", 404, None, "unknown")])

    assert (talk.at, talk.said) == ("failed", ["Failed: http_4xx: unknown"])
    assert talk.state.awaited is None


def test_a_callback_that_nobody_awaits_is_ignored() -> None:
    talk = Talk(a_call())
    awaited = talk.state.awaited or ""

    assert talk.take(CallbackEvent("other", {"status": "success"})).ignored
    assert talk.at == "call"
    talk.take(CallbackEvent(awaited, {"status": "success", "data": {"receipt": "R1"}}))
    again = talk.take(CallbackEvent(awaited, {"status": "success", "data": {"receipt": "R2"}}))
    assert (again.ignored, again.trace["ignored"], talk.state.vars["receipt"]) == (True, True, "R1")


def test_a_callback_to_a_state_that_was_left_is_ignored_also_when_it_calls_again() -> None:
    services = FixedServices()
    talk = Talk(a_call(), services)
    first = talk.state.awaited or ""
    talk.say("status")
    assert (talk.at, talk.state.awaited) == ("asked", None)
    assert talk.take(CallbackEvent(first, {"status": "success"})).ignored

    services.seed = 8
    talk.say("again")
    assert talk.take(CallbackEvent(first, {"status": "success"})).ignored
    assert not answered(talk, status="success").ignored


def test_a_message_that_nothing_takes_is_a_miss_and_the_call_is_still_awaited() -> None:
    talk = Talk(a_call())
    talk.say("hello?")

    assert (talk.at, talk.state.fallback_count, talk.state.awaited) == ("call", 1, "7-0")
    answered(talk, status="success", data={})
    assert (talk.at, talk.state.fallback_count) == ("done", 0)


def test_messages_that_nothing_takes_hand_over_in_the_end() -> None:
    flow = a_call()
    flow["states"].append(state("person", "human_handoff"))
    talk = Talk(flow)
    for _ in range(3):
        talk.say("hello?")

    assert (talk.at, talk.state.awaited, talk.state.timers) == ("person", None, ())


def test_the_flows_transitions_are_heard_while_it_waits() -> None:
    flow = a_call()
    flow["global_transitions"] = [to("asked", expression="input.text == 'help'")]
    talk = Talk(flow)
    talk.say("help")

    assert talk.at == "asked"


@pytest.mark.parametrize(
    ("transitions", "at", "said"),
    [
        (WAITING, "late", "Late: timeout"),
        (WAITING[:1] + WAITING[2:], "failed", "Failed: timeout: the callback did not come in time"),
        ((to("failed", "integration_error", "timeout"), *WAITING), "failed", "Failed: timeout"),
        ((to("failed", "integration_error", "http_4xx"), *WAITING), "late", "Late: timeout"),
        (
            (to("asked", "expression", expression="integration.kind == 'timeout'"), *WAITING),
            "asked",
            "It takes",
        ),
    ],
)
def test_its_timer_is_a_timeout_and_an_error_by_priority(
    transitions: Any, at: str, said: str
) -> None:
    talk = Talk(a_call(*transitions))
    talk.wait(seconds=60)

    assert talk.at == at
    assert talk.said[0].startswith(said)
    assert answered(talk, status="success").ignored


def test_a_timer_that_nothing_takes_leads_to_the_error_state() -> None:
    talk = Talk(a_call(to("done", "integration_success"), to("failed", "integration_error", "404")))
    talk.wait(seconds=60)

    assert not talk.state.status.is_open
    assert "no transition holds" in talk.errors[0]["why"]


def test_another_turn_and_another_call_of_a_turn_have_other_ids() -> None:
    flow = a_call(*WAITING[:2], at_once("call", "integration.kind == 'http_4xx'"), *WAITING[2:])
    services = FixedServices(replies=[IntegrationReply("error", "http_4xx", 404)])
    talk = Talk(flow, services)
    assert talk.state.awaited == "7-1"

    services.seed = 0xABC
    talk.say("status")
    talk.say("again")
    assert talk.state.awaited == "abc-0"


def test_what_is_awaited_is_kept_and_counts_only_where_there_is_some() -> None:
    talk = Talk(a_call())
    kept = RunState.from_json(talk.state.to_json())

    assert kept == talk.state
    assert (kept.awaited, kept.digest()) == ("7-0", talk.state.digest())
    other = kept.copy()
    other.awaited = "7-1"
    assert other.digest() != kept.digest()
    assert "awaited" not in RunState("a").to_json()


def test_a_conversation_that_is_closed_awaits_nothing() -> None:
    talk = Talk(a_call())
    talk.take(CloseEvent(Status.ABANDONED))

    assert (talk.state.awaited, talk.state.timers) == (None, ())
    assert talk.take(CallbackEvent("7-0", {"status": "success"})).ignored


def test_a_conversation_with_callbacks_is_replayed() -> None:
    talk = Talk(a_call())
    talk.say("hello?")
    talk.take(CallbackEvent("other", {}))
    answered(talk, status="success", data={"receipt": "R1"})
    talk.say("again")
    talk.wait(seconds=60)

    again = replay(talk.program, talk.traces)
    assert (again.difference, again.state) == (None, talk.state)


def test_a_sound_call_has_no_findings() -> None:
    assert [d for d in check_flow(a_call()) if d.severity == "error"] == []


@pytest.mark.parametrize(
    ("code", "pointer", "flow"),
    [
        ("state.dead_end", "/states/0", a_call(*WAITING[:2])),
        ("state.dead_end", "/states/0", a_call(*WAITING[1:])),
        (
            "transition.shadowed",
            "/states/0/transitions/2",
            a_call(WAITING[0], WAITING[2], WAITING[1]),
        ),
        (
            "flow.cycle",
            "/states/0",
            a_call(*WAITING[:2], to("call", "integration_error")),
        ),
    ],
)
def test_what_is_wrong_with_a_call_is_found(code: str, pointer: str, flow: Any) -> None:
    assert (code, pointer) in {(d.code, d.pointer) for d in check_flow(flow)}


def test_a_success_that_leads_back_is_no_circle_for_its_callback_is_awaited() -> None:
    flow = a_call(to("call", "integration_success"), *WAITING[1:])

    assert "flow.cycle" not in {d.code for d in check_flow(flow)}


def test_a_missing_way_on_is_shown_by_the_callback_that_finds_none() -> None:
    found = [d for d in check_flow(a_call(*WAITING[1:])) if d.code == "state.dead_end"]

    assert found[0].counter_example is not None
    (test,) = found[0].counter_example["tests"]
    assert test["steps"][-1]["callback"] == {"data": {"receipt": "something"}}
