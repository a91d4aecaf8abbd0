"""What passes the check never gets stuck, and what cannot happen is no error."""

from typing import Any

import pytest

from parley.domain.errors import FlowInvalid
from parley.domain.json import JsonObject
from parley.engine.check import check_flow, has_errors
from tests.unit.engine.talks import Talk, a_flow, at_once, program, says, state, to

AGE = {"age": {"type": "integer"}}
CLEAR = {"type": "clear_slot", "config": {"key": "age"}}


def errors(flow: JsonObject) -> list[tuple[str, str]]:
    return [(d.code, d.pointer) for d in check_flow(flow) if d.severity == "error"]


def asking(*actions: JsonObject, more: Any = (), **config: Any) -> JsonObject:
    """Asks for the age, looks it up, and asks anew where that fails; `actions` come before."""
    ask = state(
        "ask",
        "slot_filling",
        to("look", "all_slots_filled"),
        config={"required_slots": ["age"], **config},
    )
    ways = [to("bye", "integration_success"), to("sorry", "integration_error")]
    look = state("look", "integration", *ways, config={"integration_id": "x"})
    sorry = says("sorry", None, at_once("ask", actions=list(actions)), entry_actions=list(more))
    return a_flow(ask, look, sorry, says("bye"), slots=AGE)


def test_a_slot_that_stays_filled_is_not_asked_for_and_makes_a_circle() -> None:
    assert errors(asking()) == [("flow.cycle", "/states/0")]


def test_the_message_and_the_counter_example_show_the_circle_of_a_filled_slot() -> None:
    flow = asking()
    flow["states"][0]["transitions"][0]["target_state"] = "sorry"
    (finding,) = (d for d in check_flow(flow) if d.code == "flow.cycle")
    assert "empty a slot" in finding.message
    assert finding.counter_example is not None
    *_, last = finding.counter_example["tests"][0]["steps"]
    assert last["expect"]["effects"] == [{"kind": "log_event", "name": "flow.loop_limit"}]


def test_a_slot_that_is_emptied_on_the_way_is_asked_for_again() -> None:
    assert errors(asking(CLEAR)) == []
    assert errors(asking(more=[CLEAR])) == []


def test_a_slot_that_may_stay_filled_makes_a_circle() -> None:
    perhaps = {**CLEAR, "condition": "slots.age > 3"}
    again = {"type": "set_slot", "config": {"key": "age", "value": 3}}
    for actions in ([perhaps], [CLEAR, again]):
        assert errors(asking(*actions)) == [("flow.cycle", "/states/0")]
    assert errors(asking(CLEAR, from_event=True)) == [("flow.cycle", "/states/0")]


def test_a_slot_emptied_on_one_way_of_two_makes_a_circle() -> None:
    flow = asking(CLEAR)
    flow["states"][2]["transitions"].insert(0, at_once("ask", "slots.age > 3"))
    assert errors(flow) == [("flow.cycle", "/states/0")]


def test_a_wait_that_may_fail_goes_round_with_the_error_state() -> None:
    wait = state("doze", "wait", to("doze", "timeout"), config={"until": "now"})
    flow = a_flow(wait, state("oops", "error", at_once("doze")))
    assert errors(flow) == [("flow.cycle", "/states/0")]
    flow["states"][0] = {**wait, "config": {}, "timeout_seconds": 60}
    assert errors(flow) == []


def test_previous_may_lead_back_into_a_circle() -> None:
    ask = state(
        "ask", "slot_filling", to("bye", "all_slots_filled"), config={"required_slots": ["age"]}
    )
    flow = a_flow(ask, says("back", None, at_once("$previous")), says("bye"), slots=AGE)
    flow["global_transitions"] = [to("back", "any_input", priority=0)]
    assert errors(flow) == []
    flow["states"][0]["transitions"][0]["target_state"] = "back"
    assert ("flow.cycle", "/states/0") in errors(flow)


