import copy
import json
from pathlib import Path
from typing import Any

import pytest

from parley.domain.errors import FlowInvalid
from parley.domain.flow_slots import Slot
from parley.domain.json import JsonObject
from parley.engine.check import OUTER_RULES, RULES, check_flow, has_errors
from parley.engine.checks.surroundings import CalledFlow, Surroundings
from parley.engine.formats import dump_flow, load_flow
from parley.nlu.matcher import IntentMatcher
from tests.unit.engine.talks import Talk, a_flow, at_once, program, says, state, to

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "flows").glob("*.yaml"))


def found(flow: Any) -> Any:
    return {(d.code, d.pointer) for d in check_flow(flow)}


SOUND = a_flow(
    says("ask", "Hi {{ user.first_name }} {{ vars.v }}", to("form")),
    state(
        "form",
        "slot_filling",
        to("call", "all_slots_filled"),
        config={"required_slots": ["n"], "validation_rules": {"n": "slots.n > vars.v"}},
    ),
    state(
        "call",
        "integration",
        to("end", "integration_success"),
        to("person", "integration_error"),
        config={"integration_id": "x", "response_mapping": {"mapped": "a.b"}},
    ),
    state("person", "human_handoff"),
    state("end", "end", config={"response_templates": {"en": "{{ vars.mapped }} {{ slots.n }}"}}),
    slots={"n": {"type": "integer"}},
    variables={"v": 1},
)


def with_state(extra: Any, **more: Any) -> Any:
    """The sound flow with one more state, which its first one leads to."""
    flow = copy.deepcopy({**SOUND, **more})
    flow["states"].append(extra)
    flow["states"][0]["transitions"].append(to(extra["name"], priority=500))
    return flow


def a_choice(*expressions: Any) -> Any:
    """A condition state that goes to the end if an expression holds, and else too."""
    conditions = [{"expression": source, "target_state": "end"} for source in expressions]
    return state("c", "condition", config={"conditions": conditions, "default_state": "end"})


def calling(flow: str, **more: Any) -> Any:
    return {"type": "trigger_flow", "config": {"flow": flow, **more}}


def changed(pointer: Any, value: Any) -> Any:
    """The sound flow with one value changed, or taken away if it is `...`."""
    if not pointer:
        return value
    flow = copy.deepcopy(SOUND)
    *way, last = pointer.strip("/").split("/")
    here: Any = flow
    for part in way:
        here = here[int(part)] if isinstance(here, list) else here.setdefault(part, {})
    key = int(last) if isinstance(here, list) else last
    if value is ...:
        del here[key]
    else:
        here[key] = value
    return flow


def built_in_call(endpoint: Any, *, is_async: bool = False) -> Any:
    """The sound flow, calling `parley.tasks` in place of its integration."""
    flow = changed("/states/2/config", {"integration_id": "parley.tasks", "endpoint": endpoint})
    flow["states"][2]["config"].update({"async": True} if is_async else {})
    flow["states"][4]["config"]["response_templates"]["en"] = "{{ slots.n }}"
    return flow


def test_a_sound_flow_has_no_findings() -> None:
    assert check_flow(SOUND) == []


@pytest.mark.parametrize(
    "path", [p for p in EXAMPLES if ".test." not in p.name], ids=lambda p: p.name
)
def test_the_examples_have_no_errors(path: Any) -> None:
    assert not has_errors(check_flow(path.read_text()))


