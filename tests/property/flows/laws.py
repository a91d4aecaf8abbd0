"""What holds for every flow and every conversation, and what the check promises besides."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from parley.domain.json import Json, JsonObject
from parley.engine.effects import LogEvent, SendMessage, effect_to_json
from parley.engine.events import event_from_json
from parley.engine.program import StateNode
from parley.engine.replay import RecordedServices, replay
from parley.engine.state import RunState
from parley.engine.states.integration import Integration
from parley.engine.turn import Turn, run_turn
from tests.property.flows.families import Family
from tests.property.flows.talks import Talk


@dataclass(frozen=True, slots=True)
class Taken:
    """A turn as it is kept: everything is text."""

    turn: Turn
    trace: str
    before: str | None
    after: str
    effects: str


def converse(family: Family, talk: Talk) -> list[Taken]:
    """The turns of a conversation; between them its state is text, as it is in a store."""
    events, taken, kept = talk.begin(family), list[Taken](), None
    while (event := events.next(_state(kept))) is not None:
        before = _state(kept)
        turn = run_turn(family.own, before, event, events.world)
        if before is not None:
            assert as_text(before.to_json()) == kept, "a turn changed the state it was given"
        now = as_text(turn.state.to_json())
        effects = as_text([effect_to_json(effect) for effect in turn.effects])
        taken.append(Taken(turn, as_text(turn.trace), kept, now, effects))
        kept = now
    return taken


def keeps_the_laws(family: Family, talk: Talk, *, passes: bool) -> list[Taken]:
    """A conversation that was held against all of them; `passes`: the check found no error."""
    taken = converse(family, talk)
    a_turn_is_bounded(taken)
    a_state_is_of_its_flow(family, taken)
    a_state_survives_as_text(taken)
    each_turn_comes_out_again(family, taken)
    a_conversation_comes_out_again(family, taken)
    if passes:
        what_passed_the_check_runs_well(family, taken)
    return taken


def a_turn_is_bounded(taken: Sequence[Taken]) -> None:
    for one in taken:
        assert len(one.turn.trace["path"]) <= MOST_STATES
        assert len(one.turn.state.callers) < MOST_FLOWS


def a_state_is_of_its_flow(family: Family, taken: Sequence[Taken]) -> None:
    """It rests in a state of the flow that it names; what it waits for is that state's to await."""
    for one in taken:
        state, flow = one.turn.state, one.turn.flow
        assert flow is family.of_key(state.flow)
        here = flow.states[state.current_state]
        assert state.status.is_open or not (state.timers or state.awaited)
        assert state.awaited is None or waits_for_an_answer(here)
        for caller in state.callers:
            waiting = family.of_key(caller.flow)
            assert waiting is not None
            assert {caller.at, caller.target or caller.at} <= waiting.states.keys()


def waits_for_an_answer(node: StateNode) -> bool:
    return isinstance(node.work, Integration) and node.work.waits


def a_state_survives_as_text(taken: Sequence[Taken]) -> None:
    for one in taken:
        again = _state(one.after)
        assert again == one.turn.state
        assert again.digest() == one.turn.state.digest() == one.turn.trace["state_after"]
        assert as_text(again.to_json()) == one.after
        assert json.loads(one.trace) == one.turn.trace


def each_turn_comes_out_again(family: Family, taken: Sequence[Taken]) -> None:
    """Each by itself, from nothing but text, to the byte; effects that are no messages too."""
    for one in taken:
        trace = json.loads(one.trace)
        event = event_from_json(trace["event"])
        services = RecordedServices(trace, flows=family.flow)
        turn = run_turn(family.own, _state(one.before), event, services)
        assert as_text(turn.state.to_json()) == one.after
        assert as_text([effect_to_json(effect) for effect in turn.effects]) == one.effects
        assert as_text(turn.trace) == one.trace


def a_conversation_comes_out_again(family: Family, taken: Sequence[Taken]) -> None:
    said = {n: _messages(one) for n, one in enumerate(taken, start=1)}
    traces = [json.loads(one.trace) for one in taken]
    again = replay(family.own, traces, said, flows=family.flow)
    assert again.difference is None
    assert again.turns == len(taken)
    assert again.state is not None
    assert as_text(again.state.to_json()) == taken[-1].after


def what_passed_the_check_runs_well(family: Family, taken: Sequence[Taken]) -> None:
    """No dead end, no name that nothing declares, no turn that goes round for ever in a flow."""
    slots = {name for program in family.programs.values() for name in program.slots}
    for one in taken:
        turn, why = one.turn, [error["why"] for error in one.turn.trace["errors"]]
        assert "no transition holds" not in why, "a dead end"
        assert not any(each.startswith("no flow is called") for each in why), "a flow is missing"
        assert ARGUMENT_TOO_MANY not in why, "an argument that nothing takes"
        # The check of one flow does not know where the flows that it calls lead: those that call
        # or replace each other in a circle may go round, and nothing else may.
        assert not went_round(turn) or family.go_round(_running(family, one)), "a loop"
        for entered in turn.trace["path"]:
            program, name = family.place(entered)
            assert name in program.states
        assert set(turn.state.vars) == set(turn.flow.variables)
        assert set(turn.state.slots) <= slots
        unknown = [each for each in why if _names_nothing(each, family)]
        assert unknown == [], "a name that nothing declares"


def went_round(turn: Turn) -> bool:
    """Whether the turn was stopped for the states that it entered."""
    return any(isinstance(e, LogEvent) and e.name == "flow.loop_limit" for e in turn.effects)


def _running(family: Family, one: Taken) -> set[str]:
    """The names of the flows that were on the stack, or came to be in the turn."""
    before = _state(one.before)
    keys = [] if before is None else [before.flow, *(caller.flow for caller in before.callers)]
    waiting = [program.name for key in keys if (program := family.of_key(key))]
    return {*waiting, *(family.place(entered)[0].name for entered in one.turn.trace["path"])}


MOST_STATES = 100
"""A turn may enter so many, says the language."""
MOST_FLOWS = 8
"""So many may be on the stack, the first included."""
ARGUMENT_TOO_MANY = "an argument that the flow has no variable for"


def _names_nothing(why: str, family: Family) -> bool:
    """Whether an expression failed for a name; members of what a variable holds may be missing."""
    if "undeclared" in why or "undefined field" in why or "no such field" in why.lower():
        return True
    missing = "Key not found in map : '"
    name = why.partition(missing)[2].partition("'")[0]
    known = family.programs.values()
    return name == "nobody" or any(name in {*flow.variables, *flow.slots} for flow in known)


def as_text(value: Json) -> str:
    """As stores keep it: only JSON, and no number that is none."""
    return json.dumps(value, allow_nan=False)


def _state(kept: str | None) -> RunState | None:
    return None if kept is None else RunState.from_json(json.loads(kept))


def _messages(one: Taken) -> list[JsonObject]:
    sent = [effect.content for effect in one.turn.effects if isinstance(effect, SendMessage)]
    again: list[JsonObject] = json.loads(as_text(sent))
    return again
