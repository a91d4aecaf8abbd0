"""JSON from anyone, read strictly: one meaning or none (RFC 8259, and I-JSON, RFC 7493).

Whatever passes can be stored anywhere: numbers fit 64 bits, texts are whole Unicode, keys are
unique, nesting is bounded. Whatever does not is told with its place.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from parley.domain.errors import Fault
from parley.domain.json import Json, JsonObject

MAX_DEPTH = 32
"""Objects and arrays inside each other, the outermost included."""
_MAX_INTEGER = 2**63 - 1
_MAX_DIGITS = 19
_MAX_FAULTS = 20
_TOO_DEEP = f"is nested more than {MAX_DEPTH} deep"

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Never in what people say: controls but tab and line ends, and halves of surrogate pairs."""
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""Never in any text: what databases do not take."""


class NotJson(ValueError):
    """Why a text is not JSON that can be taken, and where: at most 20 faults."""

    def __init__(self, why: str, faults: Sequence[Fault]) -> None:
        super().__init__(why)
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class _Refused:
    """Stands in the parsed tree for a value that JSON has no place for."""

    why: str
    key: str | None = None


def read_json(text: str | bytes, *, is_foreign: bool = False) -> Json:
    """The value that a text, or its UTF-8, means. Raises NotJson.

    `is_foreign`: written by a system that is nobody's to mend. Then an integer past 64 bits becomes
    a float, and texts may hold control characters other than NUL.
    """
    try:
        value = json.loads(
            text if isinstance(text, str) else text.decode(),
            object_pairs_hook=_object,
            parse_int=partial(_integer, is_foreign=is_foreign),
            parse_float=_float,
            parse_constant=_constant,
        )
    except UnicodeDecodeError as error:
        raise _not_json("is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise _not_json(f"{error.msg} at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise _not_json(_TOO_DEEP) from error
    forbidden = _UNSTORABLE if is_foreign else _CONTROL
    found = _faults(value, "", 1, lambda text: forbidden.search(text) is not None)
    faults = [fault for fault, _ in zip(found, range(_MAX_FAULTS), strict=False)]
    if faults:
        raise NotJson(f"{faults[0].pointer or 'it'} {faults[0].message}", faults)
    return value


def has_control_characters(text: str) -> bool:
    """Whether a text holds what nobody's words may."""
    return _CONTROL.search(text) is not None


def _not_json(why: str) -> NotJson:
    return NotJson(why, [Fault("", why)])


def _object(pairs: list[tuple[str, Any]]) -> JsonObject | _Refused:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    seen: set[str] = set()
    twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # the idiom for "second sight"
    return _Refused("stands there twice", twice)


def _integer(digits: str, *, is_foreign: bool) -> int | float | _Refused:
    if len(digits) <= _MAX_DIGITS + 1 and abs(number := int(digits)) <= _MAX_INTEGER:
        return number
    return _float(digits) if is_foreign else _Refused("is an integer beyond 64 bits")


def _float(digits: str) -> float | _Refused:
    number = float(digits)
    return number if math.isfinite(number) else _Refused("is a number too large")


def _constant(name: str) -> _Refused:
    return _Refused(f"is {name}, which JSON does not have")


def _faults(
    value: Json, pointer: str, depth: int, is_forbidden: Callable[[str], bool]
) -> Iterator[Fault]:
    match value:
        case _Refused(why, key):
            yield Fault(pointer if key is None else f"{pointer}/{_token(key)}", why)
        case str() if is_forbidden(value):
            yield Fault(pointer, "has control characters")
        case dict() | list() if depth > MAX_DEPTH:
            yield Fault(pointer, _TOO_DEEP)
        case dict():
            for key, member in value.items():
                at = f"{pointer}/{_token(key)}"
                if is_forbidden(key):
                    yield Fault(at, "has control characters in its name")
                yield from _faults(member, at, depth + 1, is_forbidden)
        case list():
            for index, member in enumerate(value):
                yield from _faults(member, f"{pointer}/{index}", depth + 1, is_forbidden)


def _token(key: str) -> str:
    """A key as a JSON Pointer token, fit to be shown: RFC 6901, 3, controls made visible."""
    shown = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", key[:100])
    return shown.replace("~", "~0").replace("/", "~1")
