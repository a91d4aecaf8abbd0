"""Texts: literals as they are, `{{ path }}` by a short way of our own, all else by Liquid.

The short way gives what Liquid gives (a property test compares them) without importing it, which
costs a cold start 150 ms.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from parley.domain.json import Json
from parley.domain.messages import MAX_TEXT_LENGTH
from parley.engine.expressions import ROOTS

if TYPE_CHECKING:
    from parley.engine.scope import Scope

MAX_OUTPUT_BYTES = 16 * 1024

_MARKUP = re.compile(r"\{\{|\{%")
_MORE_MARKUP = re.compile(r"\{\{|\{%|\{$")
_PIECES = re.compile(r"\{\{\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*\}\}", re.ASCII)
_LIQUID_WORDS = frozenset(
    {
        *("size", "first", "last"),
        *("true", "false", "nil", "null", "none", "empty", "blank"),
        *("and", "or", "not", "contains", "in", "if", "else", "with", "for", "as", "by"),
        *("limit", "offset", "cols", "reversed", "continue", "required"),
    }
)
"""Names that mean something of their own to Liquid."""


class TextInvalid(Exception):
    """The text does not parse, or uses what is not allowed; the message says why."""


class TextFailed(Exception):
    """The text could not be rendered with these values; the message says why."""


class Template(Protocol):
    """A text with markup."""

    @property
    def paths(self) -> tuple[tuple[str, ...], ...]:
        """The names it reads, each from its root."""

    def render(self, scope: "Scope") -> str:
        """Raises TextFailed."""


@dataclass(frozen=True, slots=True)
class Interpolation:
    """Literals and paths in turn, the first and last a literal."""

    literals: tuple[str, ...]
    paths: tuple[tuple[str, ...], ...]
    escape: Callable[[str], str] | None = None

    def render(self, scope: "Scope") -> str:
        parts = [self.literals[0]]
        for path, literal in zip(self.paths, self.literals[1:], strict=True):
            value = scope.value(path[0])
            for name in path[1:]:
                value = value.get(name) if isinstance(value, dict) else None
            written = value if isinstance(value, str) else written_out(value)
            parts.append(self.escape(written) if self.escape else written)
            parts.append(literal)
        text = "".join(parts)
        if (
            len(text) * 4 > MAX_OUTPUT_BYTES
            and len(text.encode(errors="replace")) > MAX_OUTPUT_BYTES
        ):
            raise TextFailed(f"it grew past {MAX_OUTPUT_BYTES} bytes")
        return text


def compile_text(source: str, *, is_endpoint: bool = False) -> str | Template:
    """The text itself if it has no markup, else its template. Raises TextInvalid.

    What an endpoint puts in is percent-encoded: a customer's words can't change the path.
    """
    if _MARKUP.search(source) is None:
        return source
    pieces = _PIECES.split(source)
    paths = tuple(tuple(path.split(".")) for path in pieces[1::2])
    is_plain = not any(_MORE_MARKUP.search(literal) for literal in pieces[::2])
    if is_plain and all(path[0] in ROOTS and _LIQUID_WORDS.isdisjoint(path) for path in paths):
        return Interpolation(tuple(pieces[::2]), paths, percent_encoded if is_endpoint else None)
    from parley.engine.liquid import LiquidTemplate  # noqa: PLC0415 -- cold start: 150 ms

    return LiquidTemplate.parse(source, is_endpoint=is_endpoint)


def fitting(text: str) -> str:
    """The rendered text of a message. Raises TextFailed if it is longer than one may be."""
    if len(text) > MAX_TEXT_LENGTH:
        raise TextFailed(f"it is longer than {MAX_TEXT_LENGTH:,} characters")
    return text


def percent_encoded(value: str) -> str:
    """`value` as one segment of a path."""
    encoded = quote(value.encode(errors="replace"), safe="")
    return encoded.replace(".", "%2E") if encoded in (".", "..") else encoded


def written_out(value: Json) -> str:  # noqa: PLR0911 -- one line a type
    """How a value stands in a text: null is nothing, a list its items, an object its JSON."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return "".join(written_out(item) for item in value)
        case dict():
            return json.dumps(value, ensure_ascii=False, default=str)
        case range():
            return f"{value.start}..{value.stop - 1}"
        case _:
            return str(value)