@pytest.mark.parametrize(
    ("code", "at", "flow"),
    [
        ("schema.missing", "", changed("/name", ...)),
        ("schema.missing", "/states/0", changed("/states/0/name", ...)),
        ("schema.missing", "/states/1/config", changed("/states/1/config/required_slots", ...)),
        ("schema.unknown_field", "/states/0/colour", changed("/states/0/colour", "red")),
        ("schema.unknown_type", "/states/0", changed("/states/0/type", "respnse")),
        ("schema.value", "/states/0/config/delay_ms", changed("/states/0/config/delay_ms", 10_001)),
        (
            "schema.value",
            "/states/0/config/response_templates",
            changed("/states/0/config/response_templates", {}),
        ),
        ("schema.value", "/states/0/timeout_seconds", changed("/states/0/timeout_seconds", 3_601)),
        (
            "schema.value",
            "/states/0/transitions/0/priority",
            changed("/states/0/transitions/0/priority", 1_001),
        ),
        (
            "schema.value",
            "/states/0/transitions/0/condition",
            changed("/states/0/transitions/0/condition", "any_inptu"),
        ),
        ("schema.value", "/schema", changed("/schema", "parley/2")),
        ("name.bad", "/states/0/name", changed("/states/0/name", "a b")),
        ("name.bad", "/slots/a-b", changed("/slots", {"a-b": {}})),
        ("name.reserved", "/slots/DESCRIPTOR", changed("/slots", {"DESCRIPTOR": {}})),
        (
            "name.reserved",
            "/variables/call",
            {
                **changed("/variables", {"call": 1}),
                "states": changed("/states/0/entry_actions", [calling("x", mode="call")])["states"],
            },
        ),
        ("state.duplicate", "/states/1/name", changed("/states/1/name", "ask")),
        ("state.missing", "/initial_state", changed("/initial_state", "nowhere")),
        (
            "state.missing",
            "/states/0/transitions/0/target_state",
            changed("/states/0/transitions/0/target_state", "nowhere"),
        ),
        ("state.missing", "/settings/error_state", changed("/settings", {"error_state": "x"})),
        (
            "state.missing",
            "/states/3/config/return_state",
            changed("/states/3/config", {"return_state": "x"}),
        ),
        (
            "state.wrong_type",
            "/settings/handoff_state",
            changed("/settings", {"handoff_state": "ask"}),
        ),
        (
            "state.final_with_transitions",
            "/states/4/transitions",
            changed("/states/4/transitions", [at_once("ask")]),
        ),
        (
            "action.never_done",
            "/states/4/exit_actions",
            changed(
                "/states/4/exit_actions",
                [{"type": "log_event", "config": {"event": "left"}}],
            ),
        ),
        (
            "flow.never_called",
            "/states/0/entry_actions/1",
            changed("/states/0/entry_actions", [calling("survey"), calling("other")]),
        ),
        (
            "flow.never_called",
            "/states/0/transitions/0/actions/0",
            changed(
                "/states/0",
                {
                    **SOUND["states"][0],
                    "exit_actions": [calling("survey", mode="call")],
                    "transitions": [to("form", actions=[calling("other")])],
                },
            ),
        ),
        (
            "state.final_and_waiting",
            "/states/3/is_final",
            changed("/states/3/is_final", True),
        ),
        (
            "transition.value_missing",
            "/states/0/transitions/0",
            changed("/states/0/transitions/0/condition", "intent_match"),
        ),
        (
            "transition.value_missing",
            "/states/0/transitions/0",
            changed("/states/0/transitions/0/condition", "expression"),
        ),
        (
            "transition.never_waits",
            "/states/2/transitions/0/condition",
            changed("/states/2/transitions/0/condition", "any_input"),
        ),
        ("timeout.incomplete", "/states/0", changed("/states/0/timeout_seconds", 5)),
        (
            "timeout.incomplete",
            "/states/0",
            changed("/states/0/transitions/0/condition", "timeout"),
        ),
        ("timeout.incomplete", "/states/5", with_state(state("w", "wait", to("end")))),
        (
            "intent.undefined",
            "/global_transitions/0/condition_value",
            changed("/global_transitions", [to("ask", "intent_match", "x")]),
        ),
        (
            "intent.undefined",
            "/states/5/config/fallback_intent",
            with_state(state("i", "intent", config={"fallback_intent": "x"})),
        ),
        (
            "slot.undefined",
            "/states/1/config/required_slots/0",
            changed("/states/1/config", {"required_slots": ["m"]}),
        ),
        (
            "variable.undefined",
            "/states/0/entry_actions/0/config/key",
            changed(
                "/states/0/entry_actions", [{"type": "clear_variable", "config": {"key": "nope"}}]
            ),
        ),
        (
            "text.undefined",
            "/settings/fallback_text",
            changed("/settings", {"fallback_text": {"text": "nope"}}),
        ),
        (
            "action.incomplete",
            "/states/0/entry_actions/0/config",
            changed("/states/0/entry_actions", [{"type": "set_variable", "config": {"key": "v"}}]),
        ),
        (
            "action.incomplete",
            "/states/0/entry_actions/0/config",
            changed("/states/0/entry_actions", [{"type": "send_message", "config": {}}]),
        ),
        (
            "action.incomplete",
            "/states/0/entry_actions/0/config/results",
            changed("/states/0/entry_actions", [calling("survey", results={"v": "vars.note"})]),
        ),
        (
            "expression.invalid",
            "/states/0/entry_actions/0/config/arguments/what",
            changed("/states/0/entry_actions", [calling("survey", arguments={"what": "vars.w"})]),
        ),
        (
            "expression.invalid",
            "/states/0/entry_actions/0/config/results/v",
            changed(
                "/states/0/entry_actions",
                [calling("survey", mode="call", results={"v": "slots.nobody"})],
            ),
        ),
        (
            "choice.unoffered",
            "/states/0/transitions/0/condition_value",
            changed("/states/0/transitions/0", to("form", "user_choice", "x")),
        ),
        (
            "expression.invalid",
            "/states/0/transitions/0/expression",
            changed("/states/0/transitions/0/expression", "slots.n > 'a'"),
        ),
        (
            "expression.invalid",
            "/states/0/transitions/0/expression",
            changed("/states/0/transitions/0/expression", "slots.n + 1"),
        ),
        (
            "expression.invalid",
            "/states/0/transitions/0/expression",
            changed("/states/0/transitions/0/expression", "vars.unknown == 1"),
        ),
        (
            "expression.invalid",
            "/states/1/config/validation_rules/n",
            changed("/states/1/config/validation_rules/n", "(("),
        ),
        (
            "expression.invalid",
            "/states/0/transitions/0/expression",
            changed("/states/0/transitions/0/expression", "1 == " + "1" * 10_000),
        ),
        (
            "text.invalid",
            "/states/0/config/response_templates/en",
            changed("/states/0/config/response_templates/en", "{{ slots.nn }}"),
        ),
        (
            "text.invalid",
            "/states/0/config/response_templates/en",
            changed("/states/0/config/response_templates/en", "{{ slotz.n }}"),
        ),
        (
            "text.invalid",
            "/states/2/config/endpoint",
            changed("/states/2/config/endpoint", "/{{ vars.v | nosuch }}"),
        ),
        (
            "text.invalid",
            "/states/0/entry_actions/0/config/data/k",
            changed(
                "/states/0/entry_actions",
                [{"type": "log_event", "config": {"event": "e", "data": {"k": "{{"}}}],
            ),
        ),
        ("pattern.invalid", "/slots/n/pattern", changed("/slots/n", {"pattern": "(a)\\1"})),
        (
            "pattern.invalid",
            "/slots/n/pattern",
            changed("/slots/n", {"pattern": "((a{100}){100}){100}"}),
        ),
        (
            "mapping.invalid",
            "/states/2/config/response_mapping/mapped",
            changed("/states/2/config/response_mapping/mapped", "a["),
        ),
        (
            "mapping.invalid",
            "/states/2/config/response_mapping/mapped",
            changed(
                "/states/2/config/response_mapping/mapped", "[@,@,@,@]|[@,@,@,@]|[@,@,@,@]|[@,@]"
            ),
        ),
        (
            "mapping.invalid",
            "/states/2/config/response_mapping/mapped",
            changed("/states/2/config/response_mapping/mapped", "join(@, @)"),
        ),
        (
            "content.title_too_long",
            "/states/0/config/quick_replies/0/title",
            changed("/states/0/config/quick_replies", [{"title": "x" * 21}]),
        ),
        (
            "content.incomplete",
            "/states/0/config/response_templates/en",
            changed("/states/0/config/response_templates/en", ""),
        ),
        (
            "content.incomplete",
            "/states/0/config/response_templates/en",
            changed("/states/0/config/response_templates/en", {"quick_replies": [{"title": "Hi"}]}),
        ),
        (
            "content.incomplete",
            "/states/0/config/response_type",
            changed("/states/0/config/response_type", "image"),
        ),
        (
            "content.incomplete",
            "/states/0/config/response_templates/en/type",
            changed("/states/0/config/response_templates/en", {"text": "Hi", "type": "carousel"}),
        ),
        (
            "content.incomplete",
            "/states/0/entry_actions/0/config/type",
            changed(
                "/states/0/entry_actions",
                [
                    {
                        "type": "send_message",
                        "config": {
                            "type": "image",
                            "media": {"url": "https://x.org/a.pdf", "type": "application/pdf"},
                        },
                    }
                ],
            ),
        ),
        (
            "form.wrong_field",
            "/states/0/config/form/fields/0/type",
            changed(
                "/states/0/config/form",
                {"fields": [{"name": "n", "label": "N", "type": "date"}]},
            ),
        ),
        (
            "condition.different_targets",
            "/states/5/config/conditions",
            with_state(
                state(
                    "c",
                    "condition",
                    config={
                        "evaluation_mode": "all_match",
                        "default_state": "end",
                        "conditions": [
                            {"expression": "true", "target_state": "ask"},
                            {"expression": "true", "target_state": "end"},
                        ],
                    },
                )
            ),
        ),
        (
            "state.dead_end",
            "/states/5",
            with_state(
                state(
                    "c",
                    "condition",
                    config={"conditions": [{"expression": "vars.v == 1", "target_state": "ask"}]},
                )
            ),
        ),
        ("state.dead_end", "/states/5", with_state(says("d", "D", at_once("ask", "vars.v == 1")))),
        (
            "state.dead_end",
            "/states/2",
            changed("/states/2/transitions", [to("end", "integration_success")]),
        ),
        ("state.dead_end", "/states/1", changed("/states/1/transitions", [])),
        ("flow.cycle", "/states/5", with_state(says("c", "C", at_once("c")))),
        ("state.no_way_out", "/states/5", with_state(says("c", "C", at_once("c")))),
        ("timeout.incomplete", "/states/2", changed("/states/2/config/async", True)),
        (
            "integration.built_in",
            "/states/2/config/integration_id",
            changed("/states/2/config/integration_id", "parley.task"),
        ),
        (
            "integration.built_in",
            "/states/2/config/endpoint",
            changed("/states/2/config/integration_id", "parley.tasks"),
        ),
        (
            "integration.built_in",
            "/states/2/config/endpoint/de",
            built_in_call({"en": "create", "de": "erstellen"}),
        ),
        ("integration.built_in", "/states/2/config/async", built_in_call("create", is_async=True)),
        (
            "integration.built_in",
            "/states/0/entry_actions/0/config/endpoint",
            changed(
                "/states/0/entry_actions",
                [
                    {
                        "type": "call_integration",
                        "config": {"integration_id": "parley.llm", "endpoint": "write"},
                    }
                ],
            ),
        ),
        ("state.unreachable", "/states/1", changed("/states/0/transitions/0/target_state", "end")),
        ("intent.few_examples", "/intents/i", changed("/intents", {"i": {"examples": ["one"]}})),
        (
            "transition.shadowed",
            "/states/0/transitions/1",
            changed("/states/0/transitions", [to("form"), to("end", "low_confidence")]),
        ),
        (
            "transition.shadowed",
            "/states/0/transitions/0",
            changed("/states/0/transitions", [to("end", "fallback"), to("form")]),
        ),
        (
            "transition.shadowed",
            "/states/0/transitions/2",
            changed(
                "/states/0/transitions",
                [
                    to("form", expression="vars.v == 1"),
                    to("call", expression="!(vars.v == 1)"),
                    to("end"),
                ],
            ),
        ),
        (
            "transition.shadowed",
            "/states/2/transitions/1",
            changed(
                "/states/2/transitions",
                [
                    to("person", "integration_error"),
                    to("end", "integration_error", "404"),
                    to("end", "integration_success"),
                ],
            ),
        ),
        (
            "transition.shadowed",
            "/states/2/transitions/1",
            changed(
                "/states/2/transitions",
                [
                    to("person", "integration_error", "http_4xx"),
                    to("end", "integration_error", "404"),
                    to("person", "integration_error"),
                    to("end", "integration_success"),
                ],
            ),
        ),
        (
            "transition.shadowed",
            "/global_transitions/1",
            changed("/global_transitions", [to("ask"), to("end", "any_input")]),
        ),
        (
            "transition.shadowed",
            "/states/5/config/conditions/1",
            with_state(a_choice("true", "vars.v == 1")),
        ),
        (
            "transition.shadowed",
            "/states/5/transitions/0",
            with_state({**a_choice("vars.v == 1"), "transitions": [at_once("end")]}),
        ),
        (
            "transition.unsatisfiable",
            "/states/0/transitions/0",
            changed("/states/0/transitions/0/expression", "1 == 2"),
        ),
        (
            "transition.unsatisfiable",
            "/states/0/transitions/0",
            changed("/states/0/transitions/0/expression", "vars.v > 1 && !(vars.v > 1)"),
        ),
        (
            "transition.unsatisfiable",
            "/states/0/transitions/0",
            changed("/states/0/transitions/0/expression", "vars.v == 1 && vars.v == 2"),
        ),
        (
            "transition.unsatisfiable",
            "/states/5/config/conditions/0",
            with_state(
                a_choice("slots.size == 'huge'"),
                slots={**SOUND["slots"], "size": {"type": "enum", "enum": ["small", "large"]}},
            ),
        ),
        (
            "transition.unsatisfiable",
            "/states/5/config/conditions/0",
            with_state(a_choice("slots.n > 5"), slots={"n": {"type": "integer", "maximum": 5}}),
        ),
        (
            "transition.unsatisfiable",
            "/states/5/config/conditions/0",
            with_state(
                {
                    **a_choice("vars.mood == 'angry'"),
                    "entry_actions": [
                        {"type": "set_variable", "config": {"key": "mood", "value": "happy"}}
                    ],
                },
                variables={"v": 1, "mood": None},
            ),
        ),
        (
            "transition.unsatisfiable",
            "/states/0/transitions/0",
            changed("/states/0/transitions/0", to("form", "intent_confidence", 1.5)),
        ),
        (
            "transition.unsatisfiable",
            "/states/2/transitions/1",
            changed(
                "/states/2/transitions",
                [
                    to("end", "integration_success"),
                    to("end", "integration_error", "http_6xx"),
                    to("person", "integration_error"),
                ],
            ),
        ),
        (
            "transition.unsatisfiable",
            "/states/0/transitions/0",
            changed(
                "",
                {
                    **SOUND,
                    "slots": {**SOUND["slots"], "never": {}},
                    "states": [
                        says("ask", "Hi {{ vars.v }}", to("form", "slot_filled", "never")),
                        *SOUND["states"][1:],
                    ],
                },
            ),
        ),
        (
            "transition.unsatisfiable",
            "/states/5/transitions/0",
            with_state(
                state(
                    "i",
                    "intent",
                    to("end", "intent_match", "b"),
                    config={"intent_patterns": ["a"]},
                ),
                intents={"a": {"keywords": ["a"]}, "b": {"keywords": ["b"]}},
            ),
        ),
        (
            "slot.unset",
            "/states/0/config/response_templates/en",
            changed("/states/0/config/response_templates/en", "Hi {{ slots.n }}"),
        ),
        (
            "slot.unset",
            "/states/0/transitions/0/expression",
            changed("/states/0/transitions/0/expression", "slots.n > 1"),
        ),
        ("slot.unread", "/slots/m", changed("/slots/m", {"type": "string"})),
        (
            "text.missing_language",
            "/states/4/config/response_templates",
            changed("/states/0/config/response_templates", {"en": "Hi", "de": "Hallo"}),
        ),
        (
            "text.missing_language",
            "/slots/n/prompt",
            changed("/slots/n/prompt", {"de": "Wie viele?"}),
        ),
        (
            "content.over_limit",
            "/states/0/config/response_templates/en",
            changed(
                "",
                {
                    **changed("/states/0/config/response_templates/en", "x" * 1_601),
                    "triggers": {"channels": ["sms"]},
                },
            ),
        ),
        ("flow.unreadable", "", changed("/metadata", float("nan"))),
    ],
)
def test_a_fault_is_found_with_its_code_and_place(code: Any, at: Any, flow: Any) -> None:
    assert (code, at) in found(flow)


