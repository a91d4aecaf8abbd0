"""Forms: what one asks for, and what somebody filled in."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from parley.domain.flow_slots import Slot
from parley.domain.flow_texts import FieldType
from parley.domain.json import Json, JsonObject
from parley.domain.messages import MAX_FORM_FIELDS
from parley.engine.slot_types import Refused
from parley.engine.slots import SlotRule
from parley.engine.spoken_times import SPOKEN

if TYPE_CHECKING:
    from parley.engine.run import Run

_ANY_TEXT: frozenset[FieldType] = frozenset(
    {"string", "text", "date", "time", "datetime", "email", "phone", "url", "enum"}
)
_NUMBERS: frozenset[FieldType] = frozenset({"number", "integer", "enum"})
FITS: Mapping[str, frozenset[FieldType]] = {
    "string": _ANY_TEXT,
    "any": _ANY_TEXT | _NUMBERS | {"boolean"},
    "integer": frozenset({"integer", "enum"}),
    "number": _NUMBERS,
    "money": _NUMBERS,
    "boolean": frozenset({"boolean"}),
    "date": frozenset({"date", "enum"}),
    "time": frozenset({"time", "enum"}),
    "datetime": frozenset({"datetime", "enum"}),
    "email": frozenset({"email", "enum"}),
    "phone": frozenset({"phone", "enum"}),
    "url": frozenset({"url", "enum"}),
    "enum": frozenset({"enum"}),
    "location": frozenset(),
}
"""By type of a slot the types that a field of its name may have."""

_OF_SLOT: Mapping[str, str] = {"money": "number", "any": "string"}
_HINTS = ("minimum", "maximum", "min_length", "max_length")


def kind_of(written: FieldType | None, slot: Slot | None, *, has_options: bool) -> str:
    """The type of a field: its own, else enum for a choice, else that of the slot of its name."""
    if written is not None:
        return written
    if has_options:
        return "enum"
    return "string" if slot is None else _OF_SLOT.get(slot.type, slot.type)


def resolved(field: JsonObject, slot: Slot | None) -> JsonObject:
    """A field of an authored form, as JSON, with what it takes from the slot of its name."""
    kind = kind_of(field.get("type"), slot, has_options=bool(field.get("options")))
    made = {**field, "type": kind}
    if slot is not None:
        if kind == "enum" and slot.enum and not field.get("options"):
            made["options"] = [{"title": value, "value": value} for value in slot.enum]
        hints = {name: getattr(slot, name) for name in _HINTS}
        made |= {name: limit for name, limit in hints.items() if limit is not None}
    return made


def on_offer(form: JsonObject) -> JsonObject:
    """What a conversation remembers of a form: of each field its type, or its values."""
    return {
        field["name"]: [option["value"] for option in field["options"]]
        if field.get("options")
        else field["type"]
        for field in form["fields"]
    }


def take_form(run: "Run", values: Json) -> None:
    """Reads what the message filled in, if a form is on offer; the form is then done with.

    What the form did not ask for, and what is not of its field's type, is left out and traced.
    """
    offered = run.state.form
    if not offered or not isinstance(values, dict):
        _leave_out(run, "form", "no form is on offer" if not offered else "it has no values")
        return
    run.state.form = {}
    given: JsonObject = {}
    for name in list(values)[:MAX_FORM_FIELDS]:
        value = values[name]
        if name not in offered:
            _leave_out(run, f"form field {name[:64]}", "the form does not ask for it")
        elif isinstance(value, str | int | float) and value != "":
            given[name] = value
    run.scope.take_form(given, _read(run, offered, given))


def _read(run: "Run", offered: JsonObject, given: JsonObject) -> JsonObject:
    """By field the value, as its slot or its type has it."""
    read: JsonObject = {}
    for name, value in given.items():
        rule = run.program.slots.get(name) or _rule(name, offered[name])
        try:
            here = run.scope.whereabouts() if rule.kind in SPOKEN else None
            read[name] = rule.accept(value, here)
        except Refused as refused:
            _leave_out(run, f"form field {name}", str(refused))
    return read


def _rule(name: str, asked: Json) -> SlotRule:
    """What a field accepts that is called like no slot."""
    words = {value.strip().casefold(): value for value in asked} if isinstance(asked, list) else {}
    kind = "enum" if words else "string" if asked == "text" else asked
    return SlotRule(name, kind, None, None, None, None, None, words, confirm=False)


def _leave_out(run: "Run", what: str, why: str) -> None:
    run.tried.append({"at": what, "held": False, "why": why})
