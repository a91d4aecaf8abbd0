"""What holds for every flow and every conversation, and what the check promises besides."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from parley.domain.errors import FlowInvalid
from parley.domain.flows import FlowDocument
from parley.domain.json import Json, JsonObject
from parley.engine.compile import compile_flow
from parley.engine.effects import LogEvent, SendMessage, effect_to_json
from parley.engine.events import event_from_json
from parley.engine.program import Program
from parley.engine.replay import RecordedServices, replay
from parley.engine.services import Runnable
from parley.engine.state import RunState
from parley.engine.turn import Turn, run_turn
from tests.property.flows.called import programs
from tests.property.flows.talks import Talk


@dataclass(frozen=True, slots=True)
class Taken:
    """A turn as it is kept: everything is text."""

    turn: Turn
    trace: str
    before: str | None
    after: str
    effects: str


def runnable(flow: JsonObject) -> Program | None:
    """The program, of a flow that has errors too; None where a part of it cannot be run at all."""
    try:
        return compile_flow(FlowDocument.model_validate(flow))
    except FlowInvalid:
        return None


def converse(program: Program, talk: Talk) -> list[Taken]:
    """The turns of a conversation; between them its state is text, as it is in a store."""
    events, taken, kept = talk.begin(), list[Taken](), None
    while (event := events.next(_state(kept))) is not None:
        before = _state(kept)
        turn = run_turn(program, before, event, events.world)
        if before is not None:
            assert as_text(before.to_json()) == kept, "a turn changed the state it was given"
        now = as_text(turn.state.to_json())
        effects = as_text([effect_to_json(effect) for effect in turn.effects])
        taken.append(Taken(turn, as_text(turn.trace), kept, now, effects))
        kept = now
    return taken


def keeps_the_laws(program: Program, talk: Talk, *, passes: bool) -> list[Taken]:
    """A conversation that was held against all of them; `passes`: the check found no error."""
    taken = converse(program, talk)
    a_turn_is_bounded(taken)
    a_state_survives_as_text(taken)
    each_turn_comes_out_again(program, taken)
    a_conversation_comes_out_again(program, taken)
    if passes:
        what_passed_the_check_runs_well(program, taken)
    return taken


def a_turn_is_bounded(taken: Sequence[Taken]) -> None:
    for one in taken:
        assert len(one.turn.trace["path"]) <= MOST_STATES
        assert one.turn.state.status.is_open or not one.turn.state.timers


def a_state_survives_as_text(taken: Sequence[Taken]) -> None:
    for one in taken:
        again = _state(one.after)
        assert again == one.turn.state
        assert again.digest() == one.turn.state.digest() == one.turn.trace["state_after"]
        assert as_text(again.to_json()) == one.after
        assert json.loads(one.trace) == one.turn.trace


def each_turn_comes_out_again(program: Program, taken: Sequence[Taken]) -> None:
    """Each by itself, from nothing but text, to the byte; effects that are no messages too."""
    for one in taken:
        trace = json.loads(one.trace)
        event = event_from_json(trace["event"])
        turn = run_turn(program, _state(one.before), event, RecordedServices(trace, flows=called))
        assert as_text(turn.state.to_json()) == one.after
        assert as_text([effect_to_json(effect) for effect in turn.effects]) == one.effects
        assert as_text(turn.trace) == one.trace


def a_conversation_comes_out_again(program: Program, taken: Sequence[Taken]) -> None:
    said = {n: _messages(one) for n, one in enumerate(taken, start=1)}
    again = replay(program, [json.loads(one.trace) for one in taken], said, flows=called)
    assert again.difference is None
    assert again.turns == len(taken)
    assert again.state is not None
    assert as_text(again.state.to_json()) == taken[-1].after


def what_passed_the_check_runs_well(program: Program, taken: Sequence[Taken]) -> None:
    """No dead end, no name that nothing declares, no turn that goes round for ever."""
    for one in taken:
        trace = one.turn.trace
        dead = [error for error in trace["errors"] if error["why"] == "no transition holds"]
        assert dead == [], "a dead end"
        loops = [e for e in one.turn.effects if isinstance(e, LogEvent) and e.name == LOOP]
        assert loops == [], "a loop"
        here = one.turn.flow
        assert all(_is_there(program, entered) for entered in trace["path"])
        assert set(one.turn.state.vars) == set(here.variables)
        assert set(one.turn.state.slots) <= here.slots.keys()
        unknown = [error for error in trace["errors"] if _names_nothing(error["why"], here)]
        assert unknown == [], "a name that nothing declares"


def called(key: str) -> Runnable | None:
    """A flow that is called again; what was said to it is in the trace."""
    found = programs().get(key)
    return None if found is None else Runnable(found, lambda _text, _among: [])


def _is_there(program: Program, entered: str) -> bool:
    """Whether there is such a state, in the flow or in one that it calls."""
    flow, _, name = entered.rpartition("#")
    return name in (programs()[flow] if flow else program).states


LOOP = "flow.loop_limit"
MOST_STATES = 100
"""A turn may enter so many, says the language."""


def _names_nothing(why: str, program: Program) -> bool:
    """Whether an expression failed for a name; members of what a variable holds may be missing."""
    if "undeclared" in why or "undefined field" in why or "no such field" in why.lower():
        return True
    missing = "Key not found in map : '"
    name = why.partition(missing)[2].partition("'")[0]
    return name in program.variables or name in program.slots or name == "nobody"


def as_text(value: Json) -> str:
    """As stores keep it: only JSON, and no number that is none."""
    return json.dumps(value, allow_nan=False)


def _state(kept: str | None) -> RunState | None:
    return None if kept is None else RunState.from_json(json.loads(kept))


def _messages(one: Taken) -> list[JsonObject]:
    sent = [effect.content for effect in one.turn.effects if isinstance(effect, SendMessage)]
    again: list[JsonObject] = json.loads(as_text(sent))
    return again