def test_every_rule_has_an_example_above_and_a_code_of_its_own() -> None:
    codes = [rule.code for rule in RULES]
    assert len(set(codes)) == len(codes)
    mark = next(
        mark
        for mark in test_a_fault_is_found_with_its_code_and_place.pytestmark
        if mark.name == "parametrize"
    )
    assert set(codes) <= {code for code, _, _ in mark.args[1]}


@pytest.mark.parametrize(
    "guards", [("true",), ("vars.v == 1", "!(vars.v == 1)"), ("slots.n > 1", "true")]
)
def test_guards_that_leave_nothing_out_are_no_dead_end(guards: Any) -> None:
    flow = with_state(says("d", "D", *(at_once("ask", guard) for guard in guards)))
    assert ("state.dead_end", "/states/5") not in found(flow)


@pytest.mark.parametrize(
    "transitions",
    [
        [to("form", priority=200), to("end", "timeout", priority=100)],
        [to("form", expression="vars.v == 1"), to("end")],
        [to("form", "intent_confidence", 0.9), to("end", "intent_confidence", 0.5)],
        [to("$previous"), to("form")],
        [to("form", "fallback"), to("end", "user_choice", "x", priority=500)],
    ],
)
def test_a_transition_that_may_still_hold_is_not_called_hidden(transitions: Any) -> None:
    flow = changed("/states/0/transitions", transitions)
    assert "transition.shadowed" not in {code for code, _ in found(flow)}


