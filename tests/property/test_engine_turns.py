"""Whatever a sound flow is and whatever comes in: turns end, states survive, replays agree."""

import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from parley.domain.conversations import Status
from parley.domain.json import JsonObject
from parley.engine.check import check_flow, has_errors
from parley.engine.events import (
    AgentEvent,
    CallbackEvent,
    CloseEvent,
    MessageEvent,
    StartEvent,
    TimerEvent,
)
from parley.engine.formats import load_flow
from parley.engine.replay import replay
from parley.engine.services import IntegrationReply
from parley.engine.state import RunState
from parley.engine.turn import run_turn
from tests.unit.engine.talks import FixedServices, program

_YAML = "{}[]:,-&*!|>'\"#%@`\n ?"
EXAMPLE = load_flow(
    (Path(__file__).parents[2] / "examples" / "flows" / "order_status.yaml").read_text()
)
NAMES = ("a", "b", "c", "d", "e")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
WORDS = st.sampled_from(
    [
        "hi",
        "1",
        "2",
        "yes",
        "no",
        "mittel, 5, hey",
        "change the age to 7",
        "tomorrow 3 pm",
        "where is my order",
        "AB123456",
        "5",
        "",
        "Ada",
        "2026-01-01",
    ]
) | st.text(max_size=30)
CONTENTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "image", "location", "quick_reply", "form"])},
    optional={
        "text": WORDS,
        "payload": WORDS,
        "language": st.sampled_from(["de", "xx", ""]),
        "location": JSON,
        "media": JSON,
        "values": JSON,
    },
) | st.dictionaries(st.sampled_from(["type", "text", "payload", "language", "location"]), JSON)
FILLED_IN = st.fixed_dictionaries(
    {
        "type": st.just("form"),
        "values": st.dictionaries(
            st.sampled_from(["age", "size", "note", "day", "colour", "pick", "nobody"]),
            WORDS | JSON,
        ),
    },
    optional={"text": WORDS},
)
EVENTS = st.one_of(
    FILLED_IN.map(MessageEvent),
    CONTENTS.map(MessageEvent),
    WORDS.map(lambda text: MessageEvent({"type": "text", "text": text})),
    st.integers(1, 9).map(lambda n: TimerEvent(str(n))),
    st.just(AgentEvent("message", {"type": "text", "text": "Kim"})),
    st.sampled_from([AgentEvent("return"), AgentEvent("resolve")]),
    JSON.map(lambda data: CallbackEvent("x", {"data": data})),
    st.just(CloseEvent(Status.TIMEOUT)),
)
REPLIES = st.builds(
    IntegrationReply,
    st.sampled_from(["success", "error"]),
    st.sampled_from([None, "timeout", "http_4xx"]),
    st.sampled_from([None, 404]),
    JSON,
)

_GUARDS = st.sampled_from(
    [
        None,
        "vars.n > 1",
        "has(slots.age)",
        "slots.age > 17",
        "input.text == 'hi'",
        "intent.name == 'buy'",
        "vars.any.x[0] == 1",
        "integration.kind == 'timeout'",
        "conversation.attributes.tier == '1'",
        "input.form.colour == 'red'",
    ]
)
_TEXTS = st.sampled_from(
    [
        "Hello",
        "{{ input.text }}",
        "{{ slots.age }} {{ vars.any }}",
        "{{ vars.n | divided_by: vars.n }}",
        "{{ input.form }}{{ input.form.age }}",
        "{% for i in vars.any %}{{ i }}{% endfor %}",
        "{{ user.first_name | default: 'you' | upcase }}",
    ]
)
FORM: JsonObject = {
    "title": "{{ vars.n }}",
    "fields": [
        {"name": "age", "label": "{{ vars.any }}"},
        {"name": "size", "label": "Size", "required": False},
        {"name": "day", "label": "Day"},
        {"name": "colour", "label": {"en": "Colour", "de": "Farbe"}, "type": "text"},
        {"name": "pick", "label": "P", "options": [{"title": "{{ input.text }}", "value": "1"}]},
    ],
}
_ACTIONS = st.sampled_from(
    [
        {"type": "set_variable", "config": {"key": "n", "expression": "vars.n + 1"}},
        {"type": "set_variable", "config": {"key": "any", "expression": "integration.data"}},
        {"type": "set_variable", "config": {"key": "any", "value": "{{ input.text }}"}},
        {"type": "set_slot", "config": {"key": "age", "expression": "input.text"}},
        {"type": "clear_slot", "config": {"key": "age"}},
        {"type": "set_slot", "config": {"key": "age", "expression": "input.form.age"}},
        {"type": "set_variable", "config": {"key": "any", "expression": "input.form"}},
        {"type": "send_message", "config": {"form": FORM}},
        {"type": "log_event", "config": {"event": "seen", "data": {"n": "{{ vars.n }}"}}},
        {"type": "send_message", "config": {"text": "{{ vars.any }}"}},
        {"type": "set_context", "config": {"key": "language", "value": "{{ input.text }}"}},
        {"type": "set_context", "config": {"key": "language", "value": "de"}},
        {"type": "set_context", "config": {"key": "tags", "value": ["{{ input.text }}"]}},
        {"type": "set_context", "config": {"key": "tier", "value": "{{ vars.n }}"}},
        {"type": "send_analytics", "config": {"metric": "m", "value": "{{ vars.any }}"}},
        {
            "type": "call_integration",
            "config": {"integration_id": "x", "request": {"a": "{{ vars.any }}"}, "save_as": "any"},
        },
    ]
)


