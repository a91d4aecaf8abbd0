from typing import Any

import pytest

from parley.domain.conversations import Status
from parley.engine.effects import LogEvent
from parley.engine.events import CallbackEvent, CloseEvent, MessageEvent, StartEvent, TimerEvent
from parley.engine.turn import run_turn
from tests.unit.engine.talks import (
    NOON,
    FixedServices,
    Talk,
    a_flow,
    at_once,
    says,
    state,
    to,
)


def test_a_start_enters_the_initial_state_and_waits_there() -> None:
    talk = Talk(a_flow(says("hello", "Hi!", to("hello"))))
    assert (talk.at, talk.said, talk.state.status) == ("hello", ["Hi!"], Status.ACTIVE)


def test_a_response_without_a_way_for_input_is_passed_through() -> None:
    talk = Talk(a_flow(says("a", "A", at_once("b")), says("b", "B", to("a"))))
    assert (talk.said, talk.turn.trace["path"]) == (["A", "B"], ["a", "b"])


def test_a_transition_consumes_its_message() -> None:
    flow = a_flow(says("a", "A", to("b")), says("b", "B", to("c")), says("c"))
    talk = Talk(flow)
    talk.say("x")
    assert talk.at == "b"


def test_exit_transition_and_entry_actions_run_in_this_order() -> None:
    def log(name: Any) -> Any:
        return {"type": "log_event", "config": {"event": name}}

    flow = a_flow(
        says("a", "A", to("b", actions=[log("way")]), exit_actions=[log("exit")]),
        says("b", "B", entry_actions=[log("entry")]),
    )
    talk = Talk(flow)
    talk.say("x")
    assert [e.name for e in talk.events if isinstance(e, LogEvent)] == ["exit", "way", "entry"]


def test_nothing_happens_to_a_closed_conversation() -> None:
    talk = Talk(a_flow(says("bye")))
    before = talk.state
    turn = talk.say("hello?")
    assert turn.ignored
    assert turn.state is before
    assert (turn.effects, turn.trace["ignored"]) == ((), True)


def test_a_timer_that_no_longer_stands_is_ignored() -> None:
    flow = a_flow(says("a", "A", to("a"), to("b", "timeout"), timeout_seconds=9), says("b"))
    talk = Talk(flow)
    old = talk.state.timers[0].id
    talk.say("again")
    assert talk.take(TimerEvent(old)).ignored
    assert talk.state.timers[0].id != old


def test_a_message_that_leaves_the_state_where_it_is_does_not_restart_its_timer() -> None:
    flow = a_flow(says("a", "A", to("b", "timeout"), timeout_seconds=60), says("b"))
    talk = Talk(flow)
    due = talk.state.timers
    talk.wait(seconds=30)
    talk.say("mumble")
    assert talk.state.timers == due


def test_a_timer_fires_once() -> None:
    flow = a_flow(
        says(
            "a",
            "A",
            to("b", "timeout", expression="false"),
            to("b", "user_choice", "z"),
            timeout_seconds=5,
            config={"quick_replies": [{"title": "z"}]},
        ),
        says("b"),
    )
    talk = Talk(flow)
    talk.wait(seconds=5)
    assert (talk.at, talk.state.timers, talk.state.fallback_count) == ("a", (), 0)


def test_misses_are_counted_and_the_last_one_hands_over() -> None:
    flow = a_flow(
        says("a", "A", to("b", "user_choice", "b"), config={"quick_replies": [{"title": "b"}]}),
        says("b"),
        state("person", "human_handoff"),
        settings={"max_fallbacks": 3, "fallback_text": "Pardon?"},
    )
    talk = Talk(flow)
    talk.say("1st miss")
    assert (talk.said, talk.state.fallback_count) == (["Pardon?"], 1)
    talk.say("2nd miss")
    talk.say("3rd miss")
    assert (talk.at, talk.state.status, talk.state.fallback_count) == ("person", "escalated", 0)