@pytest.mark.parametrize(
    "guard",
    ["vars.v == 1 || vars.v == 2", "vars.v == 'x' ? false : true", "vars.mapped == 'x'", "true"],
)
def test_a_guard_that_may_hold_is_not_called_unsatisfiable(guard: str) -> None:
    flow = changed("/states/0/transitions/0/expression", guard)
    assert "transition.unsatisfiable" not in {code for code, _ in found(flow)}


@pytest.mark.parametrize(
    "text", ["{{ slots.n | default: 'friend' }}", "{% if slots.n %}{{ slots.n }}{% endif %}"]
)
def test_a_text_that_knows_what_to_say_without_a_slot_may_read_it_early(text: str) -> None:
    flow = changed("/states/0/config/response_templates/en", text)
    assert "slot.unset" not in {code for code, _ in found(flow)}


ALIKE = {
    "refund": {"examples": ["I want to have all my money back", "refund please", "pay me back"]},
    "payout": {"examples": ["I want to have all my money back now", "pay out", "withdraw"]},
}
CALLS = calling("survey")


@pytest.mark.parametrize(
    ("code", "at", "flow", "around"),
    [
        (
            "integration.unknown",
            "/states/2/config/integration_id",
            SOUND,
            Surroundings(integrations=frozenset({"orders"})),
        ),
        (
            "flow.calls_itself",
            "/states/0/entry_actions/0/config/flow",
            changed("", {**changed("/states/0/entry_actions", [CALLS]), "name": "survey"}),
            Surroundings(),
        ),
        (
            "flow.unknown",
            "/states/0/entry_actions/0/config/flow",
            changed("/states/0/entry_actions", [CALLS]),
            Surroundings(flows={"other": CalledFlow({}, frozenset())}),
        ),
        (
            "flow.slot_type",
            "/states/0/entry_actions/0/config/flow",
            changed("/states/0/entry_actions", [CALLS]),
            Surroundings(flows={"survey": CalledFlow({"n": Slot(type="string")}, frozenset())}),
        ),
        (
            "flow.variable_unknown",
            "/states/0/entry_actions/0/config/arguments/what",
            changed("/states/0/entry_actions", [calling("survey", arguments={"what": "1"})]),
            Surroundings(flows={"survey": CalledFlow({}, frozenset({"note"}))}),
        ),
        (
            "flow.variable_unknown",
            "/states/0/entry_actions/0/config/results/v",
            changed(
                "/states/0/entry_actions",
                [calling("survey", mode="call", results={"v": "vars.note + vars.what"})],
            ),
            Surroundings(flows={"survey": CalledFlow({}, frozenset({"note"}))}),
        ),
        (
            "intent.confused",
            "/intents/refund/examples/0",
            changed("/intents", ALIKE),
            Surroundings(train=lambda intents: IntentMatcher.train(intents).classify),
        ),
    ],
)
def test_what_the_surroundings_lack_is_found(code: Any, at: Any, flow: Any, around: Any) -> None:
    assert (code, at) in {(d.code, d.pointer) for d in check_flow(flow, around)}
    assert code in {rule.code for rule in OUTER_RULES}


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("/orders", True),
        ("{{ slots.n }}/orders", True),
        ({"en": "/orders", "de": "/bestellungen"}, True),
        ({"text": "shared"}, True),
        ("https://shop.example/orders", False),
        ({"en": "/orders", "de": "https://shop.example"}, False),
        ({"text": "address"}, False),
    ],
)
def test_only_what_is_called_below_a_base_address_needs_to_be_set_up(
    endpoint: Any, *, expected: bool
) -> None:
    texts = {"shared": {"en": "/orders"}, "address": {"en": "https://shop.example/"}}
    flow = changed("", {**changed("/states/2/config/endpoint", endpoint), "texts": texts})

    found = check_flow(flow, Surroundings(integrations=frozenset()))

    assert ("integration.unknown" in {each.code for each in found}) is expected


