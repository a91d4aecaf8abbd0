"""A flow as text: YAML 1.2 (core schema) or JSON, in and out, with the place of every value."""

import json
import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

from parley.domain.errors import Fault, FlowInvalid
from parley.domain.flows import MAX_FLOW_BYTES, MAX_FLOW_DEPTH
from parley.domain.json import Json, JsonObject, is_within
from parley.engine.hostile_text import counted, why_not_read
from parley.engine.json_places import json_offsets

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

MAX_VALUES = 50_000
"""Values in a document once aliases stand for copies: a small text can't become a huge flow."""

_YAML = "tag:yaml.org,2002:"
_FOLD = "\a"
"""How ruamel.yaml marks where a folded text was folded; the text itself can't have one."""


@dataclass(frozen=True, slots=True)
class Place:
    """Counted from 1."""

    line: int
    column: int


class Unreadable(Exception):
    """The text is no document; `place` is where reading stopped, `pointer` where that stands."""

    def __init__(self, why: str, place: Place | None = None, pointer: str = "") -> None:
        super().__init__(why)
        self.why, self.place, self.pointer = why, place, pointer


class Loaded:
    """A document, and by JSON Pointer the place of each of its values, found when asked for."""

    def __init__(self, value: Json, text: str | None, places: dict[str, Place] | None) -> None:
        self.value = value
        self._text = text
        self._places = places

    @property
    def places(self) -> dict[str, Place]:
        """Empty for a document that was not text."""
        if self._places is None:
            self._places = {} if self._text is None else _placed(self._text)
        return self._places


def load_flow(text: str) -> JsonObject:
    """The document in `text`. Raises FlowInvalid, with line and column, if there is none."""
    try:
        value = load(text).value
    except Unreadable as error:
        at = f" (line {error.place.line}, column {error.place.column})" if error.place else ""
        raise FlowInvalid(error.why + at, [Fault(error.pointer, error.why + at)]) from error
    if not isinstance(value, dict):
        raise FlowInvalid("a flow is an object", [Fault("", "write `schema: parley/1` first")])
    return value


