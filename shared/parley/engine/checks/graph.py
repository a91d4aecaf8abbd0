"""Findings about the flow as a graph: what is never reached, never left, or never stops."""

from collections.abc import Iterable, Iterator
from functools import cached_property

from parley.domain.flow_states import (
    ConditionState,
    HumanHandoffState,
    IntegrationState,
    SlotFillingState,
    State,
)
from parley.domain.flow_transitions import (
    AT_ONCE,
    PREVIOUS,
    Action,
    Condition,
    Transition,
    TriggerFlowAction,
)
from parley.engine.checks.guards import cover
from parley.engine.checks.subject import Finding, Goal, Subject
from parley.engine.compile import waits


class Graph:
    """States as nodes; an edge for each way that a transition or a config names."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self.pointers = {w.part.name: w.pointer for w in reversed(list(subject.each_state()))}

    @cached_property
    def edges(self) -> dict[str, list[str]]:
        """Of every state the states it names, those that exist."""
        states = self._subject.states
        return {
            name: [target for target in _targets(state) if target in states]
            for name, state in states.items()
        }

    @cached_property
    def passing(self) -> dict[str, list[str]]:
        """The same between states that need not wait: what one turn may run through."""
        states = self._subject.states
        through = {n: _at_once(s) for n, s in states.items() if _at_once(s) and not _rests(s)}
        return {
            name: [t for t in _targets(states[name], conditions) if t in through]
            for name, conditions in through.items()
        }

    @cached_property
    def reachable(self) -> set[str]:
        """From the start, by any transition, the global ones, and by failing or handing over."""
        subject = self._subject
        starts = [subject.document.initial_state, subject.error_state, subject.handoff_state]
        starts += [t.target_state for t in subject.document.global_transitions]
        return _closure([name for name in starts if name in self.edges], self.edges)


def _targets(state: State, conditions: Iterable[Condition] = Condition) -> Iterator[str]:
    wanted = frozenset(conditions)
    if _is_replaced(state.entry_actions):
        return
    for transition in state.transitions:
        is_left = _is_replaced((*state.exit_actions, *transition.actions))
        if transition.condition in wanted and transition.target_state != PREVIOUS and not is_left:
            yield transition.target_state
    match state:
        case ConditionState(config=config):
            yield from (choice.target_state for choice in config.conditions)
            if config.default_state is not None:
                yield config.default_state
        case HumanHandoffState(config=config) if config.return_state is not None:
            yield config.return_state
        case _:
            return


def _at_once(state: State) -> frozenset[Condition]:
    """What the state may go on by in the turn that enters it; nothing if it always waits."""
    if not waits(state):
        return AT_ONCE
    failed = AT_ONCE - {Condition.INTEGRATION_SUCCESS}
    return failed if isinstance(state, IntegrationState) else frozenset()


def _closes(state: State) -> bool:
    return state.is_final or state.type == "end"


def _is_replaced(actions: Iterable[Action]) -> bool:
    """Whether another flow takes this one's place, always, once those are done."""
    calls = (a for a in actions if isinstance(a, TriggerFlowAction))
    return any(call.condition is None and call.config.mode == "replace" for call in calls)


def _rests(state: State) -> bool:
    """Whether this flow goes no further when the state has been entered."""
    return _closes(state) or _is_replaced(state.entry_actions)


def _closure(starts: Iterable[str], edges: dict[str, list[str]]) -> set[str]:
    found: set[str] = set()
    todo = list(starts)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += edges[name]
    return found


def unreachable_states(subject: Subject) -> Iterator[Finding]:
    """States that no way leads to."""
    graph = Graph(subject)
    for name, pointer in graph.pointers.items():
        if name not in graph.reachable:
            yield Finding(pointer, f"Nothing leads to {name!r}: remove it, or add a transition.")


def dead_ends(subject: Subject) -> Iterator[Finding]:
    """States that do not wait, or wait for one answer, and whose ways on leave out a case."""
    for written in subject.each_state():
        state = written.part
        ends = isinstance(state, IntegrationState) or not waits(state)
        passes = ends and not _rests(state) and state.type != "error"
        if (passes or state.type == "slot_filling") and not _is_exhaustive(state):
            yield Finding(written.pointer, _how_to_go_on(state), Goal("stuck", state.name))