def test_the_flows_that_are_looked_up_are_those_that_a_document_names() -> None:
    asked: list[frozenset[str]] = []
    flow = changed("", {**changed("/states/0/entry_actions", [CALLS]), "name": "orders"})
    settings = {**flow.get("settings", {}), "fallback_flow": "simple"}

    def find(names: frozenset[str]) -> Surroundings:
        asked.append(names)
        return Surroundings(flows=dict.fromkeys(["survey"], CalledFlow({}, frozenset())))

    found = check_flow({**flow, "settings": settings}, find)

    assert asked == [{"survey", "simple"}]
    assert [d.pointer for d in found if d.code == "flow.unknown"] == ["/settings/fallback_flow"]


def test_surroundings_that_have_all_a_flow_needs_add_no_finding() -> None:
    around = Surroundings(
        integrations=frozenset({"x", "orders"}),
        flows={},
        train=lambda intents: IntentMatcher.train(intents).classify,
    )
    assert check_flow(SOUND, around) == []
    order_status = EXAMPLES[0].parent / "order_status.yaml"
    assert check_flow(order_status.read_text(), around) == []


def test_a_finding_in_a_text_has_its_line_and_column() -> None:
    text = dump_flow(changed("/states/0/transitions/0/target_state", "nowhere"))
    (missing,) = (d for d in check_flow(text) if d.code == "state.missing")
    assert missing.line is not None
    assert missing.column is not None
    line = text.splitlines()[missing.line - 1]
    assert line[missing.column - 1 :].startswith("target_state: nowhere")


