"""The actions: each does one small thing to the turn; one that fails is noted and skipped."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.domain.json import Json, JsonObject
from parley.engine.effects import LogEvent
from parley.engine.expressions import Expression, ExpressionFailed
from parley.engine.recorder import is_modest
from parley.engine.sayings import Sayings, rendered
from parley.engine.slot_types import Refused
from parley.engine.texts import TextFailed

if TYPE_CHECKING:
    from parley.engine.program import Action
    from parley.engine.run import Run

MAX_VALUE_NODES = 2_000
MAX_VALUE_TEXT = 65_536
"""Characters in all texts of a value together: else a text could double itself without end."""


class ActionFailed(Exception):
    """The action could not be done; the message says why."""


def perform_all(run: "Run", actions: "tuple[Action, ...]") -> None:
    """Does those whose condition holds, in order; none that fails stops the others."""
    for action in actions:
        if action.condition is not None and not run.is_true(action.condition, action.pointer):
            continue
        try:
            action.what.perform(run)
        except (ActionFailed, ExpressionFailed, TextFailed, Refused) as failure:
            run.note_error(action.pointer, str(failure))


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Says something."""

    sayings: Sayings

    def perform(self, run: "Run") -> None:
        run.say(self.sayings)


@dataclass(frozen=True, slots=True)
class Value:
    """What a variable or slot gets: JSON whose leaves may be templates, or an expression."""

    plan: Json
    expression: Expression | None

    def of(self, run: "Run") -> Json:
        """Raises ExpressionFailed, TextFailed or ActionFailed."""
        if self.expression is not None:
            value = self.expression.json(run.scope)
        else:
            value = rendered(self.plan, lambda template: template.render(run.scope))
        return kept(value)


def kept(value: Json) -> Json:
    """The value, if it is small enough to be kept in the state. Raises ActionFailed."""
    if not is_modest(value, MAX_VALUE_NODES) or _characters(value) > MAX_VALUE_TEXT:
        raise ActionFailed("the value is too large or too deep")
    return value


def _characters(value: Json) -> int:
    match value:
        case str():
            return len(value)
        case dict():
            return sum(len(key) + _characters(inner) for key, inner in value.items())
        case list():
            return sum(map(_characters, value))
        case _:
            return 0


@dataclass(frozen=True, slots=True)
class SetVariable:
    """Gives a variable a value."""

    key: str
    value: Value

    def perform(self, run: "Run") -> None:
        run.set_variable(self.key, self.value.of(run))


@dataclass(frozen=True, slots=True)
class SetSlot:
    """Gives a slot a value that its rule accepts; any other changes nothing."""

    key: str
    value: Value

    def perform(self, run: "Run") -> None:
        run.set_slot(self.key, run.program.slots[self.key].accept(self.value.of(run)))


@dataclass(frozen=True, slots=True)
class ClearVariable:
    """Makes a variable null."""

    key: str

    def perform(self, run: "Run") -> None:
        run.set_variable(self.key, None)


@dataclass(frozen=True, slots=True)
class ClearSlot:
    """Empties a slot."""

    key: str

    def perform(self, run: "Run") -> None:
        run.clear_slot(self.key)


@dataclass(frozen=True, slots=True)
class Log:
    """Records that something happened."""

    event: str
    data: JsonObject

    def perform(self, run: "Run") -> None:
        with run.discreetly():
            data: JsonObject = rendered(self.data, lambda template: template.render(run.scope))
        run.effects.append(LogEvent(self.event, data))


@dataclass(frozen=True, slots=True)
class Measure:
    """Counts or measures something: an event with a number."""

    metric: str
    value: Value
    dimensions: JsonObject

    def perform(self, run: "Run") -> None:
        with run.discreetly():
            dimensions = rendered(self.dimensions, lambda template: template.render(run.scope))
            data = {"metric": self.metric, "value": _number(self.value.of(run))}
        run.effects.append(LogEvent("analytics.measured", {**data, "dimensions": dimensions}))


def _number(value: Json) -> int | float:
    """A number, or a text that is one."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        number = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ActionFailed("what is measured is not a number")
    return int(number) if number.is_integer() else number
