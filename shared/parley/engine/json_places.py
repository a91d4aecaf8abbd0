"""Where every value of a JSON text stands: for findings in flows that are written as JSON."""

import json
import re

_STRING = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile(r"[^,\]}\s]+")


def json_offsets(text: str) -> dict[str, int]:
    """By JSON Pointer the offset of each value; that of a member is its name's.

    `text` is JSON and not deep: it has been read before.
    """
    offsets: dict[str, int] = {}
    _value(text, _SPACE.match(text).end(), "", offsets)  # type: ignore[union-attr]  # matches ""
    return offsets


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _value(text: str, at: int, pointer: str, offsets: dict[str, int]) -> int:
    """Notes the value at `at` and all inside it; where it ends."""
    offsets.setdefault(pointer, at)
    match text[at]:
        case "{":
            return _object(text, at + 1, pointer, offsets)
        case "[":
            return _array(text, at + 1, pointer, offsets)
        case '"':
            return _STRING.raw_decode(text, at)[1]
        case _:
            found = _PLAIN.match(text, at)
            return found.end() if found else at + 1


def _object(text: str, at: int, pointer: str, offsets: dict[str, int]) -> int:
    at = _after_space(text, at)
    while text[at] != "}":
        name, end = _STRING.raw_decode(text, at)
        here = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        offsets[here] = at
        colon = _after_space(text, end)
        end = _value(text, _after_space(text, colon + 1), here, offsets)
        at = _next(text, end)
    return at + 1


def _array(text: str, at: int, pointer: str, offsets: dict[str, int]) -> int:
    at, n = _after_space(text, at), 0
    while text[at] != "]":
        at = _next(text, _value(text, at, f"{pointer}/{n}", offsets))
        n += 1
    return at + 1


def _next(text: str, at: int) -> int:
    """Past the comma, if there is one, and the space around it."""
    at = _after_space(text, at)
    return _after_space(text, at + 1) if text[at] == "," else at
