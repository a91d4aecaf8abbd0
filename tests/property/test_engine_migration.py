"""Whatever a conversation is and whatever flow it moves to: it stays, or goes on there."""

import copy
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from hypothesis import settings
from hypothesis import strategies as st

from parley.domain.conversations import FlowPin, FlowVersion
from parley.domain.ids import FlowId
from parley.domain.json import JsonObject
from parley.engine.events import MigrateEvent
from parley.engine.migration import Stays, migrate, moved
from parley.engine.program import Program
from parley.engine.replay import replay
from parley.engine.state import RunState
from parley.engine.turn import Turn, run_turn
from tests.property.examples import for_examples, hold
from tests.property.flows.choices import Choices
from tests.property.flows.families import Family, Pair, runnable
from tests.property.flows.laws import as_text, waits_for_an_answer
from tests.property.flows.talks import Events, Talk
from tests.property.test_engine_turns import BESIDE, FLOWS, TALKS

V1, V2 = (FlowPin(FlowId("f"), FlowVersion(version)) for version in ("1.0", "1.1"))
CHANGES = st.binary(min_size=24, max_size=24)
SOME = 100
"""Of the examples so many at least must move, and so many stay."""


def changed(flow: JsonObject, other: JsonObject, choices: Choices) -> JsonObject:
    """What became of a flow: up to two states are another flow's, and a slot or two changed."""
    after = copy.deepcopy(flow)
    others = {state["name"]: state for state in other["states"]}
    for n in choices.some(range(len(after["states"])), 2):
        after["states"][n] = others.get(after["states"][n]["name"], after["states"][n])
    for name in choices.some(sorted(after["slots"]), 2):
        after["slots"][name] = choices.of(({"type": "any"}, {"type": "date"}, {"max_length": 1}))
    after["variables"] |= choices.of(({}, {"more": [1]}))
    return after


def names_there(flow: JsonObject, at: str, choices: Choices) -> dict[str, str]:
    names = [state["name"] for state in flow["states"]]
    called = {name: choices.of((*names, "nowhere")) for name in choices.some(names, 2)}
    return called | ({at: choices.of(names)} if choices.one_in(3) else {})


class Conversation:
    """Turns one after another, each from what a store would have kept of the one before."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self.program = family.own
        self.state: RunState | None = None
        self.traces: list[JsonObject] = []

    def take(self, events: Events, *, awaits: bool = False) -> None:
        """To the end; or, with `awaits`, until it waits for the answer to a call."""
        while (event := events.next(self.state)) is not None:
            self._keep(run_turn(self.program, self.state, event, events.world))
            if awaits and self.state is not None and self.state.awaited:
                return

    def go_on(self, events: Events) -> None:
        """As `take`, after the first event, which would begin a conversation."""
        events.next(None)
        self.take(events)

    def move(self, there: Program, names: dict[str, str], events: Events) -> Turn:
        assert self.state is not None
        event = MigrateEvent(V1, V2, names)
        turn = migrate(self.program, there, self.state, event, events.world)
        self._keep(turn)
        self.program = self.program if turn.ignored else there
        return turn

    def _keep(self, turn: Turn) -> None:
        self.traces.append(json.loads(as_text(turn.trace)))
        self.state = RunState.from_json(json.loads(as_text(turn.state.to_json())))


EXPECTED = {
    *("moved", "moved with a form on offer", "moved with a call awaited", "moved, a call given up"),
    *("stays", "stays in a called flow", "stays with a call awaited", "stays in what replaced it"),
}


def what_became(before: RunState, turn: Turn) -> Iterator[str]:
    """By name what must not be wanting."""
    if turn.ignored:
        yield "stays"
        yield from ["stays in a called flow"] if before.callers else []
        yield from ["stays in what replaced it"] if before.flow and not before.callers else []
        yield from ["stays with a call awaited"] if before.awaited else []
        return
    yield "moved"
    yield from ["moved with a form on offer"] if turn.state.form else []
    yield from ["moved with a call awaited"] if turn.state.awaited else []
    yield from ["moved, a call given up"] if before.awaited and not turn.state.awaited else []


def to_the_same_flow_it_moves_as_it_is(state: RunState, program: Program, now: datetime) -> None:
    there = moved(state, program, program, {}, now)
    if not state.status.is_open:
        assert there == Stays(("it has ended",))
    elif state.flow is not None:
        assert there == Stays(("it is in a flow that its own has called",))
    else:
        assert there == state


def is_at_home_there(before: RunState, turn: Turn, here: Program, there: Program) -> None:
    """What moved is of the flow that it moved to; what no version declares is a called flow's."""
    state, node = turn.state, there.states[turn.state.current_state]
    assert before.flow is None
    assert node.waits
    assert state.slots.keys() <= there.slots.keys() | (before.slots.keys() - here.slots.keys())
    assert state.vars.keys() == there.variables.keys()
    assert state.form == before.form
    assert state.awaited == (before.awaited if waits_for_an_answer(node) else None)
    assert state.awaited or not waits_for_an_answer(node)


@for_examples
def test_what_has_moved_runs_on_and_is_replayed(how: settings) -> None:
    became: Counter[str] = Counter()

    def law(
        flow: JsonObject, other: JsonObject, beside: Pair, changes: bytes, talk: Talk, later: Talk
    ) -> None:
        choices = Choices(changes)
        first, second = runnable(flow), runnable(changed(flow, other, choices))
        if first is None or second is None:
            return
        family = Family(first, beside.programs)
        conversation, events = Conversation(family), talk.begin(family)
        conversation.take(events, awaits=choices.one_in(2))
        before = conversation.state
        assert before is not None
        if beside.passes:  # else a called flow may have left a value of a type of its own
            to_the_same_flow_it_moves_as_it_is(before, first, events.world.now)

        names = names_there(flow, before.current_state, choices)
        turn = conversation.move(second, names, events)
        conversation.go_on(later.begin(family))

        became.update(what_became(before, turn))
        if not turn.ignored:
            is_at_home_there(before, turn, first, second)
        again = replay(
            first, conversation.traces, flows=family.flow, program_of={V2: second}.__getitem__
        )
        assert (again.difference, again.state) == (None, conversation.state)

    drawn = {"flow": FLOWS, "other": FLOWS, "beside": BESIDE, "changes": CHANGES}
    hold(how, law, **drawn, talk=TALKS, later=TALKS)
    assert EXPECTED - became.keys() == set()
    assert min(became["moved"], became["stays"]) > SOME
