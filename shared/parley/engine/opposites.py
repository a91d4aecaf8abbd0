"""Opposite guards: of `g` and `!(g)` one always holds, in whatever way `g` fails."""

import re
from collections.abc import Iterable

_ONE_OPERAND = re.compile(r"[\w.]+(?:\([^()]*\))?", re.ASCII)
"""What `!` negates as a whole without parentheses of its own: a name or one call."""


def negations(expressions: Iterable[str]) -> frozenset[str]:
    """Those that say no to another one of `expressions`, as they are written there."""
    written = frozenset(expressions)
    plain = {expression.strip() for expression in written}
    denials = {f"!({one})" for one in plain}
    denials |= {f"!{one}" for one in plain if _ONE_OPERAND.fullmatch(one)}
    return frozenset(expression for expression in written if expression.strip() in denials)
