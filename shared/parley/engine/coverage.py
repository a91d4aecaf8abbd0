"""Which states and transitions of a flow its tests have reached."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from parley.domain.flow_states import ConditionState, State
from parley.domain.flow_transitions import Condition, Transition
from parley.domain.flows import FlowDocument
from parley.domain.json import JsonObject


@dataclass(frozen=True, slots=True)
class Way:
    """A way from state to state, by the pointer that a trace calls it by.

    `origin` is None for a transition of the whole flow; `label` says when it is taken.
    """

    pointer: str
    origin: str | None
    target: str
    label: str

    def __str__(self) -> str:
        return f"{self.origin or '(any state)'} -> {self.target} ({self.label})"


def ways(document: FlowDocument) -> Iterator[Way]:
    """Every way that is written down: transitions, and the choices of `condition` states."""
    for n, state in enumerate(document.states):
        yield from _choices(state, f"/states/{n}/config")
        for m, transition in enumerate(state.transitions):
            yield _way(transition, f"/states/{n}/transitions/{m}", state.name)
    for n, transition in enumerate(document.global_transitions):
        yield _way(transition, f"/global_transitions/{n}", None)


def _choices(state: State, pointer: str) -> Iterator[Way]:
    if not isinstance(state, ConditionState):
        return
    for n, choice in enumerate(state.config.conditions):
        at = f"{pointer}/conditions/{n}"
        yield Way(at, state.name, choice.target_state, choice.expression)
    if state.config.default_state is not None:
        yield Way(f"{pointer}/default_state", state.name, state.config.default_state, "otherwise")


def _way(transition: Transition, pointer: str, origin: str | None) -> Way:
    return Way(pointer, origin, transition.target_state, label(transition))


def label(transition: Transition) -> str:
    """When a transition is taken, in a few words."""
    if transition.condition is Condition.EXPRESSION and transition.expression == "true":
        return "always"
    parts = [] if transition.condition is Condition.EXPRESSION else [transition.condition.value]
    if transition.condition_value is not None:
        parts.append(str(transition.condition_value))
    if transition.expression is not None:
        parts.append(transition.expression if not parts else f"if {transition.expression}")
    return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many there are, and those not reached."""

    total: int
    missed: tuple[str, ...]

    @property
    def reached(self) -> int:
        return self.total - len(self.missed)

    @property
    def percent(self) -> float:
        """100 where there is nothing to reach."""
        return 100.0 * self.reached / self.total if self.total else 100.0


@dataclass(slots=True)
class Coverage:
    """Grows with each trace."""

    document: FlowDocument
    entered: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)

    def add(self, trace: JsonObject) -> None:
        """Counts what one turn did."""
        self.entered.update(trace["path"])
        self.held.update(tried["at"] for tried in trace["tried"] if tried["held"])

    @property
    def states(self) -> Tally:
        names = [state.name for state in self.document.states]
        return Tally(len(names), tuple(name for name in names if name not in self.entered))

    @property
    def transitions(self) -> Tally:
        """`missed` are pointers."""
        pointers = [way.pointer for way in ways(self.document)]
        return Tally(len(pointers), tuple(each for each in pointers if each not in self.held))

    @property
    def missed_ways(self) -> tuple[Way, ...]:
        return tuple(way for way in ways(self.document) if way.pointer not in self.held)
