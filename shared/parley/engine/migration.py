"""Moving a conversation to another version of its flow: whether it can, and what becomes of it.

It enters no state, does no action and says nothing: it goes on waiting where it waits, by the other
version's rules.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from parley.domain.conversations import Status, Timer
from parley.domain.json import Json, JsonObject
from parley.engine.effects import LogEvent
from parley.engine.events import MigrateEvent
from parley.engine.program import Program, StateNode
from parley.engine.recorder import Recorder
from parley.engine.run import Run
from parley.engine.services import TurnServices
from parley.engine.slot_types import Refused
from parley.engine.state import RunState
from parley.engine.states.integration import Integration
from parley.engine.states.slot_filling import SlotFilling
from parley.engine.states.wait import Wait
from parley.engine.turn import Turn, trace_of

_HANDOFF = "human_handoff"


@dataclass(frozen=True, slots=True)
class Stays:
    """A conversation that cannot move: every reason, for people to read; none holds a value."""

    reasons: tuple[str, ...]


def moved(
    state: RunState,
    before: Program,
    after: Program,
    state_map: Mapping[str, str],
    now: datetime,
) -> RunState | Stays:
    """What `state` of a conversation on `before` is on `after`.

    `state_map` says what states are called there; the others keep their names. To the same program
    it is the state itself. Whatever it gives, `run_turn` goes on with.
    """
    if not state.status.is_open:
        return Stays(("it has ended",))
    if state.flow is not None:
        return Stays(("it is in a flow that its own has called",))
    old, new = before.states.get(state.current_state), _node(state, after, state_map)
    slots: dict[str, Json] = {}
    reasons = [*_about_place(state, new, state_map), *_about_names(state, new, after, state_map)]
    if new is not None:
        reasons += _about_waiting(state, old, new)
    reasons += _about_slots(state, before, after, slots)
    if new is None or reasons:
        return Stays(tuple(reasons))
    made = state.copy()
    made.current_state, made.slots = new.name, slots
    made.vars = {name: state.vars.get(name, start) for name, start in after.variables.items()}
    made.previous = _called(state.previous, state_map)
    made.left = _left(state, after, state_map)
    made.asked, made.proposed = _question(state, new, after, slots)
    made.timers = _timers(state, old, new, now)
    made.awaited = state.awaited if _awaits_a_call(new) else None
    return made


def migrate(
    before: Program, after: Program, state: RunState, event: MigrateEvent, services: TurnServices
) -> Turn:
    """The turn of a MigrateEvent; ignored, with the reasons in its trace, if it cannot move.

    Of the state map the trace keeps what was asked of it: a replay needs no more. Asks `services`
    for the time alone, and for the called flow that it may rest in.
    """
    asked = (state.current_state, state.previous, state.left)
    used = {name: to for name, to in event.state_map.items() if name in asked}
    run = Run(before, state, replace(event, state_map=used), Recorder(services))
    versions: JsonObject = {"from": event.before.version, "to": event.after.version}
    new = moved(state, before, after, used, services.now)
    if isinstance(new, Stays):
        data = {**versions, "reasons": list(new.reasons)}
        run.effects.append(LogEvent("conversation.not_migrated", data))
        trace = {**trace_of(run, state, state, ignored=True), "reasons": list(new.reasons)}
        return Turn(state, tuple(run.effects), trace, run.program, ignored=True)
    run.effects.append(LogEvent("conversation.migrated", {**versions, "state": new.current_state}))
    return Turn(new, tuple(run.effects), trace_of(run, state, new), after)


def _called(name: str | None, state_map: Mapping[str, str]) -> str | None:
    return None if name is None else state_map.get(name, name)


def _node(state: RunState, after: Program, state_map: Mapping[str, str]) -> StateNode | None:
    return after.states.get(state_map.get(state.current_state, state.current_state))


def _about_place(
    state: RunState, new: StateNode | None, state_map: Mapping[str, str]
) -> Iterator[str]:
    """Why it cannot rest there."""
    if new is None:
        yield _missing(state.current_state, state_map)
    elif not new.waits:
        yield f"{new.name!r} does not wait: map {state.current_state!r} to a state that does"
    elif new.kind == _HANDOFF and state.status is not Status.ESCALATED:
        yield f"{new.name!r} hands over to a person, and nobody was asked for"
    elif new.kind != _HANDOFF and state.status is Status.ESCALATED:
        yield f"a person has it, and {new.name!r} is no handoff"


def _about_names(
    state: RunState, new: StateNode | None, after: Program, state_map: Mapping[str, str]
) -> Iterator[str]:
    """Which states it may go back to are not there."""
    back = [state.previous, state.left if new is not None and new.kind == _HANDOFF else None]
    for name in dict.fromkeys(back):
        if name is not None and _called(name, state_map) not in after.states:
            yield f"it may go back to {name!r}: {_missing(name, state_map)}"


def _missing(name: str, state_map: Mapping[str, str]) -> str:
    return f"there is no state {state_map.get(name, name)!r}: map {name!r} to one that there is"


def _about_slots(
    state: RunState, before: Program, after: Program, accepted: dict[str, Json]
) -> Iterator[str]:
    """Which values are valid no more; the others go into `accepted`.

    A slot that is not declared any more is emptied: nothing would mask what is in it. One that a
    called flow has filled was never this flow's to declare.
    """
    for name, value in state.slots.items():
        rule = after.slots.get(name)
        if rule is None:
            if name not in before.slots:
                accepted[name] = value
            continue
        try:
            accepted[name] = rule.accept(value)
        except Refused as refused:
            yield f"slot {name!r} holds what it accepts no more: {refused}"


def _left(state: RunState, after: Program, state_map: Mapping[str, str]) -> str | None:
    """Nothing outside a handoff reads it, so one that is not there is no reason to stay."""
    name = _called(state.left, state_map)
    return name if name in after.states else None


def _question(
    state: RunState, new: StateNode, after: Program, slots: Mapping[str, Json]
) -> tuple[str | None, Json]:
    """What the next message answers: what was asked, if it still is; else the first missing slot.

    A value that waits to be confirmed does so if it still is to be, and is still accepted.
    """
    work = new.work
    if not isinstance(work, SlotFilling):
        return None, None
    names = (*work.required, *work.optional)
    if state.asked is not None and state.proposed is not None:
        offered = [[state.asked, state.proposed["value"]], *state.proposed.get("then", ())]
        if all(name in names and _is_proposable(after, name, value) for name, value in offered):
            return state.asked, state.proposed
    if state.asked in names and state.asked not in slots:
        return state.asked, None
    return next((name for name in work.required if name not in slots), None), None


def _is_proposable(after: Program, name: str, value: Json) -> bool:
    rule = after.slots[name]
    try:
        return rule.confirm and rule.accept(value) == value
    except Refused:
        return False


def _timers(
    state: RunState, old: StateNode | None, new: StateNode, now: datetime
) -> tuple[Timer, ...]:
    """The entry's timer keeps its due time; one that has fired is not started again."""
    if not _has_timer(new):
        return ()
    if state.timers or _has_timer(old) or new.timeout_s is None:
        return state.timers
    return (Timer(str(state.entries), now + timedelta(seconds=new.timeout_s)),)


def _about_waiting(state: RunState, old: StateNode | None, new: StateNode) -> Iterator[str]:
    """Why it would wait there for what never comes."""
    if _waits_until(new) and not state.timers and not _has_timer(old):
        yield f"only who enters {new.name!r} learns until when it waits"
    if _awaits_a_call(new) and state.awaited is None:
        yield f"only who enters {new.name!r} makes the call that it waits for"


def _has_timer(node: StateNode | None) -> bool:
    return node is not None and node.waits and (node.timeout_s is not None or _waits_until(node))


def _awaits_a_call(node: StateNode) -> bool:
    return isinstance(node.work, Integration) and node.work.waits


def _waits_until(node: StateNode) -> bool:
    return isinstance(node.work, Wait) and node.work.until is not None
