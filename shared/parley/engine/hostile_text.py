"""A cheap look at a text before a parser reads it: is it too deep or too crowded to be a flow?

YAML parsers take time that grows with the square of the nesting, and composing copies what aliases
name; this scan is linear and stops nothing that a person could have written.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

MAX_MARKS = 20_000
"""Lines and commas in a YAML text: about 13 bytes each at 256 KB, far below what people write."""
MAX_OPEN = 200
"""Levels that the scan lets through: ten times what a flow may have, as it does not read quotes
as exactly as the parser, which has the last word."""

_TOKENS = re.compile(
    r"""(?<![^\s\[{,:])(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[\[{])|[\]}]""", re.ASCII
)
_LEADING = re.compile(r"[ ]*(?:[-?:][ ]+)*")


def why_not_read(text: str) -> str | None:
    """What is wrong with a text that no parser should be given; None if nothing is."""
    if text.count("\n") + text.count(",") > MAX_MARKS:
        return f"it has more than {MAX_MARKS:,} lines and commas"
    if _open_brackets(text) or _indented(text.splitlines()):
        return f"it is nested too deeply: a flow has at most {MAX_OPEN // 10} levels"
    return None


def _open_brackets(text: str) -> bool:
    opened = 0
    for token in _TOKENS.finditer(text):
        first = token[0]
        if first in "[{":
            opened += 1
            if opened > MAX_OPEN:
                return True
        elif first in "]}":
            opened = max(0, opened - 1)
    return False


def _indented(lines: list[str]) -> bool:
    """Whether lines stand ever further in, or one begins with a row of dashes."""
    columns: list[int] = []
    for line in lines:
        if not line.strip():
            continue
        for column in _beginnings(line):
            while columns and columns[-1] >= column:
                columns.pop()
            columns.append(column)
            if len(columns) > MAX_OPEN:
                return True
    return False


def _beginnings(line: str) -> Iterator[int]:
    """The columns where collections may begin: at the indent, and after each `- ` and `? `."""
    leading = _LEADING.match(line)
    end = leading.end() if leading else 0
    yield len(line) - len(line.lstrip(" "))
    for column in range(end):
        if line[column] in "-?:":
            yield column + 1


def counted(node: "Node", limit: int) -> int:
    """The values that a composed node stands for, copies by aliases included; at most `limit` + 1.

    Linear in the text: what an alias names is counted once. A node inside itself is endless.
    """
    return _Counter(limit).count(node)


class _Counter:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: dict[int, int] = {}

    def count(self, node: "Node") -> int:
        known = self._known.get(id(node))
        if known is not None:
            return known
        self._known[id(node)] = self._limit + 1  # what it is while it is being counted: endless
        total = 1
        for child in _children(node):
            total = min(total + self.count(child), self._limit + 1)
        self._known[id(node)] = total
        return total


def _children(node: "Node") -> Iterator["Node"]:
    if isinstance(node.value, list):
        for item in node.value:
            if isinstance(item, tuple):
                yield from item
            else:
                yield item
