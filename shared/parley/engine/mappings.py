"""JMESPath for mappings, within limits: what could multiply its input is bounded or left out."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.visitor import TreeInterpreter

from parley.domain.json import Json

MAX_PATH_LENGTH = 500
MAX_COPIES = 64
"""How many copies of its input the multi-selects of one path may make between them."""

FUNCTIONS = frozenset(
    {
        *("abs", "avg", "ceil", "floor", "max", "max_by", "min", "min_by", "sum", "to_number"),
        *("contains", "ends_with", "starts_with", "length", "to_string", "type", "not_null"),
        *("keys", "values", "merge", "reverse", "sort", "sort_by", "to_array"),
    }
)
# It holds nothing of what it interprets; a path's own `search` makes one every time.
_interpreter = TreeInterpreter()
_SEVERAL = frozenset({"multi_select_list", "multi_select_dict"})


class PathInvalid(Exception):
    """The path does not parse, or could do too much; the message says why."""


def compile_path(path: str) -> Callable[[Json], Json]:
    """What finds the part of a value that the path says, or raises ValueError.

    Raises PathInvalid.
    """
    if len(path) > MAX_PATH_LENGTH:
        raise PathInvalid(f"it is longer than {MAX_PATH_LENGTH} characters")
    try:
        compiled = jmespath.compile(path)
    except (JMESPathError, RecursionError, ValueError) as error:
        why = str(error).strip().partition("\n")[0]
        raise PathInvalid(why or "it does not parse") from error
    nodes = _nodes(cast("dict[str, Any]", compiled.parsed))
    for node in nodes:
        if node["type"] == "function_expression" and node["value"] not in FUNCTIONS:
            raise PathInvalid(f"there is no function {node['value']!r}")
    copies = math.prod(len(n["children"]) for n in nodes if n["type"] in _SEVERAL and n["children"])
    if copies > MAX_COPIES:
        raise PathInvalid("it makes too many copies of the answer: map the parts one by one")
    return partial(_interpreter.visit, compiled.parsed)


def _nodes(root: dict[str, Any]) -> list[dict[str, Any]]:
    found, todo = [], [root]
    while todo:
        node = todo.pop()
        found.append(node)
        todo += [child for child in node.get("children", ()) if isinstance(child, dict)]
    return found
