"""Findings about the flow as a graph: what is never reached, never left, or leads nowhere."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from parley.domain.flow_states import (
    ConditionState,
    HumanHandoffState,
    IntegrationState,
    SlotFillingState,
    State,
)
from parley.domain.flow_transitions import (
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
    def reachable(self) -> set[str]:
        """From the start, by any transition, the global ones, and by failing or handing over."""
        subject = self._subject
        starts = [subject.document.initial_state, subject.error_state, subject.handoff_state]
        starts += [t.target_state for t in subject.document.global_transitions]
        return self._from(starts)

    @cached_property
    def without_detour(self) -> set[str]:
        """From the start before any global transition was taken: `$previous` is nowhere yet."""
        subject = self._subject
        return self._from(
            [subject.document.initial_state, subject.error_state, subject.handoff_state]
        )

    def _from(self, starts: Iterable[str | None]) -> set[str]:
        return _closure([name for name in starts if name in self.edges], self.edges)


def _targets(state: State) -> Iterator[str]:
    if is_replaced(state.entry_actions):
        return
    for transition in state.transitions:
        is_left = is_replaced(state.exit_actions, transition.actions)
        if transition.target_state != PREVIOUS and not is_left:
            yield transition.target_state
    yield from configured(state)


def configured(state: State) -> Iterator[str]:
    """The states that its config names."""
    match state:
        case ConditionState(config=config):
            yield from (choice.target_state for choice in config.conditions)
            if config.default_state is not None:
                yield config.default_state
        case HumanHandoffState(config=config) if config.return_state is not None:
            yield config.return_state
        case _:
            return


def closes(state: State) -> bool:
    """Whether the conversation is over there."""
    return state.is_final or state.type == "end"


def is_replaced(*lists: Sequence[Action]) -> bool:
    """Whether another flow takes this one's place, always, once these lists are done.

    Of several calls the first that is made counts.
    """
    for actions in lists:
        for action in sorted(actions, key=lambda each: each.priority):
            if not isinstance(action, TriggerFlowAction):
                continue
            if action.config.mode == "call":
                return False
            if action.condition is None:
                return True
    return False


def rests(state: State) -> bool:
    """Whether this flow goes no further when the state has been entered."""
    return closes(state) or is_replaced(state.entry_actions)


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
    graph = Graph(subject)
    for written in subject.each_state():
        state = written.part
        ends = isinstance(state, IntegrationState) or not waits(state)
        passes = ends and not rests(state) and state.type != "error"
        if not passes and state.type != "slot_filling":
            continue
        ways = [t for t in state.transitions if _leads(graph, state, t)]
        if not _is_exhaustive(state, ways):
            why = _how_to_go_on(state, ways)
            yield Finding(written.pointer, why, Goal("stuck", state.name))


def _leads(graph: Graph, state: State, transition: Transition) -> bool:
    """Whether its target is always somewhere."""
    return transition.target_state != PREVIOUS or state.name not in graph.without_detour


def _how_to_go_on(state: State, ways: Sequence[Transition]) -> str:
    if len(ways) < len(state.transitions):
        return (
            f"Add a way on for when no global transition was taken yet: {PREVIOUS} is nowhere then."
        )
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


def _is_exhaustive(state: State, ways: Sequence[Transition]) -> bool:
    if isinstance(state, ConditionState):
        config = state.config
        expressions = [choice.expression for choice in config.conditions]
        is_all = config.evaluation_mode == "all_match" and len(expressions) > 1
        if config.default_state is not None or (not is_all and cover(expressions)):
            return True
    guards = [t.expression or "" for t in ways if t.condition is Condition.EXPRESSION]
    return cover(guards) or _covers_all(state, ways)


def _covers_all(state: State, ways: Sequence[Transition]) -> bool:
    free = [t for t in ways if t.expression is None]
    held = {t.condition for t in free if t.condition_value is None}
    if isinstance(state, IntegrationState):
        return {Condition.INTEGRATION_SUCCESS, Condition.INTEGRATION_ERROR} <= held
    if isinstance(state, SlotFillingState):
        return Condition.ALL_SLOTS_FILLED in held or _takes_required(state, free)
    return False


def _takes_required(state: SlotFillingState, free: Sequence[Transition]) -> bool:
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
    leaves = any(is_replaced(state.exit_actions, t.actions) for t in state.transitions)
    return rests(state) or state.type == "error" or leaves


def different_targets(subject: Subject) -> Iterator[Finding]:
    """`all_match` conditions that do not agree on where to go."""
    for written in subject.of_type(ConditionState):
        config = written.part.config
        targets = {choice.target_state for choice in config.conditions}
        if config.evaluation_mode == "all_match" and len(targets) > 1:
            why = "With all_match every condition must name the same `target_state`."
            yield Finding(f"{written.pointer}/config/conditions", why)
