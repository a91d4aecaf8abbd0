"""Names for JSON values: what is stored, queued and traced, and nothing richer."""

from collections.abc import Iterable
from typing import Any

type Json = Any
"""Any JSON value: None, bool, int, float, str, list or dict of these."""

type JsonObject = dict[str, Any]
"""A JSON object."""


def is_within(value: Json, *, depth: int, values: int) -> bool:
    """Whether at most `depth` objects and arrays stand inside each other, and `values` are in all.

    The value itself counts in both. It is walked level by level, and no further than `values`
    allows: nothing is too deep to be judged.
    """
    level, seen = [value], 1
    for _ in range(depth + 1):
        level = [item for item in level if isinstance(item, dict | list)]
        if seen > values or not level:
            return seen <= values
        level = [child for item in level for child in _children(item)]
        seen += len(level)
    return False


def _children(value: JsonObject | list[Json]) -> Iterable[Json]:
    return value.values() if isinstance(value, dict) else value