@st.composite
def transitions(draw: Any, conditions: tuple[str, ...]) -> JsonObject:
    condition = draw(st.sampled_from(conditions))
    made: JsonObject = {
        "condition": condition,
        "target_state": draw(st.sampled_from([*NAMES, "$previous"])),
        "priority": draw(st.integers(0, 3)),
        "actions": draw(st.lists(_ACTIONS, max_size=2)),
    }
    values = {
        "intent_match": "buy",
        "user_choice": "go",
        "slot_filled": "age",
        "intent_confidence": 0.5,
    }
    if condition in values:
        made["condition_value"] = values[condition]
    guard = "true" if condition == "expression" else draw(_GUARDS)
    return made if guard is None else {**made, "expression": guard}


_ON_INPUT = (
    "any_input",
    "intent_match",
    "intent_confidence",
    "low_confidence",
    "user_choice",
    "fallback",
    "expression",
    "slot_filled",
    "timeout",
)
_FROM_ANYWHERE = ("intent_match", "any_input")
_AT_ONCE: dict[str, list[JsonObject]] = {
    "response": [{"condition": "expression", "expression": "true"}],
    "integration": [{"condition": "integration_success"}, {"condition": "integration_error"}],
    "slot_filling": [{"condition": "all_slots_filled"}],
}


@st.composite
def states(draw: Any, name: str) -> JsonObject:
    kind = draw(
        st.sampled_from(
            [
                "response",
                "intent",
                "slot_filling",
                "integration",
                "condition",
                "wait",
                "end",
                "error",
                "human_handoff",
                "response",
            ]
        )
    )
    state: JsonObject = {
        "name": name,
        "type": kind,
        "entry_actions": draw(st.lists(_ACTIONS, max_size=2)),
    }
    state["config"] = {
        "response": {
            "response_templates": {"en": draw(_TEXTS), "de": draw(_TEXTS)},
            "carousel": draw(st.none() | st.just([{"title": "C", "buttons": [{"title": "go"}]}])),
            "form": draw(st.sampled_from([None, None, FORM])),
            "quick_replies": [{"title": "Go", "payload": "go"}],
        },
        "slot_filling": {
            "required_slots": ["age"],
            "max_retries": 1,
            "from_event": draw(st.booleans()),
            "collect_mode": draw(st.sampled_from(["sequential", "parallel", "adaptive"])),
            "optional_slots": draw(st.lists(st.sampled_from(["size", "note", "day"]), max_size=2)),
        },
        "integration": {
            "integration_id": "x",
            "endpoint": "/{{ slots.age }}/{{ vars.any }}",
            "retry_config": {"max_attempts": 3},
            "error_handling": {"message": draw(_TEXTS), "default_data": draw(JSON)},
            "response_mapping": {"any": draw(st.sampled_from(["@", "x", "*"]))},
        },
        "condition": {
            "conditions": [
                {
                    "expression": draw(_GUARDS) or "false",
                    "target_state": draw(st.sampled_from(NAMES)),
                }
            ],
            "default_state": draw(st.sampled_from(NAMES)),
        },
    }.get(kind, {})
    if kind in ("end", "condition"):
        return state
    ways = draw(st.lists(transitions(_ON_INPUT), max_size=3)) if kind != "integration" else []
    ways += [
        {**way, "target_state": draw(st.sampled_from(NAMES))} for way in _AT_ONCE.get(kind, [])
    ]
    if kind == "wait" or any(way["condition"] == "timeout" for way in ways):
        state["timeout_seconds"] = 60
        ways.append({"condition": "timeout", "target_state": draw(st.sampled_from(NAMES))})
    state["transitions"] = ways
    return state