def test_without_a_handoff_state_the_last_miss_goes_to_the_error_state() -> None:
    flow = a_flow(
        says("a", "A", to("a", "user_choice", "b")),
        state("oops", "error", config={"response_templates": {"en": "Oops"}}),
        settings={"max_fallbacks": 1},
    )
    talk = Talk(flow)
    talk.say("miss")
    assert (talk.at, talk.said, talk.state.status) == ("oops", ["Oops"], Status.ERROR)


def test_without_an_error_state_a_failure_says_the_error_text_and_closes() -> None:
    flow = a_flow(
        says("a", "A", to("b")),
        says("b", "B", at_once("a", "false")),
        settings={"error_text": "Broken"},
    )
    talk = Talk(flow)
    talk.say("x")
    assert (talk.said, talk.state.status) == (["B", "Broken"], Status.ERROR)


def test_a_transition_taken_sets_the_misses_to_zero() -> None:
    flow = a_flow(says("a", "A", to("a", expression="input.text == 'ok'")))
    talk = Talk(flow)
    talk.say("miss")
    talk.say("ok")
    assert talk.state.fallback_count == 0


def test_the_hundred_and_first_state_undoes_the_turn_and_an_event_says_why() -> None:
    flow = a_flow(
        says("a", "A", to("b")),
        says(
            "b",
            "B",
            at_once("c"),
            entry_actions=[{"type": "set_variable", "config": {"key": "n", "value": 1}}],
        ),
        says("c", "C", at_once("b")),
        state("oops", "error", to("a"), config={"response_templates": {"en": "Oops"}}),
        variables={"n": 0},
    )
    talk = Talk(flow)
    talk.say("x")
    assert len(talk.turn.trace["path"]) == 100
    assert (talk.at, talk.said, talk.state.vars) == ("oops", ["Oops"], {"n": 0})
    assert talk.state.status is Status.ACTIVE
    assert [e.name for e in talk.events if isinstance(e, LogEvent)] == ["flow.loop_limit"]
    talk.say("start over")
    assert talk.at == "a"


def test_a_loop_on_the_first_turn_closes_where_no_error_state_waits() -> None:
    flow = a_flow(says("a", "A", at_once("b")), says("b", "B", at_once("a")))
    talk = Talk(flow)
    assert (talk.said, talk.state.status) == (["Sorry, something went wrong."], Status.ERROR)


def test_previous_is_the_state_that_the_last_global_transition_left() -> None:
    flow = a_flow(
        says("a", "A", to("b", expression="input.text == 'b'")),
        says("b", "B", to("a", expression="input.text == 'a'")),
        says("help", "Help", to("$previous", expression="input.text == 'back'")),
        global_transitions=[to("help", expression="input.text == 'help'")],
    )
    talk = Talk(flow)
    talk.say("b")
    talk.say("help")
    talk.say("back")
    assert (talk.at, talk.said) == ("b", ["B"])


def test_previous_does_not_hold_before_any_global_transition() -> None:
    talk = Talk(a_flow(says("a", "A", to("$previous"))))
    talk.say("x")
    assert (talk.at, talk.state.fallback_count) == ("a", 1)


def test_closing_from_outside_runs_no_exit_actions() -> None:
    flow = a_flow(
        says("a", "A", to("a"), exit_actions=[{"type": "log_event", "config": {"event": "left"}}])
    )
    talk = Talk(flow)
    talk.take(CloseEvent(Status.TIMEOUT))
    assert (talk.state.status, talk.events) == (Status.TIMEOUT, [])


def test_a_close_needs_a_status_that_closes() -> None:
    talk = Talk(a_flow(says("a", "A", to("a"))))
    with pytest.raises(ValueError, match="closes nothing"):
        talk.take(CloseEvent(Status.ACTIVE))


def test_a_message_with_bottomless_parts_is_heard_without_them() -> None:
    deep: Any = 1
    for _ in range(900):
        deep = {"x": deep}
    flow = a_flow(
        says("a", "A", to("b", expression="input.location == null"), to("c")),
        says("b", "{{ input.location }}{{ input.attachments }}"),
        says("c"),
    )
    talk = Talk(flow)
    talk.say("", location=deep, media=deep)
    assert (talk.at, talk.errors) == ("b", [])