def a_doubt(confidence: Any) -> JsonObject:
    """A flow with a dead end, for which the check looks for a conversation that shows it."""
    return a_flow(
        says("ask", "Hi", to("stuck", "intent_confidence", confidence)),
        says("stuck", "Hm", at_once("ask", "vars.n > 1")),
        variables={"n": 0},
    )


def test_a_confidence_that_is_a_word_is_a_finding_and_no_crash() -> None:
    codes = [diagnostic.code for diagnostic in check_flow(a_doubt("buy"))]

    assert codes[:2] == ["transition.value_missing", "state.dead_end"]
    with pytest.raises(FlowInvalid, match="a confidence is a number"):
        program(a_doubt("buy"))


def test_a_confidence_larger_than_any_float_only_never_holds() -> None:
    codes = [diagnostic.code for diagnostic in check_flow(a_doubt(10**400))]

    assert codes == ["state.dead_end", "transition.unsatisfiable"]
    assert Talk(a_doubt(10**400)).say("buy").state.current_state == "ask"


def test_what_the_check_lets_through_can_be_compiled() -> None:
    assert not has_errors(check_flow(SOUND))
    assert program(SOUND).states.keys() == {"ask", "form", "call", "person", "end"}


@pytest.mark.parametrize("pointer", ["/initial_state", "/states/0/transitions/0/target_state"])
def test_what_cannot_run_is_refused_when_it_is_compiled(pointer: Any) -> None:
    with pytest.raises(FlowInvalid) as refused:
        program(changed(pointer, "nowhere"))
    assert refused.value.faults[0].pointer == pointer


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the text is empty"),
        ("a: [", "neither YAML nor JSON"),
        ("a: 1\na: 2", "written twice"),
        ("&a [*a]", "endless"),
        ("a: " + "[" * 21 + "]" * 21, "deeper than 20 levels"),
        ("[" * 3_000, "nested too deeply"),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ('{"a":' * 40_000, "nested too deeply"),
        ("- " * 100_000, "nested too deeply"),
        ("\n".join(" " * n + "a:" for n in range(600)), "nested too deeply"),
        ("[" + "1," * 100_000 + "1]", "lines and commas"),
        ("a: !!int x", "no int"),
        ("? [a]\n: 1", "a name is a plain word"),
        ("a: .nan", "no float"),
        ("a: " + "x" * (1024 * 1024), "at most 256 KB"),
        ("\ud800", "surrogate"),
        ("a: &x [" + "1," * 999 + "1]\nb: &y [" + "*x," * 300 + "1]\nc: [*y, *y]", "more than"),
    ],
)
def test_a_text_that_is_no_document_is_told_so(text: Any, why: Any) -> None:
    (finding,) = check_flow(text)
    assert (finding.code, finding.severity) == ("flow.unreadable", "error")
    assert why in finding.message


