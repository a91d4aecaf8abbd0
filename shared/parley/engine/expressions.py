"""Expressions: CEL on Google's runtime, typed by the flow's slots, without comprehension macros.

What is left is total and its cost is bounded by its length. `slots` is a protobuf message made for
the flow, one nullable field a slot, so that `has(slots.x)` and the types work; everything else is a
map of dynamic values. The runtime itself refuses nesting deeper than 32.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, Any

from cel_expr_python import cel  # type: ignore[import-untyped]  # ships its stubs unmarked

from parley.domain.flow_slots import Slot
from parley.domain.json import Json

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from parley.engine.scope import Scope

MAX_EXPRESSION_LENGTH = 1_000
ROOTS = (
    "slots",
    "vars",
    "user",
    "input",
    "intent",
    "conversation",
    "integration",
    "now",
    "tenant",
)
"""The names in scope of expressions and texts."""

UNREADABLE_SLOTS = frozenset({"DESCRIPTOR", "SerializePartialToString"})
"""Names that the runtime asks a message's class for, and finds the slot instead."""

_NAMES = re.compile(rf"\b(?:{'|'.join(ROOTS)})\b")
_SURPLUS = re.compile(r"(?:ERROR: <input>:\d+:\d+: )|(?: \(in container ''\))")
_MACROS = "name: parley\nstdlib:\n  exclude_macros: [all, exists, exists_one, filter, map]\n"
_STRUCT = "google.protobuf.Value"
_FIELDS = {
    "integer": "google.protobuf.Int64Value",
    "boolean": "google.protobuf.BoolValue",
    "date": "google.protobuf.Timestamp",
    "datetime": "google.protobuf.Timestamp",
    "number": _STRUCT,
    "money": _STRUCT,
    "location": _STRUCT,
    "any": _STRUCT,
}
_SHAPES: dict[str, tuple[str, ...]] = {
    "input": (
        "text",
        "type",
        "payload",
        "language",
        "sentiment",
        "attachments",
        "location",
        "form",
    ),
    "intent": ("name", "confidence"),
    "integration": ("status", "kind", "data", "error"),
}


class ExpressionInvalid(Exception):
    """The expression does not parse, or its types do not fit; the message says why."""


class ExpressionFailed(Exception):
    """The expression met values that it cannot work with; the message says why."""


class Expressions:
    """The expressions of one flow: its slots give the types.

    With `variables`, only those may be named (for checking); without, any may (for running).
    """

    def __init__(self, slots: Mapping[str, Slot], variables: frozenset[str] | None = None) -> None:
        fields = {
            name: _FIELDS.get(slot.type, "google.protobuf.StringValue")
            for name, slot in slots.items()
        }
        messages = {"Slots": fields}
        dynamic = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
        types = dict.fromkeys(ROOTS, dynamic)
        if variables is not None:
            messages["Vars"] = dict.fromkeys(variables, _STRUCT)
            types["vars"] = cel.Type("parley.Vars")
            for root, names in _SHAPES.items():
                messages[root.title()] = dict.fromkeys(names, _STRUCT)
                types[root] = cel.Type(f"parley.{root.title()}")
        pool, self._message = _message_class(messages)
        self._fields = fields
        types |= {"slots": cel.Type("parley.Slots"), "now": cel.Type.TIMESTAMP}
        self._env = cel.NewEnv(
            descriptor_pool=pool, config=cel.NewEnvConfigFromYaml(_MACROS), variables=types
        )

    def compile(self, source: str) -> "Expression":
        """Raises ExpressionInvalid."""
        if len(source) > MAX_EXPRESSION_LENGTH:
            raise ExpressionInvalid(f"it is longer than {MAX_EXPRESSION_LENGTH} characters")
        try:
            program = self._env.compile(source)
        except (RuntimeError, TypeError, UnicodeError) as error:
            raise ExpressionInvalid(_readable(error)) from error
        roots, returns = frozenset(_NAMES.findall(source)), program.return_type().name()
        return Expression(source, program, self, roots, returns).folded()

    def activation(self, scope: "Scope", roots: frozenset[str]) -> Any:  # noqa: ANN401 -- CEL's own
        """The values of `roots`, as CEL takes them. Raises ExpressionFailed."""
        values = {root: scope.value(root) for root in roots if root not in ("slots", "now")}
        try:
            if "slots" in roots:
                values["slots"] = self._slots_message(scope.value("slots"))
            if "now" in roots:
                values["now"] = scope.now
            return self._env.Activation(values)
        except (RuntimeError, TypeError, ValueError, OverflowError) as error:
            raise ExpressionFailed(f"a value does not fit: {error}") from error

    def nothing(self) -> Any:  # noqa: ANN401 -- as above
        """An activation without any name."""
        return self._env.Activation({})

    def _slots_message(self, slots: Mapping[str, Json]) -> "Message":
        message: Message = self._message()
        for name, value in slots.items():
            kind = self._fields.get(name)
            if kind is None or value is None:
                continue
            field = getattr(message, name)
            if kind == _STRUCT:
                _put(field, value)
            elif kind == "google.protobuf.Timestamp":
                field.FromDatetime(instant(value))
            else:
                field.value = value
                field.SetInParent()
        return message