def load(text: str) -> Loaded:
    """JSON, else YAML. Raises Unreadable for text that is neither, or that is too large."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise Unreadable("the text holds half a surrogate pair") from error
    if size > MAX_FLOW_BYTES:
        raise _too_large(size)
    value = _json(text)
    return _Reader().read(text) if value is None else Loaded(value, text, None)


def given(value: Json) -> Loaded:
    """A document that is JSON already. Raises Unreadable if it is too deep, too large, or not."""
    if not is_within(value, depth=MAX_FLOW_DEPTH, values=MAX_FLOW_BYTES):
        raise Unreadable(f"it is nested deeper than {MAX_FLOW_DEPTH} levels")
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        size = len(text.encode())
    except (TypeError, ValueError) as error:
        raise Unreadable(f"it is no JSON: {error}") from error
    if size > MAX_FLOW_BYTES:
        raise _too_large(size)
    return Loaded(value, None, None)


def _json(text: str) -> JsonObject | None:
    """The JSON object in `text`; None if it is none, or if a name in it is written twice.

    A hundred times faster than reading it as YAML, which then says what is wrong and where.
    """
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_refused)
    except (ValueError, RecursionError):
        return None
    try:
        given(value)
    except Unreadable:
        return None
    return value if isinstance(value, dict) else None


def _too_large(size: int) -> Unreadable:
    most = MAX_FLOW_BYTES // 1024
    return Unreadable(f"a flow has at most {most} KB, this has {-(-size // 1024)}")


def _once(pairs: list[tuple[str, Json]]) -> JsonObject:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is written twice")
    return found


def _refused(constant: str) -> Json:
    raise Unreadable(f"{constant} is no JSON")


def _placed(text: str) -> dict[str, Place]:
    """The places of a text that was read as JSON."""
    lines = [0, *(n + 1 for n, character in enumerate(text) if character == "\n")]
    places = {}
    for pointer, offset in json_offsets(text).items():
        line = bisect_right(lines, offset)
        places[pointer] = Place(line, offset - lines[line - 1] + 1)
    return places


def dump_flow(document: JsonObject) -> str:
    """The document as YAML."""
    from ruamel.yaml import YAML  # noqa: PLC0415 -- only who reads or writes YAML pays for it

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # typed as None
    yaml.allow_unicode = True
    yaml.width = 100
    out = StringIO()
    yaml.dump(document, out)
    return out.getvalue()


def pointer_part(name: object) -> str:
    """A name as one part of a JSON Pointer (RFC 6901)."""
    return str(name).replace("~", "~0").replace("/", "~1")


class _Reader:
    """Builds the JSON value and the places in one walk over the composed nodes."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}

    def read(self, text: str) -> Loaded:
        from ruamel.yaml import YAML  # noqa: PLC0415 -- as above
        from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415 -- as above

        hostile = why_not_read(text)
        if hostile is not None:
            raise Unreadable(hostile)
        try:
            yaml = YAML(typ="rt", pure=True)
            # Two anchors of one name are YAML: an alias means the one before it.
            yaml.composer.warn_double_anchors = False
            node = yaml.compose(text)
            if node is None:
                raise Unreadable("the text is empty")
            if counted(node, MAX_VALUES) > MAX_VALUES:
                raise Unreadable(f"it is endless or has more than {MAX_VALUES:,} values")
            return Loaded(self._value(node, "", 0), text, self._places)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Place(mark.line + 1, mark.column + 1) if mark else None
            raise Unreadable(f"neither YAML nor JSON: {error.problem}", place) from error
        except YAMLError as error:
            raise Unreadable(f"neither YAML nor JSON: {str(error).splitlines()[0]}") from error
        except RecursionError as error:
            raise Unreadable("it is nested too deeply") from error

    def _value(self, node: "Node", pointer: str, depth: int) -> Json:
        place = Place(node.start_mark.line + 1, node.start_mark.column + 1)
        self._places[pointer] = place
        if depth > MAX_FLOW_DEPTH:
            raise Unreadable(f"it is nested deeper than {MAX_FLOW_DEPTH} levels", place, pointer)
        match node.id:  # type: ignore[attr-defined]  # each kind of node has its own
            case "mapping":
                return dict(self._pairs(node, pointer, depth))
            case "sequence":
                return [
                    self._value(item, f"{pointer}/{n}", depth + 1)
                    for n, item in enumerate(node.value)
                ]
            case _:
                return self._scalar(node, pointer, place)

    def _pairs(self, node: "Node", pointer: str, depth: int) -> Iterator[tuple[str, Json]]:
        seen = set()
        for key_node, value_node in node.value:
            place = Place(key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if key_node.id != "scalar":
                raise Unreadable("a name is a plain word, not a list or object", place, pointer)
            key: str = key_node.value
            if key in seen:
                raise Unreadable(
                    f"{key!r} is written twice", place, f"{pointer}/{pointer_part(key)}"
                )
            seen.add(key)
            here = f"{pointer}/{pointer_part(key)}"
            yield key, self._value(value_node, here, depth + 1)
            self._places[here] = place

    def _scalar(self, node: "Node", pointer: str, place: Place) -> Json:
        kind = str(node.tag).removeprefix(_YAML)
        text = node.value.replace(_FOLD, "") if node.style == ">" else node.value  # type: ignore[attr-defined]  # as above
        try:
            return _SCALARS.get(kind, str)(text)
        except (ValueError, OverflowError) as error:
            raise Unreadable(f"{node.value[:40]!r} is no {kind}", place, pointer) from error


def _integer(text: str) -> int:
    return int(text, 0) if text[:2] in ("0x", "0o") else int(text)


def _float(text: str) -> float:
    value = float(text.replace(".inf", "inf").replace(".nan", "nan"))
    if not math.isfinite(value):
        raise ValueError(text)
    return value


_SCALARS: dict[str, Any] = {
    "null": lambda _: None,
    "bool": lambda text: text.lower() == "true",
    "int": _integer,
    "float": _float,
}


def dump_json(document: JsonObject) -> str:
    """The document as JSON."""
    return json.dumps(document, ensure_ascii=False, indent=2)
