"""Findings about circles: turns that would go round until the engine stops them.

A `slot_filling` state waits only while a slot is missing, an asynchronous call only if it was
taken, and a `wait` whose `until` fails goes to the error state: a turn passes through all three.
Round a circle that empties a slot and then asks for it no turn goes twice.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from parley.domain.flow_states import IntegrationState, SlotFillingState, State, WaitState
from parley.domain.flow_transitions import (
    AT_ONCE,
    PREVIOUS,
    Action,
    ClearSlotAction,
    Condition,
    SetSlotAction,
    TriggerFlowAction,
)
from parley.engine.checks.graph import Graph, configured, is_replaced, rests
from parley.engine.checks.subject import Finding, Goal, Subject
from parley.engine.compile import waits
from parley.engine.compile_states import mapping_target

_MOST_SLOTS = 4
"""Slots of one circle whose emptying is followed: each may double the work."""


@dataclass(frozen=True, slots=True)
class Way:
    """From a state to another within one turn, and the slots that are surely empty behind it."""

    source: str
    target: str
    empties: frozenset[str] = frozenset()


def cycles(subject: Subject) -> Iterator[Finding]:
    """Circles of states none of which surely waits: a turn would never end."""
    pointers = Graph(subject).pointers
    for part in _circles(_passing(subject)):
        circle = _endless(subject, part, _asked_again(subject, part))
        if circle is None:
            continue
        first = min(circle, key=lambda name: int(pointers[name].rpartition("/")[2]))
        names = ", ".join(sorted(circle)[:6])
        why = f"A turn could go round for ever through {names}: {_how_to_stop(subject, circle)}."
        yield Finding(pointers[first], why, Goal("loops", first))


def _how_to_stop(subject: Subject, circle: Iterable[str]) -> str:
    asks = any(isinstance(subject.states[name], SlotFillingState) for name in circle)
    return "empty a slot that is asked for there" if asks else "put a state that waits between"


def _passing(subject: Subject) -> list[Way]:
    """What one turn may run through, whatever the guards say."""
    states = subject.states
    through = dict.fromkeys(name for name, state in states.items() if _may_pass(state))
    held_up = [name for name in through if waits(states[name])]
    is_left = bool(subject.document.global_transitions)
    found = []
    for name in through:
        for way in _ways(subject, states[name]):
            back = held_up if way.target == PREVIOUS and is_left else [way.target]
            found += [Way(name, target, way.empties) for target in back if target in through]
    return found


def _may_pass(state: State) -> bool:
    fails = isinstance(state, WaitState) and state.config.until is not None
    need_not_wait = fails or isinstance(state, SlotFillingState | IntegrationState)
    return not rests(state) and (need_not_wait or not waits(state))


def _ways(subject: Subject, state: State) -> Iterator[Way]:
    if isinstance(state, WaitState):
        yield from [Way(state.name, subject.error_state)] if subject.error_state else []
        return
    emptied = _emptied((*state.entry_actions, *state.exit_actions))
    # An asynchronous call that was taken waits: only one that fails goes on at once.
    has_failed = isinstance(state, IntegrationState) and state.config.is_async
    conditions = AT_ONCE - {Condition.INTEGRATION_SUCCESS} if has_failed else AT_ONCE
    for transition in state.transitions:
        is_left = is_replaced(state.exit_actions, transition.actions)
        if transition.condition in conditions and not is_left:
            empties = emptied | _emptied(transition.actions)
            yield Way(state.name, transition.target_state, empties)
    for target in configured(state):
        yield Way(state.name, target, emptied)


def _emptied(actions: Iterable[Action]) -> frozenset[str]:
    return frozenset(
        action.config.key
        for action in actions
        if isinstance(action, ClearSlotAction) and action.condition is None
    )


def _asked_again(subject: Subject, ways: Sequence[Way]) -> list[str]:
    """The slots that are emptied on these ways and asked for, and filled on none of them."""
    states = [subject.states[name] for name in _sources(ways)]
    emptied = {slot for way in ways for slot in way.empties}
    found = {slot for slot in emptied if any(_asks(state, slot) for state in states)}
    return sorted(found.difference(*(_filled(subject, state) for state in states)))[:_MOST_SLOTS]


def _filled(subject: Subject, state: State) -> set[str]:
    """The slots that it may fill without a new message."""
    on_the_way = [action for transition in state.transitions for action in transition.actions]
    actions = (*state.entry_actions, *state.exit_actions, *on_the_way)
    found = {action.config.key for action in actions if isinstance(action, SetSlotAction)}
    if any(isinstance(action, TriggerFlowAction) for action in actions):
        found |= subject.document.slots.keys()
    match state:
        case IntegrationState(config=config):
            found |= {mapping_target(t, subject.document)[1] for t in config.response_mapping}
        case SlotFillingState(config=config) if config.from_event:
            found |= {*config.required_slots, *config.optional_slots}
        case _:
            pass
    return found


def _endless(subject: Subject, ways: Sequence[Way], slots: Sequence[str]) -> set[str] | None:
    """The states of a circle on which no slot is first emptied, then asked for; None if none is.

    A turn that goes round for ever does, of each slot, only one of the two.
    """
    if not slots:
        return next((_sources(part) for part in _circles(ways)), None)
    slot, *others = slots
    spared: Sequence[Callable[[Way], bool]] = (
        lambda way: slot not in way.empties,
        lambda way: not _asks(subject.states[way.target], slot),
    )
    for is_kept in spared:
        for part in _circles([way for way in ways if is_kept(way)]):
            found = _endless(subject, part, others)
            if found is not None:
                return found
    return None


def _asks(state: State, slot: str) -> bool:
    return isinstance(state, SlotFillingState) and slot in state.config.required_slots


def _sources(ways: Iterable[Way]) -> set[str]:
    return {way.source for way in ways}


def _circles(ways: Sequence[Way]) -> Iterator[list[Way]]:
    """The ways of each strongly connected part (Kosaraju: linear in the ways)."""
    onward: dict[str, list[str]] = {}
    back: dict[str, list[str]] = {}
    for way in ways:
        onward.setdefault(way.source, []).append(way.target)
        onward.setdefault(way.target, [])
        back.setdefault(way.target, []).append(way.source)
        back.setdefault(way.source, [])
    part_of: dict[str, int] = {}
    for number, name in enumerate(reversed(_by_finish(onward))):
        todo = [name]
        while todo:
            here = todo.pop()
            if here not in part_of:
                part_of[here] = number
                todo += back[here]
    parts: dict[int, list[Way]] = {}
    for way in ways:
        if part_of[way.source] == part_of[way.target]:
            parts.setdefault(part_of[way.source], []).append(way)
    yield from parts.values()


def _by_finish(edges: dict[str, list[str]]) -> list[str]:
    """The names in the order in which a search depth first is done with them."""
    done: list[str] = []
    seen: set[str] = set()
    for start, first in edges.items():
        todo = [(start, iter(first))] if start not in seen else []
        seen.add(start)
        while todo:
            name, targets = todo[-1]
            following = next((target for target in targets if target not in seen), None)
            if following is None:
                done.append(name)
                todo.pop()
            else:
                seen.add(following)
                todo.append((following, iter(edges[following])))
    return done
