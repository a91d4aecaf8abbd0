"""Whatever a conversation is and whatever flow it moves to: it stays, or goes on there."""

import copy
import json
from typing import Any

from hypothesis import given, reject, settings
from hypothesis import strategies as st

from parley.domain.conversations import FlowPin, FlowVersion
from parley.domain.errors import FlowInvalid
from parley.domain.ids import FlowId
from parley.domain.json import JsonObject
from parley.engine.events import MigrateEvent, StartEvent
from parley.engine.migration import Stays, migrate, moved
from parley.engine.program import Program
from parley.engine.replay import replay
from parley.engine.state import RunState
from parley.engine.turn import Turn, run_turn
from tests.property.test_engine_turns import EVENTS, EXAMPLE, NAMES, REPLIES, flows, states
from tests.unit.engine.talks import FixedServices, program

V1, V2 = (FlowPin(FlowId("f"), FlowVersion(version)) for version in ("1.0", "1.1"))
NAMES_THERE = st.dictionaries(
    st.sampled_from(NAMES), st.sampled_from([*NAMES, "nowhere"]), max_size=3
)


WAITS = ("intent", "slot_filling", "wait", "human_handoff", "response")


@st.composite
def pairs(draw: Any) -> tuple[JsonObject, JsonObject]:
    """A flow that mostly waits, and what became of it: states, slots and variables have changed."""
    before: JsonObject = draw(flows())
    before["states"] = [
        draw(states(name).filter(lambda state: state["type"] in WAITS)) for name in NAMES
    ]
    after = copy.deepcopy(before)
    for n in draw(st.sets(st.integers(0, len(NAMES) - 1), max_size=2)):
        after["states"][n] = draw(states(NAMES[n]))
    after["slots"]["age"]["type"] = draw(st.sampled_from(["integer", "integer", "any", "date"]))
    after["slots"]["note"] = draw(st.sampled_from([{"max_length": 10}, {"max_length": 1}]))
    after["variables"] |= draw(st.sampled_from([{}, {"more": [1]}]))
    return before, after


class Talk:
    """Turns one after another, each from what a store would have kept of the one before."""

    def __init__(self, compiled: Program, replies: list[Any]) -> None:
        scores = {"hi": [("buy", 0.9)], "yes": [("buy", 0.4)]}
        self.services = FixedServices(
            intents=scores, replies=replies * 200, user={"first_name": "Ada"}
        )
        self.program = compiled
        self.traces: list[JsonObject] = []
        self.state = self._kept(run_turn(compiled, None, StartEvent(), self.services))

    def take(self, events: list[Any]) -> None:
        for event in events:
            self.state = self._kept(run_turn(self.program, self.state, event, self.services))

    def move(self, there: Program, names: dict[str, str]) -> Turn:
        event = MigrateEvent(V1, V2, names)
        turn = migrate(self.program, there, self.state, event, self.services)
        self.state = self._kept(turn)
        self.program = self.program if turn.ignored else there
        return turn

    def _kept(self, turn: Turn) -> RunState:
        self.traces.append(json.loads(json.dumps(turn.trace)))
        return RunState.from_json(json.loads(json.dumps(turn.state.to_json())))


def compiled_if_sound(flow: JsonObject) -> Program:
    """Compiling is enough: the check would take most of the time, and find more than faults."""
    try:
        return program(flow)
    except FlowInvalid:
        reject()


@given(
    pair=pairs(),
    names=NAMES_THERE,
    events=st.lists(EVENTS, max_size=3),
    later=st.lists(EVENTS, max_size=5),
    replies=st.lists(REPLIES, max_size=3),
)
@settings(max_examples=200, deadline=None)
def test_what_has_moved_runs_on_and_is_replayed(
    pair: tuple[JsonObject, JsonObject],
    names: dict[str, str],
    events: list[Any],
    later: list[Any],
    replies: list[Any],
) -> None:
    first, second = (compiled_if_sound(flow) for flow in pair)
    talk = Talk(first, replies)
    talk.take(events)

    turn = talk.move(second, names)
    talk.take(later)

    if not turn.ignored:
        moved_to = second.states[turn.state.current_state]
        assert moved_to.waits
        assert turn.state.slots.keys() <= second.slots.keys()
        assert turn.state.vars.keys() == second.variables.keys()
    again = replay(first, talk.traces, program_of={V2: second}.__getitem__)
    assert (again.difference, again.state) == (None, talk.state)


@given(flow=flows(), events=st.lists(EVENTS, max_size=6), replies=st.lists(REPLIES, max_size=3))
@settings(max_examples=200, deadline=None)
def test_to_the_same_flow_everything_that_is_open_moves_and_nothing_changes(
    flow: JsonObject, events: list[Any], replies: list[Any]
) -> None:
    _stands_still(compiled_if_sound(flow), events, replies)


@given(events=st.lists(EVENTS, max_size=10), replies=st.lists(REPLIES, max_size=3))
@settings(max_examples=100, deadline=None)
def test_the_reference_flow_moves_to_itself(events: list[Any], replies: list[Any]) -> None:
    _stands_still(program(EXAMPLE), events, replies)


def _stands_still(compiled: Program, events: list[Any], replies: list[Any]) -> None:
    talk = Talk(compiled, replies)
    talk.take(events)

    there = moved(talk.state, compiled, compiled, {}, talk.services.now)

    if talk.state.status.is_open:
        assert there == talk.state
    else:
        assert there == Stays(("it has ended",))
