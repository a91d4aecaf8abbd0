"""JSON from systems we do not trust: one meaning or none (RFC 8259, and I-JSON, RFC 7493)."""

import json
import math

from parley.domain.json import Json, JsonObject

MAX_DEPTH = 32
_MAX_INTEGER = 2**63 - 1
_MAX_INTEGER_LENGTH = 20


class NotJson(ValueError):
    """The text says why, for people."""


def parsed(body: bytes) -> Json:
    """The value that `body` means. Raises NotJson for anything else.

    Refused: other encodings than UTF-8, NaN and infinities however written, a key twice, halves of
    a surrogate pair, NUL, nesting deeper than 32. Integers past 64 bits become floats.
    """
    try:
        value = json.loads(
            body.decode(),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_integer,
        )
        _check(value, MAX_DEPTH)
    except RecursionError as error:
        raise NotJson("nested too deep") from error
    except UnicodeError as error:
        raise NotJson("not whole Unicode in UTF-8") from error
    except ValueError as error:
        raise NotJson(str(error)) from error
    return value


def _object(pairs: list[tuple[str, Json]]) -> JsonObject:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice in an object")
    return value


def _constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number too large")
    return value


def _integer(text: str) -> int | float:
    if len(text) <= _MAX_INTEGER_LENGTH and abs(value := int(text)) <= _MAX_INTEGER:
        return value
    return _float(text)


def _check(value: Json, depth_left: int) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, list | dict):
        if depth_left == 0:
            raise ValueError("nested too deep")
        for part in value.values() if isinstance(value, dict) else value:
            _check(part, depth_left - 1)
        if isinstance(value, dict):
            _check_text("".join(value))


def _check_text(text: str) -> None:
    text.encode()  # a lone surrogate raises UnicodeEncodeError, which is a ValueError
    if "\0" in text:
        raise ValueError("a text holds NUL, which no database takes")