@st.composite
def flows(draw: Any) -> JsonObject:
    return {
        "schema": "parley/1",
        "name": "random",
        "initial_state": "a",
        "variables": {"n": 0, "any": None},
        "slots": {
            "age": {"type": "integer", "confirm": draw(st.booleans())},
            "size": {
                "type": "enum",
                "enum": {"s": ["small", "1"], "m": {"de": ["mittel"]}},
                "confirm": draw(st.booleans()),
            },
            "note": {"max_length": 10},
            "day": {"type": draw(st.sampled_from(["date", "time", "datetime", "phone", "any"]))},
        },
        "intents": {"buy": {"examples": ["hi", "yes"]}},
        "settings": {"max_fallbacks": 2},
        "global_transitions": draw(
            st.lists(transitions(("intent_match", "any_input")), max_size=1)
        ),
        "states": [draw(states(name)) for name in NAMES],
    }


def converse(flow: JsonObject, events: list[Any], replies: list[IntegrationReply]) -> None:
    compiled = program(flow)
    scores = {"hi": [("buy", 0.9)], "yes": [("buy", 0.4)]}
    services = FixedServices(intents=scores, replies=replies * 200, user={"first_name": "Ada"})
    state, traces = None, []
    for event in (StartEvent(), *events):
        turn = run_turn(compiled, state, event, services)
        trace = json.loads(json.dumps(turn.trace))
        assert trace == turn.trace
        assert len(trace["path"]) <= 100
        assert not any("no transition holds" in error["why"] for error in trace["errors"])
        written = json.loads(json.dumps(turn.state.to_json()))
        state = RunState.from_json(written)
        assert state == turn.state
        assert state.digest() == turn.state.digest()
        assert turn.state.status.is_open or not turn.state.timers
        traces.append(trace)
    again = replay(compiled, traces)
    assert again.difference is None
    assert again.state == state


@given(flow=flows(), events=st.lists(EVENTS, max_size=8), replies=st.lists(REPLIES, max_size=3))
@settings(max_examples=400, deadline=None)
def test_a_flow_that_passes_the_check_runs_whatever_comes_in(
    flow: JsonObject, events: list[Any], replies: list[IntegrationReply]
) -> None:
    if not has_errors(check_flow(flow)):
        converse(flow, events, replies)


@given(events=st.lists(EVENTS, max_size=12), replies=st.lists(REPLIES, max_size=3))
@settings(max_examples=200, deadline=None)
def test_the_reference_flow_runs_whatever_comes_in(
    events: list[Any], replies: list[IntegrationReply]
) -> None:
    converse(EXAMPLE, events, replies)


@given(value=JSON)
@settings(max_examples=300, deadline=None)
def test_the_check_never_crashes_on_any_json(value: Any) -> None:
    for diagnostic in check_flow(value):
        assert diagnostic.code
    assert check_flow(json.dumps(value))


@given(
    text=st.text(alphabet=st.characters() | st.sampled_from("{}[]:,-&*!|>'\"#%@`\n ?"), max_size=60)
)
@settings(max_examples=300, deadline=None)
def test_the_check_never_crashes_on_any_text(text: str) -> None:
    assert check_flow(text)


@st.composite
def mutants(draw: Any) -> JsonObject:
    """The reference flow with values somewhere in it replaced by any JSON."""
    flow = copy.deepcopy(EXAMPLE)
    for _ in range(draw(st.integers(1, 3))):
        here: Any = flow
        while isinstance(here, dict | list) and here:
            keys = list(here) if isinstance(here, dict) else range(len(here))
            key = draw(st.sampled_from(keys))
            if not isinstance(here[key], dict | list) or draw(st.integers(0, 4)) == 0:
                here[key] = draw(JSON | st.sampled_from(["nowhere", "{{ x", "slots.zz", "((("]))
                break
            here = here[key]
    return flow


@given(flow=mutants(), events=st.lists(EVENTS, max_size=4))
@settings(max_examples=300, deadline=None)
def test_a_mutant_is_refused_or_runs(flow: JsonObject, events: list[Any]) -> None:
    if not has_errors(check_flow(flow)):
        converse(flow, events, [])