@pytest.mark.parametrize("kind", ["response", "integration", "slot_filling"])
def test_previous_is_no_way_on_before_a_global_transition(kind: str) -> None:
    back = {
        "response": says("back", None, at_once("$previous")),
        "integration": state(
            "back",
            "integration",
            to("$previous", "integration_success"),
            to("$previous", "integration_error"),
            config={"integration_id": "x"},
        ),
        "slot_filling": state(
            "back",
            "slot_filling",
            to("$previous", "all_slots_filled"),
            config={"required_slots": ["age"]},
        ),
    }[kind]
    flow = a_flow(says("ask", None, to("ask")), back, slots=AGE)
    flow["global_transitions"] = [to("back", "any_input")]
    assert ("state.dead_end", "/states/1") not in errors(flow)
    flow["states"][0]["transitions"] = [to("back", "any_input")]
    assert ("state.dead_end", "/states/1") in errors(flow)


def test_what_only_looks_like_the_opposite_leaves_out_a_case() -> None:
    guards = ("has(slots.age) && slots.age > 3", "!has(slots.age) && slots.age > 3")
    flow = a_flow(says("a", None, *(at_once("b", g) for g in guards)), says("b"), slots=AGE)
    assert errors(flow) == [("state.dead_end", "/states/0")]


@pytest.mark.parametrize("guards", [("slots.age > 3", "!(slots.age > 3)"), ("vars.v", "!vars.v")])
def test_of_two_opposite_guards_one_holds_also_where_both_fail(guards: tuple[str, str]) -> None:
    for first, second in (guards, guards[::-1]):
        ways = at_once("yes", first), at_once("yes", second)
        negated = 0 if first.startswith("!") else 1
        ways[negated]["target_state"] = "no"
        flow = a_flow(says("a", None, *ways), says("yes"), says("no"), slots=AGE)
        flow["variables"] = {"v": "neither"}
        assert not has_errors(check_flow(flow))
        talk = Talk(flow)
        assert talk.at == "no"
        assert talk.errors
        conditions = [
            {"expression": way["expression"], "target_state": way["target_state"]} for way in ways
        ]
        choice = state("a", "condition", config={"conditions": conditions})
        assert Talk({**flow, "states": [choice, *flow["states"][1:]]}).at == "no"


def test_a_guard_alone_that_fails_is_false_opposite_or_not() -> None:
    flow = a_flow(says("a", None, at_once("b", "!(slots.age > 3)"), at_once("c")), slots=AGE)
    flow["states"] += [says("b"), says("c")]
    assert Talk(flow).at == "c"


def test_names_that_differ_by_case_and_underscores_alone_are_different_names() -> None:
    slots = {"a_b": {"type": "integer"}, "aB": {"type": "string"}}
    entry = [{"type": "set_slot", "config": {"key": "aB", "value": "x"}}]
    one = says("one", None, at_once("two", "!has(slots.a_b) && slots.aB == 'x'"), at_once("one"))
    flow = a_flow({**one, "entry_actions": entry}, says("two"), slots=slots)
    assert Talk(flow).at == "two"


@pytest.mark.parametrize("name", ["$previous", "vars.a b", "vars.", "1a", "a\n"])
def test_nothing_is_mapped_to_what_no_variable_can_be_called(name: str) -> None:
    flow = asking(CLEAR)
    flow["states"][1]["config"]["response_mapping"] = {name: "a"}
    flow["states"][2]["entry_actions"] = [
        {"type": "set_variable", "config": {"key": "v", "expression": "vars.v"}}
    ]
    flow["variables"] = {"v": 1}
    assert errors(flow) == [("mapping.invalid", f"/states/1/config/response_mapping/{name}")]


def test_shared_texts_that_lead_back_to_themselves_are_found() -> None:
    flow = a_flow(says("a"), texts={"x": {"text": "y"}, "y": {"text": "x"}, "z": {"en": "Z"}})
    flow["settings"] = {"error_text": {"text": "x"}}
    assert errors(flow) == [("text.undefined", "/texts/x"), ("text.undefined", "/texts/y")]
    with pytest.raises(FlowInvalid, match="back to itself"):
        program(flow)


def test_a_text_in_no_language_is_refused() -> None:
    flow = asking(CLEAR)
    flow["states"][1]["config"]["endpoint"] = {}
    assert ("schema.value", "/states/1/config/endpoint") in errors(flow)
