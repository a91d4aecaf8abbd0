"""Flows that call each other: a random one, in which conversations begin, and a pair beside it.

A pair is drawn and checked once, however many conversations it is part of.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import shake_256

from parley.domain.errors import FlowInvalid
from parley.domain.flows import FlowDocument, IntentScore
from parley.domain.json import JsonObject
from parley.engine.check import check_flow, has_errors
from parley.engine.checks.surroundings import CalledFlow, Surroundings
from parley.engine.compile import compile_flow
from parley.engine.program import Program
from parley.engine.services import Runnable
from tests.property.flows.documents import FLOW_BYTES, flow_of
from tests.property.flows.drafts import Role
from tests.unit.engine.talks import a_flow, says

OWN = Role("random", ("left", "right", "left", "right", "right", "right"))
_LEFT = Role("left", ("right", "right", "random"), is_called=True)
_RIGHT = Role("right", ("random", "left", "nobody", "random", "left"), is_called=True)
_KEYS = {role.name: f"{role.name}@1" for role in (OWN, _LEFT, _RIGHT)}
"""A flow is called by its name and found by its key, as a published one is."""
PAIRS = 64
_MODES = ("call", "replace")
_MOST_TRIES = 40


@dataclass(frozen=True)
class Pair:
    """Two flows that may call each other and the random one; `passes`: so does the check."""

    documents: Mapping[str, JsonObject] = field(repr=False)
    programs: Mapping[str, Program] = field(repr=False)
    around: Surroundings = field(repr=False)
    passes: bool


@cache
def pair(number: int) -> Pair:
    """The pair of that number: of eight, seven pass the check."""
    if number < len(_MODES):
        return _judged([_going_on("left", "right", number), _going_on("right", "left", number)])
    for attempt in range(_MOST_TRIES):
        drawn = shake_256(f"{number}/{attempt}".encode()).digest(2 * FLOW_BYTES)
        first, second = drawn[:FLOW_BYTES], drawn[FLOW_BYTES:]
        found = _judged([flow_of(first, _LEFT), _odd(flow_of(second, _RIGHT), number)])
        if found.passes or number % 8 == 7:
            break
    return found


def _going_on(name: str, other: str, number: int) -> JsonObject:
    """It goes to the other one at once, which comes to this one, until the turn is stopped."""
    call = {"type": "trigger_flow", "config": {"flow": other, "mode": _MODES[number]}}
    names = {key: flow_of(b"")[key] for key in ("variables", "slots")}
    return a_flow(says("down", entry_actions=[call]), name=name, **names)


def _odd(flow: JsonObject, number: int) -> JsonObject:
    """One of the pairs that need not pass has a slot of another type than those that call it."""
    return flow | ({"slots": {**flow["slots"], "age": {}}} if number % 16 == 7 else {})


def _judged(flows: Sequence[JsonObject]) -> Pair:
    documents = {flow["name"]: flow for flow in flows}
    around = _around([*flows, flow_of(b"", OWN)])
    programs = {name: made for name, flow in documents.items() if (made := runnable(flow))}
    passes = not any(has_errors(check_flow(flow, around)) for flow in flows)
    return Pair(documents, programs, around, passes)


def _around(flows: Sequence[JsonObject]) -> Surroundings:
    """Whatever becomes of the random flow, it shows its slots and variables to those beside it."""
    shown = {flow["name"]: CalledFlow.of(FlowDocument.model_validate(flow)) for flow in flows}
    return Surroundings(flows=shown)


def runnable(flow: JsonObject) -> Program | None:
    """The program, of a flow that has errors too; None where a part of it cannot be run at all."""
    try:
        return compile_flow(FlowDocument.model_validate(flow), _KEYS)
    except FlowInvalid:
        return None


@dataclass(frozen=True)
class Family:
    """`own` is the flow that conversations begin in; `others` are by name."""

    own: Program
    others: Mapping[str, Program] = field(default_factory=dict)

    @property
    def programs(self) -> dict[str, Program]:
        """By name, which is what stands before a place in a trace."""
        return {**self.others, self.own.name: self.own}

    def of_key(self, key: str | None) -> Program | None:
        """What a state names; None: the flow that the conversation began in."""
        if key is None:
            return self.own
        return next((self.programs.get(name) for name in _KEYS if _KEYS[name] == key), None)

    def flow(self, key: str) -> Runnable | None:
        """As TurnServices have it, for a replay: what was said is in the trace."""
        found = self.of_key(key)
        return None if found is None else Runnable(found, _nothing)

    def place(self, written: str) -> tuple[Program, str]:
        """The flow in which a place of a trace is, and the place there."""
        name, _, there = written.rpartition("#")
        return (self.programs[name] if name else self.own), there

    def go_round(self, names: Collection[str]) -> bool:
        """Whether some of these flows call each other in a circle."""
        left = set(names)
        while straight := {name for name in left if left.isdisjoint(self._called(name))}:
            left -= straight
        return bool(left)

    def _called(self, name: str) -> set[str]:
        return {trigger.flow for trigger in self.programs[name].triggers.values()}


def _nothing(text: str, among: Sequence[str]) -> list[IntentScore]:
    del text, among
    return []
