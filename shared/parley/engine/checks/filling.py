"""Findings about slots: read before any path fills them, or filled and never read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from parley.domain.flow_states import IntegrationState, SlotFillingState, State
from parley.domain.flow_transitions import (
    PREVIOUS,
    Condition,
    SetSlotAction,
    TriggerFlowAction,
)
from parley.engine.checks.graph import Graph
from parley.engine.checks.parts import sources
from parley.engine.checks.subject import Finding, Goal, Subject
from parley.engine.compile import waits
from parley.engine.compile_states import mapping_target
from parley.engine.formats import pointer_part

_NAMED = re.compile(r"\bslots\.([A-Za-z]\w*)", re.ASCII)
_WHOLE = re.compile(r"\bslots\b(?!\.[A-Za-z])", re.ASCII)
_STATE = re.compile(r"^/states/(\d+)/")


@dataclass(frozen=True, slots=True)
class Read:
    """A place that reads a slot; `is_careful`: it says what to do where the slot is empty."""

    pointer: str
    slot: str
    is_careful: bool


def unset_slots(subject: Subject) -> Iterator[Finding]:
    """Slots that are read where no path from the start has filled them."""
    filled = _filled_at(subject)
    seen: set[tuple[str, str]] = set()
    for read in _reads(subject):
        state = _STATE.match(read.pointer)
        if read.is_careful or state is None or (read.pointer, read.slot) in seen:
            continue
        seen.add((read.pointer, read.slot))
        name = subject.document.states[int(state[1])].name
        known = filled.get(name)
        if known is not None and read.slot in subject.document.slots and read.slot not in known:
            why = (
                f"No way here fills the slot {read.slot!r}: ask for it before, or use a default,"
                " unless a flow that calls this one fills it."
            )
            yield Finding(read.pointer, why, Goal("unfilled", name, read.slot))


def unread_slots(subject: Subject) -> Iterator[Finding]:
    """Slots that nothing reads."""
    used = {read.slot for read in _reads(subject)}
    used |= {
        str(t.part.condition_value)
        for t in subject.transitions()
        if t.part.condition is Condition.SLOT_FILLED
    }
    if "*" in used or any(isinstance(a.part, TriggerFlowAction) for a in subject.actions()):
        return
    for name in subject.document.slots:
        if name not in used:
            why = (
                f"Nothing here reads the slot {name!r}: use its value, or leave the slot out,"
                " unless a flow that calls this one reads it."
            )
            yield Finding(f"/slots/{pointer_part(name)}", why)


def fillable(subject: Subject) -> frozenset[str]:
    """The slots that some part of the flow may fill."""
    return frozenset().union(*(_fills(subject, state) for state in subject.document.states))


def _fills(subject: Subject, state: State) -> frozenset[str]:
    """The slots that a state, its actions or its transitions' may fill."""
    found: set[str] = set()
    match state:
        case SlotFillingState(config=config):
            found.update(config.required_slots, config.optional_slots)
        case IntegrationState(config=config):
            mapped = (mapping_target(t, subject.document) for t in config.response_mapping)
            found.update(name for kind, name in mapped if kind == "slots")
        case _:
            pass
    transitions = (*state.transitions, *subject.document.global_transitions)
    on_the_way = [action for transition in transitions for action in transition.actions]
    for action in (*state.entry_actions, *state.exit_actions, *on_the_way):
        if isinstance(action, SetSlotAction):
            found.add(action.config.key)
        elif isinstance(action, TriggerFlowAction):
            found.update(subject.document.slots)
    return frozenset(found)


def _filled_at(subject: Subject) -> dict[str, frozenset[str]]:
    """Of every reachable state the slots that may be filled while it works."""
    bits = {name: 1 << n for n, name in enumerate(subject.document.slots)}
    fills = {
        name: sum(bits.get(slot, 0) for slot in _fills(subject, state))
        for name, state in subject.states.items()
    }
    ways = _ways(subject)
    found: dict[str, int] = {}
    todo = [(subject.document.initial_state, 0)]
    while todo:
        name, before = todo.pop()
        known = found.get(name, -1)
        after = before | fills.get(name, 0) | max(known, 0)
        if name in ways and after != known:
            found[name] = after
            todo += [(t, after) for t in ways[name] if after | found.get(t, 0) != found.get(t, -1)]
    return {
        name: frozenset(slot for slot, bit in bits.items() if known & bit)
        for name, known in found.items()
    }


def _ways(subject: Subject) -> dict[str, list[str]]:
    """Of each state those that may follow; `$previous` may be any that waits."""
    graph = Graph(subject)
    anywhere = _everywhere(subject)
    back = [name for name, state in subject.states.items() if waits(state)]
    found = {}
    for name, state in subject.states.items():
        returns = any(t.target_state == PREVIOUS for t in state.transitions)
        found[name] = list(dict.fromkeys([*graph.edges[name], *anywhere, *(back * returns)]))
    return found


def _everywhere(subject: Subject) -> list[str]:
    """The states that any state may go on to."""
    names = [subject.error_state, subject.handoff_state]
    names += [t.target_state for t in subject.document.global_transitions]
    return list(dict.fromkeys(name for name in names if name is not None))


def _reads(subject: Subject) -> Iterator[Read]:
    """`*` stands for all slots."""
    for expression in subject.expressions():
        careful = "has(" in expression.source or "null" in expression.source
        yield from _named(expression.pointer, expression.source, is_careful=careful)
    for state in subject.of_type(IntegrationState):
        for name, path in state.part.config.request_mapping.items():
            at = f"{state.pointer}/config/request_mapping/{pointer_part(name)}"
            yield from _named(at, path, is_careful=True)
    for pointer, source in sources(subject):
        if "slots" in source and "{" in source:
            careful = "default" in source or "{%" in source
            yield from _named(pointer, source, is_careful=careful)


def _named(pointer: str, source: str, *, is_careful: bool) -> Iterator[Read]:
    for name in _NAMED.findall(source):
        yield Read(pointer, name, is_careful)
    if _WHOLE.search(source):
        yield Read(pointer, "*", is_careful=True)
