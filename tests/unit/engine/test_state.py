import json
from typing import Any

import pytest

from parley.domain.conversations import FlowPin, FlowVersion, Status, Timer
from parley.domain.errors import Invalid
from parley.domain.ids import FlowId
from parley.engine.events import (
    AgentEvent,
    CallbackEvent,
    CloseEvent,
    MessageEvent,
    MigrateEvent,
    StartEvent,
    TimerEvent,
    event_from_json,
    event_to_json,
)
from parley.engine.state import RunState
from tests.unit.engine.talks import NOON

FULL = RunState(
    "ask",
    Status.ESCALATED,
    {"n": 1, "o": {"a": [1.5, None]}},
    {"v": "é😀"},
    "de",
    7,
    1,
    2,
    "before",
    "left",
    [{"title": "A", "payload": "a"}],
    "n",
    {"value": 3},
    (Timer("7", NOON),),
)


def test_a_state_survives_json_unchanged() -> None:
    again = RunState.from_json(json.loads(json.dumps(FULL.to_json())))
    assert again == FULL
    assert again.digest() == FULL.digest()


def test_a_state_ignores_what_a_newer_version_wrote() -> None:
    assert RunState.from_json({**FULL.to_json(), "newer": 1}) == FULL


def test_the_digest_is_of_the_values_and_not_of_their_order() -> None:
    one, other = RunState("a", slots={"x": 1, "y": 2}), RunState("a", slots={"y": 2, "x": 1})
    assert one.digest() == other.digest()
    for changed in (RunState("b"), RunState("a", misses=1), RunState("a", timers=FULL.timers)):
        assert changed.digest() != RunState("a").digest()


@pytest.mark.parametrize(
    "event",
    [
        StartEvent("de"),
        MessageEvent({"type": "text", "text": "x"}),
        TimerEvent("3"),
        AgentEvent("message", {"type": "text", "text": "x"}),
        AgentEvent("return"),
        CallbackEvent("c", {"a": 1}),
        CloseEvent(Status.TIMEOUT),
        MigrateEvent(
            FlowPin(FlowId("f"), FlowVersion("1.0")),
            FlowPin(FlowId("f"), FlowVersion("1.1")),
            {"a": "b"},
        ),
    ],
)
def test_an_event_survives_json(event: Any) -> None:
    assert event_from_json(json.loads(json.dumps(event_to_json(event)))) == event


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"kind": "x"},
        {"kind": "timer"},
        {"kind": "agent", "action": "go"},
        {"kind": ["x"]},
        {"kind": "close", "status": "x"},
        {"kind": "migrate", "from": {"id": "f", "version": "1.0"}, "state_map": {}},
        {"kind": "migrate", "from": "f", "to": "f", "state_map": {}},
        {"kind": "migrate", "from": {}, "to": {}, "state_map": {"a": 1}},
        {"kind": "migrate", "from": {}, "to": {}, "state_map": ["a"]},
    ],
)
def test_what_is_no_event_is_refused(value: Any) -> None:
    with pytest.raises(Invalid):
        event_from_json(value)
