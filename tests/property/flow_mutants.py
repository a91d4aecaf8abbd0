"""Operators that break a sound flow in one place, each with the code and the place to be found."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from parley.domain.flow_states import Slot
from parley.engine.checks.surroundings import Surroundings
from parley.engine.formats import dump_flow
from parley.nlu.matcher import IntentMatcher

NEEDS_VALUE = ("intent_match", "slot_filled", "user_choice", "intent_confidence")
PASSING = ("integration", "condition", "end")
ON_INPUT = ("any_input", "intent_match", "intent_confidence", "low_confidence", "user_choice")


@dataclass(frozen=True)
class Mutant:
    """A flow and what has to be found in it."""

    code: str
    pointer: str
    flow: Any
    around: Surroundings = field(default_factory=Surroundings)


type Operator = Callable[[Any], Iterator[Mutant]]
OPERATORS: list[Operator] = []


def operator(function: Operator) -> Operator:
    OPERATORS.append(function)
    return function


def mutant(code: str, pointer: str, flow: Any, change: Any, around: Any = None) -> Mutant:
    """A copy of the flow, changed."""
    broken = copy.deepcopy(flow)
    change(broken)
    return Mutant(code, pointer, broken, around or Surroundings())


def transitions(flow: Any) -> Iterator[tuple[int, int, Any]]:
    for n, state in enumerate(flow["states"]):
        for m, transition in enumerate(state.get("transitions", ())):
            yield n, m, transition


def states(flow: Any, *kinds: str) -> Iterator[tuple[int, Any]]:
    for n, state in enumerate(flow["states"]):
        if not kinds or state["type"] in kinds:
            yield n, state


def put(*way: Any) -> Callable[[Any], None]:
    """Sets the value that stands last at the path before it."""
    *path, last, value = way

    def change(flow: Any) -> None:
        here = flow
        for part in path:
            here = here[part] if isinstance(here, list) else here.setdefault(part, {})
        here[last] = value

    return change


def drop(*way: Any) -> Callable[[Any], None]:
    *path, last = way

    def change(flow: Any) -> None:
        here = flow
        for part in path:
            here = here[part]
        del here[last]

    return change


def acting(n: int, action: Any) -> Callable[[Any], None]:
    """One more entry action, the last."""

    def change(flow: Any) -> None:
        flow["states"][n].setdefault("entry_actions", []).append(action)

    return change


def entry(flow: Any, n: int) -> str:
    return f"/states/{n}/entry_actions/{len(flow['states'][n].get('entry_actions', ()))}"


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
def forget_the_value(flow: Any) -> Iterator[Mutant]:
    for n, m, transition in transitions(flow):
        if transition["condition"] in NEEDS_VALUE:
            change = drop("states", n, "transitions", m, "condition_value")
            yield mutant("transition.value_missing", f"/states/{n}/transitions/{m}", flow, change)


@operator
def hear_where_nothing_waits(flow: Any) -> Iterator[Mutant]:
    for n, m, _ in transitions(flow):
        if flow["states"][n]["type"] in PASSING:
            at = f"/states/{n}/transitions/{m}/condition"
            change = put("states", n, "transitions", m, "condition", "any_input")
            yield mutant("transition.never_waits", at, flow, change)


@operator
def set_a_timer_that_leads_nowhere(flow: Any) -> Iterator[Mutant]:
    for n, state in states(flow):
        held = {t["condition"] for t in state.get("transitions", ())}
        if "timeout" not in held:
            change = put("states", n, "timeout_seconds", 5)
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


@operator
def break_a_guard(flow: Any) -> Iterator[Mutant]:
    for n, m, _ in transitions(flow):
        at = f"/states/{n}/transitions/{m}/expression"
        change = put("states", n, "transitions", m, "expression", "vars.v ==")
        yield mutant("expression.invalid", at, flow, change)


@operator
def break_a_text(flow: Any) -> Iterator[Mutant]:
    for n, state in states(flow):
        for language in state.get("config", {}).get("response_templates", {}):
            at = f"/states/{n}/config/response_templates/{language}"
            way = ("states", n, "config", "response_templates", language, "{{ slots.nobody }}")
            yield mutant("text.invalid", at, flow, put(*way))


@operator
def break_a_pattern(flow: Any) -> Iterator[Mutant]:
    for name, slot in flow.get("slots", {}).items():
        if slot.get("type", "string") == "string":
            change = put("slots", name, "pattern", "(a)\\1")
            yield mutant("pattern.invalid", f"/slots/{name}/pattern", flow, change)


@operator
def break_a_mapping(flow: Any) -> Iterator[Mutant]:
    for n, state in states(flow, "integration"):
        for name in state["config"].get("response_mapping", {}):
            at = f"/states/{n}/config/response_mapping/{name}"
            change = put("states", n, "config", "response_mapping", name, "a[")
            yield mutant("mapping.invalid", at, flow, change)


@operator
def lengthen_a_title(flow: Any) -> Iterator[Mutant]:
    for n, state in states(flow, "response"):
        for m, _ in enumerate(state["config"].get("quick_replies", ())):
            at = f"/states/{n}/config/quick_replies/{m}/title"
            change = put("states", n, "config", "quick_replies", m, "title", "x" * 21)
            yield mutant("content.title_too_long", at, flow, change)


@operator
def disagree_where_to_go(flow: Any) -> Iterator[Mutant]:
    for n, state in states(flow, "condition"):
        if len({choice["target_state"] for choice in state["config"]["conditions"]}) > 1:
            at = f"/states/{n}/config/conditions"
            change = put("states", n, "config", "evaluation_mode", "all_match")
            yield mutant("condition.different_targets", at, flow, change)


@operator
def leave_out_a_case(flow: Any) -> Iterator[Mutant]:
    for n, state in states(flow, "integration"):
        if "async" not in state["config"]:
            yield mutant(
                "state.dead_end", f"/states/{n}", flow, put("states", n, "transitions", [])
            )
    for n, state in states(flow, "condition"):
        if "default_state" in state["config"] and not state.get("transitions"):
            change = drop("states", n, "config", "default_state")
            yield mutant("state.dead_end", f"/states/{n}", flow, change)


@operator
def go_round(flow: Any) -> Iterator[Mutant]:
    for code in ("flow.cycle", "state.no_way_out"):
        for n, state in _passing_on(flow):
            change = put("states", n, "transitions", 0, "target_state", state["name"])
            yield mutant(code, f"/states/{n}", flow, change)


def _passing_on(flow: Any) -> Iterator[tuple[int, Any]]:
    """The responses whose only way on is always open."""
    for n, state in states(flow, "response"):
        ways = state.get("transitions", ())
        if len(ways) == 1 and ways[0]["condition"] == "expression":
            yield n, state


@operator
def take_an_integration_away(flow: Any) -> Iterator[Mutant]:
    for n, state in states(flow, "integration"):
        if not state["config"]["integration_id"].startswith("parley."):
            at, none = f"/states/{n}/config/integration_id", Surroundings(integrations=frozenset())
            yield Mutant("integration.unknown", at, flow, none)


@operator
def call(flow: Any) -> Iterator[Mutant]:
    slots = flow.get("slots", {})
    other = {name: Slot(type="location") for name in slots}
    for n, _ in states(flow):
        at = f"{entry(flow, n)}/config/flow"
        itself = {"type": "trigger_flow", "config": {"flow": flow["name"]}}
        yield mutant("flow.calls_itself", at, flow, acting(n, itself))
        calls = acting(n, {"type": "trigger_flow", "config": {"flow": "nobody"}})
        yield mutant("flow.unknown", at, flow, calls, Surroundings(flows={}))
        if slots:
            around = Surroundings(flows={"nobody": other})
            yield mutant("flow.slot_type", at, flow, calls, around)


@operator
def add_a_state_nothing_leads_to(flow: Any) -> Iterator[Mutant]:
    at = f"/states/{len(flow['states'])}"
    extra = [*flow["states"], {"name": "forgotten", "type": "end"}]
    yield mutant("state.unreachable", at, flow, put("states", extra))


@operator
def hide_a_transition(flow: Any) -> Iterator[Mutant]:
    for n, m, transition in transitions(flow):
        kind = flow["states"][n]["type"]
        if transition["condition"] in ON_INPUT and kind in ("response", "error", "intent"):
            first = {"condition": "any_input", "target_state": flow["initial_state"]}
            ways = [{**first, "priority": 0}, *flow["states"][n]["transitions"]]
            at = f"/states/{n}/transitions/{m + 1}"
            change = put("states", n, "transitions", ways)
            yield mutant("transition.shadowed", at, flow, change)


@operator
def guard_with_falsehood(flow: Any) -> Iterator[Mutant]:
    for n, m, _ in transitions(flow):
        at = f"/states/{n}/transitions/{m}"
        change = put("states", n, "transitions", m, "expression", "1 == 2")
        yield mutant("transition.unsatisfiable", at, flow, change)


@operator
def declare_a_slot_for_nothing(flow: Any) -> Iterator[Mutant]:
    yield mutant("slot.unread", "/slots/nobody", flow, put("slots", "nobody", {"type": "date"}))


@operator
def read_a_slot_too_early(flow: Any) -> Iterator[Mutant]:
    for n, state in states(flow, "response"):
        language = next(iter(state["config"]["response_templates"]))

        def change(broken: Any, n: int = n, language: str = language) -> None:
            broken.setdefault("slots", {})["nobody"] = {"type": "string"}
            broken["states"][n]["config"]["response_templates"][language] = "{{ slots.nobody }}"

        at = f"/states/{n}/config/response_templates/{language}"
        yield mutant("slot.unset", at, flow, change)


@operator
def forget_a_language(flow: Any) -> Iterator[Mutant]:
    for n, state in states(flow):
        templates = state.get("config", {}).get("response_templates", {})
        if len(templates) > 1:
            at = f"/states/{n}/config/response_templates"
            change = drop("states", n, "config", "response_templates", list(templates)[-1])
            yield mutant("text.missing_language", at, flow, change)


@operator
def say_too_much(flow: Any) -> Iterator[Mutant]:
    for n, state in states(flow):
        for language in state.get("config", {}).get("response_templates", {}):
            at = f"/states/{n}/config/response_templates/{language}"

            def change(broken: Any, n: int = n, language: str = language) -> None:
                broken["triggers"] = {"channels": ["sms"]}
                broken["states"][n]["config"]["response_templates"][language] = "x" * 1_601

            yield mutant("content.over_limit", at, flow, change)


@operator
def starve_an_intent(flow: Any) -> Iterator[Mutant]:
    for name in flow.get("intents", {}):
        change = put("intents", name, {"examples": ["one"]})
        yield mutant("intent.few_examples", f"/intents/{name}", flow, change)


@operator
def steal_an_example(flow: Any) -> Iterator[Mutant]:
    around = Surroundings(train=lambda intents: IntentMatcher.train(intents).classify)
    names = list(flow.get("intents", {}))
    for name, thief in pairwise(names):
        examples = flow["intents"][name].get("examples", ())
        if isinstance(examples, list) and isinstance(flow["intents"][thief]["examples"], list):
            stolen = [*flow["intents"][thief]["examples"], examples[0]]
            at = f"/intents/{name}/examples/0"
            change = put("intents", thief, "examples", stolen)
            yield mutant("intent.confused", at, flow, change, around)
