"""Reading a request's body: strict JSON (RFC 8259, and RFC 7493), or where and why it is none.

Whatever passes can be stored anywhere: numbers fit 64 bits, texts are whole Unicode without
control characters, keys are unique, nesting is bounded.
"""

import base64
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from parley.domain.errors import Fault, Invalid
from parley.domain.json import Json, JsonObject

MAX_BODY_BYTES = 256 * 1024
MAX_DEPTH = 32
"""Objects and arrays inside each other, the outermost included."""
_MAX_INTEGER = 2**63 - 1
_MAX_DIGITS = 19
_MAX_FAULTS = 20

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Never in a text: controls but tab and line ends, and halves of surrogate pairs."""


class MalformedBody(Invalid):
    """The body is not the JSON it should be (400)."""

    code = 2002


class BodyTooLarge(Invalid):
    """More bytes than are read (413)."""

    code = 2005

    def __init__(self) -> None:
        most = f"at most {MAX_BODY_BYTES // 1024} KB"
        super().__init__(f"a body has {most}", [Fault("", f"must have {most}")])


class MediaTypeUnsupported(Invalid):
    """The body is something else than JSON (415)."""

    code = 2006

    def __init__(self) -> None:
        wanted = "must be application/json"
        super().__init__(f"the Content-Type {wanted}", [Fault("/headers/content-type", wanted)])


@dataclass(frozen=True, slots=True)
class _Refused:
    """Stands in the parsed tree for a value that JSON has no place for."""

    why: str
    key: str | None = None


def body_text(body: str | None, *, is_base64: bool, content_type: str) -> str:
    """The body as text, "" where there is none.

    Raises BodyTooLarge, MediaTypeUnsupported, or MalformedBody if it is not UTF-8.
    """
    if not body:
        return ""
    try:
        raw = base64.b64decode(body, validate=True) if is_base64 else body.encode()
        if len(raw) > MAX_BODY_BYTES:
            raise BodyTooLarge
        text = raw.decode()
    except ValueError as error:
        fault = Fault("", "is not UTF-8")
        raise MalformedBody("the body is not text in UTF-8", [fault]) from error
    if content_type.partition(";")[0].strip().lower() not in {"", "application/json"}:
        raise MediaTypeUnsupported
    return text


def read_object(text: str) -> JsonObject:
    """The JSON object that a body holds. Raises MalformedBody with at most 20 faults."""
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        fault = Fault("", f"{error.msg} at {where}")
        raise MalformedBody(f"the body is not JSON: {error.msg} at {where}", [fault]) from error
    except RecursionError as error:
        fault = Fault("", _TOO_DEEP)
        raise MalformedBody(f"the body {_TOO_DEEP}", [fault]) from error
    faults = [fault for fault, _ in zip(_faults(value, "", 1), range(_MAX_FAULTS), strict=False)]
    if not isinstance(value, dict | _Refused):
        faults.append(Fault("", "must be an object"))
    if faults:
        raise MalformedBody("the body is not JSON that can be taken", faults)
    return value  # type: ignore[no-any-return]  # a dict: everything else is a fault


_TOO_DEEP = f"is nested more than {MAX_DEPTH} deep"


def has_control_characters(text: str) -> bool:
    """Whether a text holds what no text may."""
    return _CONTROL.search(text) is not None


def _object(pairs: list[tuple[str, Any]]) -> JsonObject | _Refused:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    seen: set[str] = set()
    twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # the idiom for "second sight"
    return _Refused("stands there twice", twice)


def _integer(digits: str) -> int | _Refused:
    if len(digits) <= _MAX_DIGITS + 1 and abs(number := int(digits)) <= _MAX_INTEGER:
        return number
    return _Refused("is an integer beyond 64 bits")


def _float(digits: str) -> float | _Refused:
    number = float(digits)
    return number if math.isfinite(number) else _Refused("is a number too large")


def _constant(name: str) -> _Refused:
    return _Refused(f"is {name}, which JSON does not have")


def _faults(value: Json, pointer: str, depth: int) -> Iterator[Fault]:
    match value:
        case _Refused(why, key):
            yield Fault(pointer if key is None else f"{pointer}/{_token(key)}", why)
        case str() if has_control_characters(value):
            yield Fault(pointer, "has control characters")
        case dict() | list() if depth > MAX_DEPTH:
            yield Fault(pointer, _TOO_DEEP)
        case dict():
            for key, member in value.items():
                at = f"{pointer}/{_token(key)}"
                if has_control_characters(key):
                    yield Fault(at, "has control characters in its name")
                yield from _faults(member, at, depth + 1)
        case list():
            for index, member in enumerate(value):
                yield from _faults(member, f"{pointer}/{index}", depth + 1)


def _token(key: str) -> str:
    """A key as a JSON Pointer token, fit to be shown: RFC 6901, 3, controls made visible."""
    shown = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", key[:100])
    return shown.replace("~", "~0").replace("/", "~1")
