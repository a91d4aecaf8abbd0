"""What can be said of an expression without running the flow: that it always or never holds."""

import re
from collections.abc import Iterator

from parley.domain.flow_slots import Slot
from parley.domain.flow_states import IntegrationState
from parley.domain.flow_transitions import (
    CallIntegrationAction,
    SetVariableAction,
    TriggerFlowAction,
)
from parley.domain.json import Json
from parley.engine.checks.subject import Subject
from parley.engine.compile_states import mapping_target
from parley.engine.expressions import ExpressionFailed, ExpressionInvalid
from parley.engine.opposites import negations

_COMPARED = re.compile(
    r"^\(?(slots|vars)\.(\w+)\s*(==|>=|<=|>|<)\s*"
    r"('[^'\\]*'|\"[^\"\\]*\"|-?\d+(?:\.\d+)?|true|false)\)?$",
    re.ASCII,
)
_NUMBERS = frozenset({"integer", "number", "money"})


def cover(expressions: list[str]) -> bool:
    """Whether one is `true`, or two are each other's opposite."""
    return "true" in {expression.strip() for expression in expressions} or bool(
        negations(expressions)
    )


def is_always(subject: Subject, source: str | None) -> bool:
    """Whether a guard can't be false; there is none that could."""
    return source is None or _constant(subject, source) is True


def why_never(subject: Subject, source: str | None) -> str | None:
    """Why an expression can't be true; None where that can't be said."""
    if source is None:
        return None
    if _constant(subject, source) is False:
        return "it is always false"
    if "||" in source or "?" in source:
        return None
    parts = [part.strip() for part in source.split("&&")]
    return _contradiction(parts) or _beyond(subject, parts)


def _constant(subject: Subject, source: str) -> Json:
    """The value of an expression that reads nothing; None for all others."""
    try:
        return subject.compiled(source).constant()
    except (ExpressionInvalid, ExpressionFailed):
        return None


def _contradiction(parts: list[str]) -> str | None:
    known = set(parts)
    for part in parts:
        if f"!{part}" in known or f"!({part})" in known:
            return f"`{part}` and its opposite are both asked for"
    values: dict[str, str] = {}
    for part in parts:
        found = _COMPARED.match(part)
        if found and found[3] == "==":
            name = f"{found[1]}.{found[2]}"
            if values.setdefault(name, found[4]) != found[4]:
                return f"`{name}` can't be two things at once"
    return None


def _beyond(subject: Subject, parts: list[str]) -> str | None:
    """A value that the slot refuses, or that nothing gives to the variable."""
    for part in parts:
        found = _COMPARED.match(part)
        if found is None:
            continue
        value = _literal(found[4])
        slot = subject.document.slots.get(found[2]) if found[1] == "slots" else None
        if slot is not None and _is_refused(slot, found[3], value):
            return f"the slot {found[2]!r} never has such a value"
        if found[1] == "vars" and found[3] == "==":
            values = possible_values(subject).get(found[2])
            if values is not None and value not in values:
                return f"nothing here sets the variable {found[2]!r} to {value!r}"
    return None


def _literal(written: str) -> Json:
    match written:
        case "true" | "false":
            return written == "true"
        case _ if written[0] in "'\"":
            return written[1:-1]
        case _:
            return float(written)


def _is_refused(slot: Slot, operator: str, value: Json) -> bool:
    if slot.enum is not None:
        return operator == "==" and value not in slot.enum
    if slot.type not in _NUMBERS or not isinstance(value, float):
        return False
    low = slot.minimum if isinstance(slot.minimum, int | float) else float("-inf")
    high = slot.maximum if isinstance(slot.maximum, int | float) else float("inf")
    outside = {
        "==": value < low or value > high,
        ">": high <= value,
        ">=": high < value,
        "<": low >= value,
        "<=": low > value,
    }
    return outside[operator]


def possible_values(subject: Subject) -> dict[str, list[Json]]:
    """By variable all values that it may ever have, where only literals of the flow set it.

    A variable that is never set is left out: a calling flow may give its value.
    """
    found: dict[str, list[Json]] = {}
    open_ended = set(_set_from_outside(subject))
    for action in subject.actions():
        if not isinstance(action.part, SetVariableAction):
            continue
        config = action.part.config
        is_text = isinstance(config.value, dict | list) or "{" in str(config.value)
        if config.expression is not None or is_text:
            open_ended.add(config.key)
        else:
            start = subject.document.variables.get(config.key)
            found.setdefault(config.key, [start]).append(config.value)
    return {name: values for name, values in found.items() if name not in open_ended}


def _set_from_outside(subject: Subject) -> Iterator[str]:
    for call in subject.of_type(IntegrationState):
        for target in call.part.config.response_mapping:
            yield mapping_target(target, subject.document)[1]
    for action in subject.actions():
        if isinstance(action.part, CallIntegrationAction) and action.part.config.save_as:
            yield action.part.config.save_as
        elif isinstance(action.part, TriggerFlowAction):
            yield from action.part.config.results