@dataclass(frozen=True, slots=True)
class Expression:
    """Compiled; `roots` are the names it may read, `returns` is the name of its CEL type.

    `if_failed` is what it counts as where it fails: of two opposite guards the negated one holds.
    `always` is whether one that reads nothing is true; None for all others.
    """

    source: str
    program: Any
    home: Expressions
    roots: frozenset[str]
    returns: str
    if_failed: bool = False
    always: bool | None = None

    def folded(self) -> "Expression":
        """The same, evaluated once and for all if it reads nothing and does not fail."""
        try:
            return self if self.roots else replace(self, always=self.constant() is True)
        except ExpressionFailed:
            return self

    def is_true(self, scope: "Scope") -> bool:
        """Whether it gives true. Raises ExpressionFailed if it gives an error."""
        return self._run(scope) is True if self.always is None else self.always

    def constant(self) -> Json:
        """The value of an expression that reads nothing, else None. Raises ExpressionFailed."""
        if self.roots:
            return None
        result = self.program.eval(self.home.nothing())
        if result.type() == cel.Type.ERROR:
            raise ExpressionFailed(str(result.plain_value()))
        return _json(result.plain_value())

    def json(self, scope: "Scope") -> Json:
        """Its value as JSON: a time is a string. Raises ExpressionFailed."""
        return _json(self._run(scope))

    def _run(self, scope: "Scope") -> Json:
        try:
            result = self.program.eval(scope.activation(self.home, self.roots))
            if result.type() == cel.Type.ERROR:
                raise ExpressionFailed(str(result.plain_value()))
            return result.plain_value()
        except (RuntimeError, TypeError, ValueError, OverflowError) as error:
            raise ExpressionFailed(str(error)) from error


def instant(value: str) -> datetime:
    """The aware instant that an ISO 8601 date or time names; UTC where it does not say."""
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _json(value: Json) -> Json:
    match value:
        case None | bool() | int() | str():
            return value
        case float() if isfinite(value):
            return value
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case list():
            return [_json(item) for item in value]
        case dict():
            return {str(key): _json(item) for key, item in value.items()}
        case _:
            raise ExpressionFailed(f"its value is a {type(value).__name__}, which is not JSON")


def _put(field: Any, value: Json) -> None:  # noqa: ANN401 -- a protobuf Value
    """Writes JSON into a google.protobuf.Value."""
    match value:
        case bool():
            field.bool_value = value
        case int() | float():
            field.number_value = value
        case str():
            field.string_value = value
        case list():
            field.list_value.SetInParent()
            for item in value:
                _put(field.list_value.values.add(), item)
        case dict():
            field.struct_value.SetInParent()
            for key, item in value.items():
                _put(field.struct_value.fields[key], item)
        case _:
            field.null_value = 0


def _readable(error: Exception) -> str:
    """What the runtime says, without its internals: the first line, from the reason on."""
    first = str(error).partition("\n")[0]
    reason = first.removeprefix("INVALID_ARGUMENT: ").removeprefix("CANCELLED: ")
    return _SURPLUS.sub("", reason).partition(" [")[0][:300]


@cache
def _well_known() -> tuple[bytes, ...]:
    from google.protobuf import (  # noqa: PLC0415 -- 25 ms that flows without expressions save
        struct_pb2,
        timestamp_pb2,
        wrappers_pb2,
    )

    return tuple(
        module.DESCRIPTOR.serialized_pb for module in (wrappers_pb2, timestamp_pb2, struct_pb2)
    )


def _message_class(messages: Mapping[str, Mapping[str, str]]) -> tuple[Any, Any]:
    """A descriptor pool that knows `messages` {name: {field: type}}, and the class of `Slots`."""
    from google.protobuf import (  # noqa: PLC0415 -- as above
        descriptor_pb2,
        descriptor_pool,
        message_factory,
    )

    pool = descriptor_pool.DescriptorPool()
    for serialized in _well_known():
        pool.AddSerializedFile(serialized)
    kind = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="parley.proto",
        package="parley",
        # In the JSON of proto3 `a_b` and `aB` would be one, so it refuses to have both.
        syntax="proto2",
        dependency=[
            f"google/protobuf/{part}.proto" for part in ("wrappers", "timestamp", "struct")
        ],
    )
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for number, (field, type_name) in enumerate(fields.items(), start=1):
            message.field.add(
                name=field,
                json_name=field,
                number=number,
                type=kind.TYPE_MESSAGE,
                label=kind.LABEL_OPTIONAL,
                type_name=f".{type_name}",
            )
    pool.Add(file)
    return pool, message_factory.GetMessageClass(pool.FindMessageTypeByName("parley.Slots"))
