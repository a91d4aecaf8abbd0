"""Texts: literals as they are, all else by Liquid, or by a short way of our own where it will do.

It does for paths, `{{ user.first_name }}`, and for words that hang on one of them,
`{% if user.first_name %}`. It gives what Liquid gives (a property test compares them) without
importing it, which costs a cold start 150 ms.
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
_PATH = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_TOKENS = re.compile(
    rf"(\{{\{{\s*{_PATH}\s*\}}\}}|\{{%\s*(?:if\s+{_PATH}|else|endif)\s*%\}})", re.ASCII
)
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


type Path = tuple[str, ...]
"""A name and its members, from the root on."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Words that depend on whether a path leads to something: null and false are nothing."""

    path: Path
    then: "tuple[Step, ...]"
    otherwise: "tuple[Step, ...]"


type Step = str | Path | Choice
"""A literal, a value to be written, or a choice of words."""


@dataclass(frozen=True, slots=True)
class Interpolation:
    """Steps in turn, and the paths of all of them."""

    steps: tuple[Step, ...]
    paths: tuple[Path, ...]
    escape: Callable[[str], str] | None = None

    def render(self, scope: "Scope") -> str:
        text = self._written(self.steps, scope)
        if (
            len(text) * 4 > MAX_OUTPUT_BYTES
            and len(text.encode(errors="replace")) > MAX_OUTPUT_BYTES
        ):
            raise TextFailed(f"it grew past {MAX_OUTPUT_BYTES} bytes")
        return text

    def _written(self, steps: tuple[Step, ...], scope: "Scope") -> str:
        return "".join([s if isinstance(s, str) else self._one(s, scope) for s in steps])

    def _one(self, step: Path | Choice, scope: "Scope") -> str:
        if isinstance(step, Choice):
            value = _value(step.path, scope)
            is_something = value is not None and value is not False
            return self._written(step.then if is_something else step.otherwise, scope)
        value = _value(step, scope)
        written = value if isinstance(value, str) else written_out(value)
        return self.escape(written) if self.escape else written


def _value(path: Path, scope: "Scope") -> Json:
    value = scope.value(path[0])
    for name in path[1:]:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def compile_text(source: str, *, is_endpoint: bool = False) -> str | Template:
    """The text itself if it has no markup, else its template. Raises TextInvalid.

    What an endpoint puts in is percent-encoded: a customer's words can't change the path.
    """
    if _MARKUP.search(source) is None:
        return source
    try:
        steps, paths = _Short().read(source)
        return Interpolation(steps, paths, percent_encoded if is_endpoint else None)
    except _NotShort:
        from parley.engine.liquid import LiquidTemplate  # noqa: PLC0415 -- cold start: 150 ms

        return LiquidTemplate.parse(source, is_endpoint=is_endpoint)


class _NotShort(Exception):
    """The text needs Liquid."""


class _Short:
    """Reads a text of nothing but paths, and of choices that stand within no other."""

    def __init__(self) -> None:
        self._paths: list[Path] = []
        self._outside: list[Step] = []
        self._steps = self._outside
        self._asked: Path | None = None
        self._then: list[Step] | None = None

    def read(self, source: str) -> tuple[tuple[Step, ...], tuple[Path, ...]]:
        """Raises _NotShort."""
        for n, piece in enumerate(_TOKENS.split(source)):
            if n % 2 == 0:
                if _MORE_MARKUP.search(piece):
                    raise _NotShort
                self._steps += [piece] if piece else []
            elif piece.startswith("{{"):
                self._steps.append(self._path(piece[2:-2]))
            else:
                self._tag(*piece[2:-2].split())
        if self._asked is not None:
            raise _NotShort
        return tuple(self._outside), tuple(self._paths)

    def _tag(self, word: str, path: str = "") -> None:
        match word:
            case "if" if self._asked is None:
                self._asked, self._then, self._steps = self._path(path), None, []
            case "else" if self._asked is not None and self._then is None:
                self._then, self._steps = self._branch(), []
            case "endif" if self._asked is not None:
                last = self._branch()
                then, otherwise = (last, []) if self._then is None else (self._then, last)
                self._outside.append(Choice(self._asked, tuple(then), tuple(otherwise)))
                self._asked, self._steps = None, self._outside
            case _:
                raise _NotShort

    def _branch(self) -> list[Step]:
        """What was read since; Liquid has a rule of its own for one of blanks alone."""
        if self._steps and all(isinstance(s, str) and not s.strip() for s in self._steps):
            raise _NotShort
        return self._steps

    def _path(self, written: str) -> Path:
        path = tuple(written.strip().split("."))
        if path[0] not in ROOTS or not _LIQUID_WORDS.isdisjoint(path):
            raise _NotShort
        self._paths.append(path)
        return path


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