def test_yaml_is_read_by_its_core_schema_and_json_is_yaml() -> None:
    assert load_flow("a: yes\nb: 0o17\nc: 1e3\nd: ~\ne: 12:30\nf: 2026-01-31\ng: True") == {
        "a": "yes",
        "b": 15,
        "c": 1000.0,
        "d": None,
        "e": "12:30",
        "f": "2026-01-31",
        "g": True,
    }
    assert load_flow('{"a": [1, true, null, "\\u00e9"]}') == {"a": [1, True, None, "é"]}


def test_a_document_written_as_yaml_is_read_back_the_same() -> None:
    document = {**SOUND, "texts": {"t": "yes", "u": "1", "v": "null", "w": "a: b\n\nc"}}
    assert load_flow(dump_flow(document)) == document


def test_load_flow_refuses_with_the_place() -> None:
    with pytest.raises(FlowInvalid, match=r"line 2, column 1"):
        load_flow("a: 1\na: 2")


@pytest.mark.parametrize(
    "text", ['{"a": NaN}', '{"a": 1e999}', '{"a": 1, "a": 2}', '{"a": -Infinity}']
)
def test_json_that_no_standard_allows_is_no_flow(text: str) -> None:
    assert [d.code for d in check_flow(text)] == ["flow.unreadable"]


