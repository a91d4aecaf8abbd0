"""JSON values: what is stored, queued and traced, and nothing richer."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson

type Json = Any
"""Any JSON value: None, bool, int, float, str, list or dict of these."""

type JsonObject = dict[str, Any]
"""A JSON object."""

_NESTING = (dict, list)
"""What holds further values; as `dict | list` it would be made anew wherever it is asked for."""


def canonical(value: Json) -> bytes:
    """Equal bytes for equal values, whatever order their keys are in; a datetime may be within.

    What that encoder refuses, half surrogate pairs and numbers beyond 64 bits, another one takes.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return json.dumps(value, sort_keys=True, default=datetime.isoformat).encode()


def instant_text(at: datetime) -> str:
    """What `isoformat` gives of an instant in UTC, in a fifth of the time."""
    return orjson.dumps(at)[1:-1].decode()


def is_within(value: Json, *, depth: int, values: int) -> bool:
    """Whether at most `depth` objects and arrays stand inside each other, and `values` are in all.

    The value itself counts in both. It is walked level by level, and no further than `values`
    allows: nothing is too deep to be judged.
    """
    if not isinstance(value, _NESTING):
        return values > 0
    level, seen = [value], 1
    for _ in range(depth + 1):
        level = [item for item in level if isinstance(item, _NESTING)]
        if seen > values or not level:
            return seen <= values
        level = [child for item in level for child in _children(item)]
        seen += len(level)
    return False


def _children(value: JsonObject | list[Json]) -> Iterable[Json]:
    return value.values() if isinstance(value, dict) else value