def test_a_callback_is_ignored_while_nothing_is_asynchronous() -> None:
    talk = Talk(a_flow(says("a", "A", to("a"))))
    assert talk.take(CallbackEvent("x", {})).ignored


def test_a_start_and_a_state_do_not_go_together() -> None:
    talk = Talk(a_flow(says("a", "A", to("a"))))
    with pytest.raises(ValueError, match="a start begins"):
        talk.take(StartEvent())
    with pytest.raises(ValueError, match="a start begins"):
        run_turn(talk.program, None, MessageEvent({"text": "x"}), FixedServices())


def test_a_state_of_another_flow_is_refused() -> None:
    talk = Talk(a_flow(says("a", "A", to("a"))))
    talk.state.current_state = "elsewhere"
    with pytest.raises(ValueError, match="no state 'elsewhere'"):
        talk.say("x")


def test_a_turn_leaves_the_state_it_was_given_untouched() -> None:
    flow = a_flow(
        says(
            "a",
            "A",
            to(
                "a",
                actions=[
                    {"type": "set_variable", "config": {"key": "n", "expression": "vars.n + 1"}}
                ],
            ),
        ),
        variables={"n": 0},
    )
    talk = Talk(flow)
    before, as_it_was = talk.state, talk.state.to_json()
    as_it_was = {**as_it_was, "vars": dict(as_it_was["vars"])}
    talk.say("x")
    assert before.to_json() == as_it_was
    assert talk.state.vars == {"n": 1}


@pytest.mark.parametrize(
    ("message", "user", "expected"),
    [
        (None, None, "Hello"),
        (None, "de", "Hallo"),
        (None, "de-AT", "Hallo"),
        (None, "pt-BR", "Olá"),
        (None, "xx", "Hello"),
        ("de", "en", "Hallo"),
        ("DE", None, "Hallo"),
    ],
)
def test_a_text_is_in_the_messages_language_then_the_users_then_the_flows(
    message: Any, user: Any, expected: Any
) -> None:
    texts = {"de": "Hallo", "en": "Hello", "pt-BR": "Olá"}
    flow = a_flow(says("a", "A", to("b")), says("b", config={"response_templates": texts}))
    talk = Talk(flow, user={"language": user} if user else {})
    talk.say("x", **({"language": message} if message else {}))
    assert talk.said == [expected]


def test_idle_conversations_close_but_not_those_that_wait_or_are_with_a_person() -> None:
    flow = a_flow(
        says("a", "A", to("w")),
        state("w", "wait", to("p", "timeout"), to("p"), timeout_seconds=60),
        state("p", "human_handoff"),
        settings={"idle_timeout_seconds": 600},
    )
    talk = Talk(flow)
    due = talk.program.idle_due_at(talk.state, NOON)
    assert due is not None
    assert (due - NOON).total_seconds() == 600
    talk.say("x")
    assert talk.program.idle_due_at(talk.state, NOON) is None
    talk.say("y")
    assert talk.program.idle_due_at(talk.state, NOON) is None


def test_the_trace_says_what_was_tried_where_it_went_and_what_services_answered() -> None:
    flow = a_flow(
        says("a", "A", to("b", "intent_match", "buy"), to("b", "fallback")),
        says("b", "Hi {{ user.first_name }}"),
        intents={"buy": {"examples": ["buy"]}},
    )
    talk = Talk(flow, intents={"hm": [("buy", 0.4)]}, user={"first_name": "Ada"})
    trace = talk.say("hm").trace
    assert trace["event"] == {"kind": "message", "content": {"type": "text", "text": "hm"}}
    assert (trace["now"], trace["seed"]) == (NOON.isoformat(), 7)
    assert trace["services"] == {"classify": [["buy", 0.4]], "user": {"first_name": "Ada"}}
    assert trace["tried"] == [
        {"at": "/states/0/transitions/0", "held": False, "why": "the intent is buy at 0.40"},
        {"at": "/states/0/transitions/1", "held": True},
    ]
    assert (trace["path"], trace["effects"], trace["errors"]) == (["b"], 1, [])
    assert trace["state_after"] == talk.state.digest() != trace["state_before"]
