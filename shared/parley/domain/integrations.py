"""Integrations as flows name them: how a call may fail, and what the platform itself may be asked.

Somebody sets up all others; those whose name begins with `parley.` are there without.
"""

from collections.abc import Mapping
from typing import Literal, get_args

ErrorKind = Literal[
    "timeout", "http_4xx", "http_5xx", "circuit_open", "refused", "unknown", "not_available"
]
"""`unknown`: begun before a crash; `not_available`: a built-in that nothing serves yet."""
ERROR_KINDS: tuple[ErrorKind, ...] = get_args(ErrorKind)

BUILT_IN = "parley."
"""What the names of built-in integrations begin with."""

BUILT_INS: Mapping[str, tuple[str, ...]] = {
    "parley.tasks": ("create", "query", "update", "complete", "delete"),
    "parley.reminders": ("create", "list", "cancel"),
    "parley.knowledge": ("search", "answer"),
    "parley.llm": ("generate",),
    "parley.conversation": ("summary", "tags", "priority"),
}
"""Each with its operations; the `endpoint` of a call is the operation's name."""


def is_built_in(integration_id: str) -> bool:
    """Whether the name is kept for the platform's own, one that there is not included."""
    return integration_id.startswith(BUILT_IN)


def why_no_operation(integration_id: str, operation: str) -> str | None:
    """What is wrong with a call of a built-in integration, and what would be right; else None."""
    operations = BUILT_INS.get(integration_id)
    if operations is None:
        return f"no integration is called {integration_id!r}: there are {_listed(BUILT_INS)}"
    if operation not in operations:
        known = _listed(operations)
        return f"{integration_id} has no operation {operation!r}: its `endpoint` is one of {known}"
    return None


def _listed(names: Mapping[str, tuple[str, ...]] | tuple[str, ...]) -> str:
    return ", ".join(names)
