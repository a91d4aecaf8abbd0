"""Operators that break the shape of a flow, or its names."""

from collections.abc import Iterator
from typing import Any

from parley.engine.formats import dump_flow
from tests.property.flow_mutants import (
    Mutant,
    acting,
    drop,
    entry,
    is_async,
    mutant,
    operator,
    put,
    states,
    transitions,
)

NEEDS_VALUE = ("intent_match", "slot_filled", "user_choice", "intent_confidence")
PASSING = ("integration", "condition", "end")


@operator
def no_name(flow: Any) -> Iterator[Mutant]:
    for n, _ in states(flow):
        yield mutant("schema.missing", f"/states/{n}", flow, drop("states", n, "name"))


@operator
def unknown_field(flow: Any) -> Iterator[Mutant]:
    for n, _ in states(flow):
        at = f"/states/{n}/colour"
        yield mutant("schema.unknown_field", at, flow, put("states", n, "colour", "red"))


@operator
def unknown_type(flow: Any) -> Iterator[Mutant]:
    for n, _ in states(flow):
        at = f"/states/{n}"
        yield mutant("schema.unknown_type", at, flow, put("states", n, "type", "respnse"))


@operator
def priority_out_of_range(flow: Any) -> Iterator[Mutant]:
    for n, m, _ in transitions(flow):
        way = ("states", n, "transitions", m, "priority", 1_001)
        at = f"/states/{n}/transitions/{m}/priority"
        yield mutant("schema.value", at, flow, put(*way))


@operator
def bad_name(flow: Any) -> Iterator[Mutant]:
    for n, _ in states(flow):
        yield mutant("name.bad", f"/states/{n}/name", flow, put("states", n, "name", "a b"))


@operator
def reserved_slot(flow: Any) -> Iterator[Mutant]:
    for name in ("DESCRIPTOR", "SerializePartialToString"):
        slots = {**flow.get("slots", {}), name: {}}
        yield mutant("name.reserved", f"/slots/{name}", flow, put("slots", slots))


@operator
def twice_the_same_key(flow: Any) -> Iterator[Mutant]:
    for key in ("name", "language", "initial_state"):
        yield Mutant("flow.unreadable", f"/{key}", f"{dump_flow(flow)}{key}: again\n")


@operator
def twin_states(flow: Any) -> Iterator[Mutant]:
    first = flow["states"][0]["name"]
    for n, _ in list(states(flow))[1:]:
        change = put("states", n, "name", first)
        yield mutant("state.duplicate", f"/states/{n}/name", flow, change)


@operator
def retarget(flow: Any) -> Iterator[Mutant]:
    for n, m, _ in transitions(flow):
        at = f"/states/{n}/transitions/{m}/target_state"
        change = put("states", n, "transitions", m, "target_state", "nowhere")
        yield mutant("state.missing", at, flow, change)


@operator
def settings_name_another_type(flow: Any) -> Iterator[Mutant]:
    for setting in ("handoff_state", "error_state"):
        change = put("settings", setting, flow["initial_state"])
        yield mutant("state.wrong_type", f"/settings/{setting}", flow, change)


@operator
def end_too_early(flow: Any) -> Iterator[Mutant]:
    for n, state in states(flow):
        if state.get("transitions"):
            at = f"/states/{n}/transitions"
            change = put("states", n, "is_final", True)
            yield mutant("state.final_with_transitions", at, flow, change)


@operator
def end_where_somebody_is_waited_for(flow: Any) -> Iterator[Mutant]:
    for n, _ in states(flow, "intent", "slot_filling", "wait", "human_handoff", "condition"):

        def change(broken: Any, n: int = n) -> None:
            broken["states"][n] |= {"is_final": True, "transitions": []}

        yield mutant("state.final_and_waiting", f"/states/{n}/is_final", flow, change)


@operator
def forget_the_value(flow: Any) -> Iterator[Mutant]:
    for n, m, transition in transitions(flow):
        if transition["condition"] in NEEDS_VALUE:
            change = drop("states", n, "transitions", m, "condition_value")
            yield mutant("transition.value_missing", f"/states/{n}/transitions/{m}", flow, change)


@operator
def hear_where_nothing_waits(flow: Any) -> Iterator[Mutant]:
    for n, m, _ in transitions(flow):
        if flow["states"][n]["type"] in PASSING and not is_async(flow["states"][n]):
            at = f"/states/{n}/transitions/{m}/condition"
            change = put("states", n, "transitions", m, "condition", "any_input")
            yield mutant("transition.never_waits", at, flow, change)


@operator
def set_a_timer_that_leads_nowhere(flow: Any) -> Iterator[Mutant]:
    for n, state in states(flow):
        held = {t["condition"] for t in state.get("transitions", ())}
        if "timeout" not in held and not is_async(state):
            change = put("states", n, "timeout_seconds", 5)
            yield mutant("timeout.incomplete", f"/states/{n}", flow, change)


@operator
def wait_for_a_callback_for_ever(flow: Any) -> Iterator[Mutant]:
    for n, state in states(flow, "integration"):
        if is_async(state):
            change = drop("states", n, "timeout_seconds")
            yield mutant("timeout.incomplete", f"/states/{n}", flow, change)


@operator
def rename_an_intent(flow: Any) -> Iterator[Mutant]:
    for n, m, transition in transitions(flow):
        if transition["condition"] == "intent_match":
            at = f"/states/{n}/transitions/{m}/condition_value"
            change = drop("intents", transition["condition_value"])
            yield mutant("intent.undefined", at, flow, change)


@operator
def rename_a_slot(flow: Any) -> Iterator[Mutant]:
    for n, state in states(flow, "slot_filling"):
        for m, name in enumerate(state["config"]["required_slots"]):
            at = f"/states/{n}/config/required_slots/{m}"
            yield mutant("slot.undefined", at, flow, drop("slots", name))


@operator
def set_what_nobody_declared(flow: Any) -> Iterator[Mutant]:
    for n, _ in states(flow):
        action = {"type": "clear_variable", "config": {"key": "nobody"}}
        at = f"{entry(flow, n)}/config/key"
        yield mutant("variable.undefined", at, flow, acting(n, action))


@operator
def use_a_text_nobody_wrote(flow: Any) -> Iterator[Mutant]:
    for setting in ("fallback_text", "error_text"):
        change = put("settings", setting, {"text": "nobody"})
        yield mutant("text.undefined", f"/settings/{setting}", flow, change)


@operator
def ask_twice_for_the_same(flow: Any) -> Iterator[Mutant]:
    for n, _ in states(flow, "response"):
        form = {"fields": [{"name": "x", "label": "?"}] * 2}
        at = f"/states/{n}/config/form/fields"
        yield mutant("schema.value", at, flow, put("states", n, "config", "form", form))


@operator
def say_nothing(flow: Any) -> Iterator[Mutant]:
    for n, _ in states(flow):
        action = {"type": "send_message", "config": {}}
        yield mutant("action.incomplete", f"{entry(flow, n)}/config", flow, acting(n, action))


@operator
def wait_for_a_choice_nobody_offers(flow: Any) -> Iterator[Mutant]:
    for n, m, transition in transitions(flow):
        if transition["condition"] == "user_choice":
            at = f"/states/{n}/transitions/{m}/condition_value"
            change = put("states", n, "transitions", m, "condition_value", "nobody")
            yield mutant("choice.unoffered", at, flow, change)