def _how_to_go_on(state: State) -> str:
    match state:
        case ConditionState():
            return "Add a `default_state`: no expression may hold."
        case IntegrationState():
            return "Add transitions for both integration_success and integration_error."
        case SlotFillingState():
            return "Add a transition with the condition all_slots_filled."
        case _:
            return (
                "Add a transition: `condition: expression` with `expression: 'true'` always holds."
            )


def _is_exhaustive(state: State) -> bool:
    if isinstance(state, ConditionState):
        config = state.config
        expressions = [choice.expression for choice in config.conditions]
        is_all = config.evaluation_mode == "all_match" and len(expressions) > 1
        if config.default_state is not None or (not is_all and cover(expressions)):
            return True
    guards = [t.expression or "" for t in state.transitions if t.condition is Condition.EXPRESSION]
    return cover(guards) or _covers_all(state)


def _covers_all(state: State) -> bool:
    free = [t for t in state.transitions if t.expression is None]
    held = {t.condition for t in free if t.condition_value is None}
    if isinstance(state, IntegrationState):
        return {Condition.INTEGRATION_SUCCESS, Condition.INTEGRATION_ERROR} <= held
    if isinstance(state, SlotFillingState):
        return Condition.ALL_SLOTS_FILLED in held or _takes_required(state, free)
    return False


def _takes_required(state: SlotFillingState, free: list[Transition]) -> bool:
    required = state.config.required_slots
    return any(t.condition is Condition.SLOT_FILLED and t.condition_value in required for t in free)


def no_way_out(subject: Subject) -> Iterator[Finding]:
    """States from which no state that waits, closes or hands over can be reached."""
    graph = Graph(subject)
    resting = {n for n, s in subject.states.items() if waits(s) or _may_rest(s)}
    back: dict[str, list[str]] = {name: [] for name in graph.edges}
    for name, targets in graph.edges.items():
        for target in targets:
            back[target].append(name)
    safe = _closure(resting, back)
    for name, pointer in graph.pointers.items():
        if name not in safe and graph.edges[name]:
            why = "From here the conversation can neither end nor wait: add a way to where it can."
            yield Finding(pointer, why, Goal("lost", name))


def _may_rest(state: State) -> bool:
    """Whether some way out of the state ends the flow, or all of its ways do."""
    leaves = any(_is_replaced((*state.exit_actions, *t.actions)) for t in state.transitions)
    return _rests(state) or state.type == "error" or leaves


def cycles(subject: Subject) -> Iterator[Finding]:
    """Circles of states none of which waits: a turn would never end."""
    graph = Graph(subject)
    for circle in _circles(graph.passing):
        first = min(circle, key=lambda name: int(graph.pointers[name].rpartition("/")[2]))
        names = ", ".join(sorted(circle)[:6])
        why = f"A turn could go round for ever through {names}: put a state that waits between."
        yield Finding(graph.pointers[first], why, Goal("loops", first))


def _circles(edges: dict[str, list[str]]) -> Iterator[set[str]]:
    """The strongly connected parts that hold a circle (Kosaraju's way: linear in the edges)."""
    back: dict[str, list[str]] = {name: [] for name in edges}
    for name, targets in edges.items():
        for target in targets:
            back[target].append(name)
    left = set(edges)
    for name in reversed(_by_finish(edges)):
        if name in left:
            part = _closure_within(name, back, left)
            left -= part
            if len(part) > 1 or name in edges[name]:
                yield part


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


def _closure_within(start: str, edges: dict[str, list[str]], allowed: set[str]) -> set[str]:
    found: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name in allowed and name not in found:
            found.add(name)
            todo += edges[name]
    return found


def different_targets(subject: Subject) -> Iterator[Finding]:
    """`all_match` conditions that do not agree on where to go."""
    for written in subject.of_type(ConditionState):
        config = written.part.config
        targets = {choice.target_state for choice in config.conditions}
        if config.evaluation_mode == "all_match" and len(targets) > 1:
            why = "With all_match every condition must name the same `target_state`."
            yield Finding(f"{written.pointer}/config/conditions", why)
