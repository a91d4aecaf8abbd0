"""Operators that break what a flow means: its parts, its graph, what it says and hears."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from parley.domain.flow_slots import Slot
from parley.engine.checks.surroundings import CalledFlow, Surroundings
from parley.nlu.matcher import IntentMatcher
from tests.property.flow_mutants import (
    Mutant,
    acting,
    drop,
    entry,
    mutant,
    operator,
    put,
    states,
    transitions,
)

ON_INPUT = ("any_input", "intent_match", "intent_confidence", "low_confidence", "user_choice")


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
def show_what_is_not_there(flow: Any) -> Iterator[Mutant]:
    for n, state in states(flow, "response"):
        for kind in ("media", "location", "carousel", "form"):
            if kind not in state["config"]:
                at = f"/states/{n}/config/response_type"
                named = "image" if kind == "media" else kind
                change = put("states", n, "config", "response_type", named)
                yield mutant("content.incomplete", at, flow, change)


@operator
def say_nothing_at_all(flow: Any) -> Iterator[Mutant]:
    for n, state in states(flow, "end", "human_handoff"):
        for language in state.get("config", {}).get("response_templates", {}):
            at = f"/states/{n}/config/response_templates/{language}"
            change = put("states", n, "config", "response_templates", language, "")
            yield mutant("content.incomplete", at, flow, change)


@operator
def ask_for_another_type(flow: Any) -> Iterator[Mutant]:
    for name, slot in flow.get("slots", {}).items():
        kind = "date" if slot.get("type") in ("integer", "number", "email", "enum") else "boolean"
        if slot.get("type") not in ("boolean", "any"):
            for n, _ in states(flow, "response"):
                form = {"fields": [{"name": name, "label": "?", "type": kind}]}
                at = f"/states/{n}/config/form/fields/0/type"
                yield mutant("form.wrong_field", at, flow, put("states", n, "config", "form", form))


@operator
def offer_nothing_to_choose_from(flow: Any) -> Iterator[Mutant]:
    for n, _ in states(flow, "response"):
        form = {"fields": [{"name": "choice_of_nobody", "label": "?", "type": "enum"}]}
        at = f"/states/{n}/config/form/fields/0"
        yield mutant("form.wrong_field", at, flow, put("states", n, "config", "form", form))


@operator
def ask_on_a_channel_without_forms(flow: Any) -> Iterator[Mutant]:
    for n, _ in states(flow, "response"):

        def change(broken: Any, n: int = n) -> None:
            broken["triggers"] = {"channels": ["sms"]}
            fields = [{"name": "anything_else", "label": "?"}]
            broken["states"][n]["config"]["form"] = {"fields": fields}

        yield mutant("content.over_limit", f"/states/{n}/config/form", flow, change)


@operator
def disagree_where_to_go(flow: Any) -> Iterator[Mutant]:
    for n, state in states(flow, "condition"):
        if len({choice["target_state"] for choice in state["config"]["conditions"]}) > 1:
            at = f"/states/{n}/config/conditions"
            change = put("states", n, "config", "evaluation_mode", "all_match")
            yield mutant("condition.different_targets", at, flow, change)


@operator
def leave_out_a_case(flow: Any) -> Iterator[Mutant]:
    for n, _ in states(flow, "integration"):
        yield mutant("state.dead_end", f"/states/{n}", flow, put("states", n, "transitions", []))
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
        if _needs_a_base(state["config"]):
            at, none = f"/states/{n}/config/integration_id", Surroundings(integrations=frozenset())
            yield Mutant("integration.unknown", at, flow, none)


def _needs_a_base(call: Any) -> bool:
    return not call["integration_id"].startswith("parley.") and "://" not in call["endpoint"]


@operator
def ask_a_built_in_for_what_it_does_not_do(flow: Any) -> Iterator[Mutant]:
    for n, _ in states(flow, "integration"):
        at = f"/states/{n}/config"
        unknown = put("states", n, "config", "integration_id", "parley.task")
        yield mutant("integration.built_in", f"{at}/integration_id", flow, unknown)

        def change(broken: Any, n: int = n) -> None:
            config = broken["states"][n]["config"]
            config.update(integration_id="parley.tasks", endpoint="destroy")

        yield mutant("integration.built_in", f"{at}/endpoint", flow, change)


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
            around = Surroundings(flows={"nobody": CalledFlow(other, frozenset())})
            yield mutant("flow.slot_type", at, flow, calls, around)


@operator
def call_two_at_once(flow: Any) -> Iterator[Mutant]:
    for n, state in states(flow):
        one = {"type": "trigger_flow", "config": {"flow": "other", "mode": "call"}}
        both = [*state.get("entry_actions", ()), one, one]
        at = f"/states/{n}/entry_actions/{len(both) - 1}"
        yield mutant("flow.never_called", at, flow, put("states", n, "entry_actions", both))


@operator
def do_something_on_leaving_the_end(flow: Any) -> Iterator[Mutant]:
    for n, state in states(flow):
        if state["type"] == "end":
            log = {"type": "log_event", "config": {"event": "left"}}
            change = put("states", n, "exit_actions", [log])
            yield mutant("action.never_done", f"/states/{n}/exit_actions", flow, change)


@operator
def hand_over_what_nobody_takes(flow: Any) -> Iterator[Mutant]:
    around = Surroundings(flows={"other": CalledFlow({}, frozenset({"known"}))})
    for field, source in (("arguments", "1"), ("results", "vars.unknown")):
        config = {"flow": "other", "mode": "call", field: {"unknown": source}}
        for n, _ in states(flow):
            at = f"{entry(flow, n)}/config/{field}/unknown"
            calls = acting(n, {"type": "trigger_flow", "config": config})
            yield mutant("flow.variable_unknown", at, flow, calls, around)


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


def calls_another(flow: Any) -> bool:
    """Then what a slot holds, and who reads it, is not for one document to say."""
    return "trigger_flow" in json.dumps(flow)


@operator
def declare_a_slot_for_nothing(flow: Any) -> Iterator[Mutant]:
    if not calls_another(flow):
        yield mutant("slot.unread", "/slots/nobody", flow, put("slots", "nobody", {"type": "date"}))


@operator
def read_a_slot_too_early(flow: Any) -> Iterator[Mutant]:
    for n, state in states(flow, "response"):
        if calls_another(flow):
            return
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
