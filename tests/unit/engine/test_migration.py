"""Moving a state to another version of its flow: what goes along, and what is a reason to stay."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from parley.domain.conversations import FlowPin, FlowVersion, Status, Timer
from parley.domain.ids import FlowId
from parley.domain.json import JsonObject
from parley.engine.effects import LogEvent
from parley.engine.events import CloseEvent, MessageEvent, MigrateEvent
from parley.engine.migration import Stays, migrate, moved
from parley.engine.replay import COURSE, replay
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

V1, V2 = (FlowPin(FlowId("f"), FlowVersion(version)) for version in ("1.0", "1.1"))
HELLO = says("hello", "Hi", to("hello"))
HI = says("hi", "Hi", to("hi"))
HAND = state("hand", "human_handoff")
SLOTS: JsonObject = {"age": {"type": "integer"}, "name": {}, "note": {}}


def asking(*required: str, **slots: JsonObject) -> JsonObject:
    """A flow that asks for an age and a name; `slots` are declared otherwise."""
    ask = state(
        "ask",
        "slot_filling",
        to("hello", "all_slots_filled"),
        config={"required_slots": required or ["age", "name"], "optional_slots": ["note"]},
    )
    return a_flow(ask, HELLO, slots={**SLOTS, **slots})


def waiting(name: str = "w", **how: Any) -> JsonObject:
    """A flow that waits; `how` is `timeout_seconds` or a config."""
    return a_flow(state(name, "wait", to(name, "timeout"), to(name), **how))


def move(given: RunState, before: JsonObject, after: JsonObject, **names: str) -> RunState | Stays:
    return moved(given, program(before), program(after), names, NOON)


def arrived(given: RunState, before: JsonObject, after: JsonObject, **names: str) -> RunState:
    there = move(given, before, after, **names)
    assert isinstance(there, RunState), there
    return there


def reasons(
    given: RunState, before: JsonObject, after: JsonObject, **names: str
) -> tuple[str, ...]:
    there = move(given, before, after, **names)
    assert isinstance(there, Stays)
    return there.reasons


def test_a_state_that_is_there_too_is_gone_on_from() -> None:
    talk = Talk(asking())
    talk.say("33")
    after = {**asking(), "initial_state": "hello"}

    there = arrived(talk.state, asking(), after)
    turn = run_turn(program(after), there, MessageEvent({"text": "Ada"}), talk.services)

    assert there == talk.state
    assert (turn.state.current_state, turn.state.slots) == ("hello", {"age": 33, "name": "Ada"})


def test_states_go_by_their_new_names() -> None:
    given = RunState("hand", Status.ESCALATED, previous="hello", left="hello")

    there = arrived(
        given, a_flow(HELLO, HAND), a_flow(HI, {**HAND, "name": "desk"}), hand="desk", hello="hi"
    )

    assert (there.current_state, there.previous, there.left) == ("desk", "hi", "hi")
    assert there.status is Status.ESCALATED


GONE = "there is no state 'hello': map 'hello' to one that there is"


@pytest.mark.parametrize(
    ("given", "after", "names", "why"),
    [
        (RunState("hello"), a_flow(HI), {}, GONE),
        (
            RunState("hello"),
            a_flow(HI),
            {"hello": "ho"},
            "there is no state 'ho': map 'hello' to one that there is",
        ),
        (
            RunState("hello"),
            a_flow(says("hello", "Hi", at_once("hi")), HI),
            {},
            "'hello' does not wait: map 'hello' to a state that does",
        ),
        (RunState("hi", previous="hello"), a_flow(HI), {}, f"it may go back to 'hello': {GONE}"),
        (
            RunState("hand", Status.ESCALATED, left="hello"),
            a_flow(HI, HAND),
            {},
            f"it may go back to 'hello': {GONE}",
        ),
        (RunState("hello", Status.COMPLETED), a_flow(HELLO), {}, "it has ended"),
        (
            RunState("hello", flow="survey"),
            a_flow(HELLO),
            {},
            "it is in a flow that its own has called",
        ),
        (
            RunState("hello"),
            a_flow(HELLO, HAND),
            {"hello": "hand"},
            "'hand' hands over to a person, and nobody was asked for",
        ),
        (
            RunState("hello", Status.ESCALATED),
            a_flow(HELLO),
            {},
            "a person has it, and 'hello' is no handoff",
        ),
        (
            RunState("hello"),
            waiting(config={"until": "now"}),
            {"hello": "w"},
            "only who enters 'w' learns until when it waits",
        ),
    ],
)
def test_a_conversation_stays_where_it_could_not_rest(
    given: RunState, after: JsonObject, names: dict[str, str], why: str
) -> None:
    assert reasons(given, a_flow(HELLO, HI, HAND), after, **names) == (why,)


def awaiting(name: str = "call") -> JsonObject:
    return a_flow(
        state(
            name,
            "integration",
            to(name, "integration_success"),
            to(name, "integration_error"),
            timeout_seconds=60,
            config={"integration_id": "x", "async": True},
        )
    )


def test_a_call_is_awaited_only_by_a_state_that_waits_for_one() -> None:
    given = RunState("call", awaited="7-0")

    assert arrived(given, awaiting(), awaiting("again"), call="again").awaited == "7-0"
    assert arrived(given, awaiting(), a_flow(HELLO), call="hello").awaited is None
    assert reasons(RunState("hello"), a_flow(HELLO), awaiting(), hello="call") == (
        "only who enters 'call' makes the call that it waits for",
    )


def test_every_reason_is_told_and_no_value() -> None:
    given = RunState("ask", slots={"age": 7, "name": "Ada"}, previous="gone")
    after = asking(age={"type": "date"}, name={"min_length": 9})

    assert reasons(given, asking(), after) == (
        "it may go back to 'gone': there is no state 'gone': map 'gone' to one that there is",
        "slot 'age' holds what it accepts no more: not a value of type date",
        "slot 'name' holds what it accepts no more: shorter than 9 characters",
    )


def test_a_slot_takes_the_type_that_it_has_there() -> None:
    given = RunState("ask", slots={"name": "42"})

    there = arrived(given, asking(), asking(name={"type": "integer"}))

    assert there.slots == {"name": 42}


def test_a_slot_that_is_not_declared_there_is_emptied() -> None:
    given = RunState("hello", slots={"age": 7})

    assert arrived(given, asking(), a_flow(HELLO)).slots == {}


def test_a_slot_that_a_called_flow_has_filled_stays() -> None:
    given = RunState("hello", slots={"rating": 4})

    assert arrived(given, a_flow(HELLO), a_flow(HELLO)).slots == {"rating": 4}


def test_variables_are_those_of_the_flow_it_moves_to() -> None:
    before = a_flow(HELLO, variables={"kept": 1, "gone": 2})
    after = a_flow(HELLO, variables={"kept": 9, "new": [3]})

    assert arrived(RunState("hello", vars={"kept": 5, "gone": 6}), before, after).vars == {
        "kept": 5,
        "new": [3],
    }


def test_what_nothing_reads_outside_a_handoff_is_no_reason_to_stay() -> None:
    there = arrived(RunState("hi", left="hello"), a_flow(HELLO, HI), a_flow(HI))

    assert there == RunState("hi")


def test_the_rest_of_the_state_goes_along() -> None:
    given = RunState(
        "hello",
        language="de",
        entries=7,
        misses=1,
        fallback_count=2,
        choices=[{"title": "Yes", "payload": "yes"}],
        context={"tier": 1},
        form={"age": "integer"},
    )

    assert arrived(given, a_flow(HELLO), a_flow(HELLO)) == given


SOON = (Timer("3", NOON + timedelta(seconds=5)),)


@pytest.mark.parametrize(
    ("before", "after", "timers", "expected"),
    [
        (waiting(timeout_seconds=60), waiting(timeout_seconds=90), SOON, SOON),
        (waiting(timeout_seconds=60), waiting(config={"until": "now"}), SOON, SOON),
        (
            a_flow(says("w", "Hi", to("w"))),
            waiting(timeout_seconds=90),
            (),
            (Timer("3", NOON + timedelta(seconds=90)),),
        ),
        (waiting(timeout_seconds=60), waiting(timeout_seconds=90), (), ()),
        (waiting(config={"until": "now"}), waiting(config={"until": "now"}), (), ()),
        (waiting(timeout_seconds=60), a_flow(says("w", "Hi", to("w"))), SOON, ()),
    ],
    ids=["kept", "kept for a time", "started", "fired", "fired at a time", "dropped"],
)
def test_the_timer_of_the_entry_goes_along(
    before: JsonObject, after: JsonObject, timers: tuple[Timer, ...], expected: tuple[Timer, ...]
) -> None:
    there = arrived(RunState("w", entries=3, timers=timers), before, after)

    assert there.timers == expected


def calling(name: str = "w") -> JsonObject:
    """A flow that waits for the answer to a call."""
    over = [to(name, "integration_success"), to(name, "integration_error")]
    config = {"integration_id": "x", "endpoint": "/x", "async": True}
    return a_flow(state(name, "integration", *over, config=config, timeout_seconds=60))


def test_a_call_is_still_awaited_by_a_state_that_waits_for_one() -> None:
    given = RunState("w", entries=3, timers=SOON, awaited="7-0")

    assert arrived(given, calling(), calling("there"), w="there").awaited == "7-0"


def test_a_call_is_given_up_where_none_is_waited_for() -> None:
    given = RunState("w", entries=3, timers=SOON, awaited="7-0")

    there = arrived(given, calling(), waiting(timeout_seconds=90))

    assert (there.awaited, there.timers) == (None, SOON)


def test_where_a_call_is_waited_for_one_must_have_been_made() -> None:
    there = move(RunState("w"), waiting(timeout_seconds=90), calling())

    assert there == Stays(("only who enters 'w' makes the call that it waits for",))


def test_what_was_asked_for_is_still_asked_for() -> None:
    given = RunState("ask", asked="name")

    assert arrived(given, asking(), asking()).asked == "name"


@pytest.mark.parametrize("asked", ["name", None])
def test_an_answer_to_what_is_asked_no_more_is_for_the_first_missing_slot(
    asked: str | None,
) -> None:
    given = RunState("ask", asked=asked, slots={"age": 1})
    after = asking("age", "town", town={})
    there = arrived(given, asking(), after)

    turn = run_turn(program(after), there, MessageEvent({"text": "Rome"}), FixedServices())

    assert there.asked == "town"
    assert turn.state.slots == {"age": 1, "town": "Rome"}


def test_nothing_is_asked_for_where_nothing_is_missing() -> None:
    given = RunState("hello", slots={"age": 1, "name": "Ada"})
    there = arrived(given, asking(), asking(), hello="ask")

    turn = run_turn(program(asking()), there, MessageEvent({"text": "go"}), FixedServices())

    assert (there.asked, turn.state.current_state) == (None, "hello")


def test_a_state_without_slots_asks_for_none() -> None:
    there = arrived(RunState("ask", asked="age"), asking(), asking(), ask="hello")

    assert (there.current_state, there.asked) == ("hello", None)


def proposed(*then: Any) -> RunState:
    more = {"then": [*then]} if then else {}
    return RunState("ask", asked="age", proposed={"value": 33, **more})


CONFIRMED: JsonObject = {"type": "integer", "confirm": True}


@pytest.mark.parametrize(
    ("given", "slots", "filled"),
    [
        (proposed(), {"age": CONFIRMED}, {"age": 33}),
        (proposed(["name", "Ada"]), {"age": CONFIRMED, "name": {"confirm": True}}, {"age": 33}),
        (proposed(["name", "Ada"]), {"age": CONFIRMED}, {}),
        (proposed(), {"age": {"type": "integer"}}, {}),
        (proposed(), {"age": {**CONFIRMED, "maximum": 9}}, {}),
        (proposed(["town", "Rome"]), {"age": CONFIRMED, "town": {"confirm": True}}, {}),
    ],
)
def test_a_value_to_confirm_is_kept_while_it_is_to_be_confirmed_and_accepted(
    given: RunState, slots: JsonObject, filled: JsonObject
) -> None:
    there = arrived(given, asking(**slots), asking(**slots))

    turn = run_turn(program(asking(**slots)), there, MessageEvent({"text": "yes"}), FixedServices())

    assert there.asked == "age"
    assert there.proposed == (given.proposed if filled else None)
    assert turn.state.slots == filled


def migrated(talk: Talk, after: JsonObject, **names: str) -> Turn:
    """The turn that moves the talk, noted in its traces."""
    event = MigrateEvent(V1, V2, names)
    there = program(after)
    turn = migrate(talk.program, there, talk.state, event, talk.services)
    talk.traces.append(json.loads(json.dumps(turn.trace)))
    if not turn.ignored:
        talk.program = there
    talk.turn = turn
    return turn


def test_a_move_is_a_turn_that_says_nothing_and_is_told() -> None:
    talk = Talk(a_flow(HELLO))

    turn = migrated(talk, a_flow(HI), hello="hi", other="hi")

    versions = {"from": "1.0", "to": "1.1"}
    assert turn.effects == (LogEvent("conversation.migrated", {**versions, "state": "hi"}),)
    assert not turn.ignored
    assert turn.trace["event"] == {
        "kind": "migrate",
        "from": {"id": "f", "version": "1.0"},
        "to": {"id": "f", "version": "1.1"},
        "state_map": {"hello": "hi"},
    }
    assert (turn.trace["path"], turn.trace["services"]) == ([], {})
    assert turn.trace["state_after"] == RunState.from_json(turn.state.to_json()).digest()


def test_a_move_that_cannot_be_changes_nothing_and_says_why() -> None:
    talk = Talk(a_flow(HELLO))
    before = talk.state

    turn = migrated(talk, a_flow(HI))

    data = {"from": "1.0", "to": "1.1", "reasons": [GONE]}
    assert turn.effects == (LogEvent("conversation.not_migrated", data),)
    assert (turn.state, turn.ignored, turn.trace["reasons"]) == (before, True, [GONE])


def test_one_that_rests_in_a_called_flow_goes_on_resting_there() -> None:
    survey = a_flow(says("ask", "How was it?", to("ask")), name="survey")
    services = FixedServices(flows=[survey])
    state_there = RunState("ask", flow="survey")

    event = MigrateEvent(V1, V2, {})
    turn = migrate(program(a_flow(HELLO)), program(a_flow(HI)), state_there, event, services)

    assert (turn.ignored, turn.flow.name, turn.state) == (True, "survey", state_there)


def test_one_program_alone_moves_nothing() -> None:
    talk = Talk(a_flow(HELLO))

    with pytest.raises(ValueError, match="two programs"):
        talk.take(MigrateEvent(V1, V2, {}))


def moved_talk() -> Talk:
    """One that could not move, moved later, and went on to its end."""
    talk = Talk(asking())
    migrated(talk, a_flow(HI))
    talk.say("33")
    migrated(talk, asking("age", "town", town={}))
    talk.say("Rome")
    talk.take(CloseEvent(Status.TIMEOUT))
    return talk


def programs(pin: FlowPin) -> Any:
    assert pin == V2
    return program(asking("age", "town", town={}))


def test_turns_after_a_move_are_replayed_on_what_they_ran_on() -> None:
    talk = moved_talk()
    attempts = [turn for turn in talk.traces if turn["event"]["kind"] == "migrate"]
    assert [turn["ignored"] for turn in attempts] == [True, False]

    traces = [trace for trace in talk.traces if not trace["ignored"]]
    again = replay(program(asking()), traces, program_of=programs)

    assert (again.difference, again.turns) == (None, 5)
    assert again.state == talk.state
    assert talk.state.slots == {"age": 33, "town": "Rome"}


def test_a_move_that_could_not_be_is_judged_again_in_a_replay() -> None:
    talk = Talk(a_flow(HELLO))
    migrated(talk, a_flow(HI))
    talk.say("hey")

    same = replay(program(a_flow(HELLO)), talk.traces, program_of=lambda _: program(a_flow(HI)))
    other = replay(program(a_flow(HELLO)), talk.traces, program_of=lambda _: program(a_flow(HELLO)))

    assert (same.difference, same.state) == (None, talk.state)
    assert other.difference is not None
    assert (other.difference.turn_no, other.difference.what) == (2, "ignored")


def test_a_move_that_comes_out_otherwise_differs() -> None:
    talk = moved_talk()
    traces = [trace for trace in talk.traces if not trace["ignored"]]

    other = program({**asking("age", "town", town={}), "variables": {"more": 1}})
    again = replay(program(asking()), traces, program_of=lambda _: other)

    assert again.difference is not None
    assert (again.difference.turn_no, again.difference.what) == (3, "state_after")


def test_a_changed_flow_runs_the_whole_conversation_wherever_it_was_moved() -> None:
    talk = Talk(a_flow(HELLO))
    migrated(talk, a_flow({**HELLO, "description": "second"}))
    talk.say("hey")

    again = replay(program(a_flow(HELLO)), talk.traces, compared=COURSE)

    assert (again.difference, again.turns) == (None, 3)
    assert again.state is not None
    assert replace(again.state, entries=0) == replace(talk.state, entries=0)