def test_a_finding_in_json_has_its_place_too() -> None:
    text = json.dumps(changed("/states/0/transitions/0/target_state", "nowhere"), indent=1)
    (missing,) = (d for d in check_flow(text) if d.code == "state.missing")
    assert missing.line is not None
    assert '"target_state": "nowhere"' in text.splitlines()[missing.line - 1]


@pytest.mark.parametrize("mode", ["replace", "call"])
def test_a_state_that_another_flow_takes_over_needs_no_way_on(mode: str) -> None:
    gone = says("gone", "Gone", at_once("gone"), entry_actions=[calling("survey", mode=mode)])

    codes = {code for code, _ in found(with_state(gone))}

    assert ("flow.cycle" in codes) == (mode == "call")


def test_a_transition_that_another_flow_takes_over_leads_nowhere() -> None:
    over = at_once("gone", actions=[calling("survey")])

    codes = {code for code, _ in found(with_state(says("gone", "Gone", over)))}

    assert codes.isdisjoint({"flow.cycle", "state.no_way_out", "state.dead_end"})


def test_a_call_before_the_flow_that_takes_over_is_the_one_that_counts() -> None:
    both = [calling("survey", mode="call"), calling("survey")]
    around = at_once("gone", actions=both)

    codes = {code for code, _ in found(with_state(says("gone", "Gone", around)))}

    assert "flow.cycle" in codes


def test_what_a_call_gives_back_is_declared_by_it() -> None:
    action = calling("survey", mode="call", results={"note": "vars.anything"})
    flow = changed("/states/0/entry_actions", [action])
    flow["states"][0]["config"]["response_templates"] = {
        "en": "{{ vars.note }} {{ vars.call.status }}"
    }

    assert "text.invalid" not in {code for code, _ in found(flow)}
