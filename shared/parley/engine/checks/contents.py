"""Findings about what messages carry: nothing to say, a part that is missing, a form's fields."""

from collections.abc import Iterator

from parley.domain.content import MEDIA_TYPES
from parley.domain.flow_slots import Slot
from parley.domain.flow_states import ResponseConfig
from parley.domain.flow_texts import Attachments, Content, FlowPart, FormField, Templates
from parley.domain.flow_transitions import SendMessageAction
from parley.domain.messages import MessageType
from parley.engine.checks.subject import Finding, Subject
from parley.engine.checks.written import Written
from parley.engine.formats import pointer_part
from parley.engine.forms import FITS, kind_of
from parley.engine.slot_types import READERS, Refused
from parley.engine.slots import enum_words

_SAYING = frozenset({"text", "media", "location", "carousel", "form"})
_PARTS = {
    MessageType.LOCATION: "location",
    MessageType.CAROUSEL: "carousel",
    MessageType.FORM: "form",
    MessageType.QUICK_REPLY: "quick_replies",
    **dict.fromkeys(MEDIA_TYPES.values(), "media"),
}
"""What a message of that type is made of; any other type needs a text."""


def incomplete_contents(subject: Subject) -> Iterator[Finding]:
    """S1-11: messages that say nothing, or not what they say they are."""
    for state in subject.each_state():
        yield from _incomplete_templates(f"{state.pointer}/config", state.part.config)
    for action in subject.actions():
        if isinstance(action.part, SendMessageAction):
            said = action.part.config
            parts = _parts(said) | ({"text": said.template} if said.template else {})
            yield from _of_another_type(f"{action.pointer}/config/type", said.type, parts)


def _incomplete_templates(pointer: str, config: FlowPart) -> Iterator[Finding]:
    templates: Templates = getattr(config, "response_templates", {})
    response = config if isinstance(config, ResponseConfig) else None
    beside = _parts(response) if response else {}
    for language, said in templates.items():
        at = f"{pointer}/response_templates/{pointer_part(language)}"
        content = Content(text=said) if isinstance(said, str) else said
        parts = beside | _parts(content)
        if _SAYING.isdisjoint(parts):
            yield Finding(at, "Give the message a text, or something else to show.")
        yield from _of_another_type(f"{at}/type", content.type, parts)
        if response and response.response_type is not MessageType.TEXT:
            yield from _of_another_type(f"{pointer}/response_type", response.response_type, parts)


def _parts(written: Attachments) -> dict[str, object]:
    """What a message has; a part that is empty is none."""
    named = {name: getattr(written, name) for name in type(written).model_fields}
    return {name: part for name, part in named.items() if part not in (None, (), "", {}, False)}


def _of_another_type(
    pointer: str, kind: MessageType | None, parts: dict[str, object]
) -> Iterator[Finding]:
    if kind is None:
        return
    wanted = _PARTS.get(kind, "text")
    media = getattr(parts.get("media"), "type", "")
    offers = wanted == "quick_replies" and "choices_from" in parts
    if wanted not in parts and not offers:
        yield Finding(
            pointer, f"A message of type {kind} needs `{wanted}`: add it, or change this."
        )
    elif wanted == "media" and MEDIA_TYPES[media.partition("/")[0]] is not kind:
        fit = MEDIA_TYPES[media.partition("/")[0]]
        yield Finding(pointer, f"What is {media} goes as the type {fit}: write that, or nothing.")


def wrong_fields(subject: Subject) -> Iterator[Finding]:
    """Fields of forms that contradict the slot of their name, or that nobody can choose from."""
    for written in subject.attachments():
        form = written.part.form
        for n, field in enumerate(form.fields if form is not None else ()):
            at = Written(f"{written.pointer}/form/fields/{n}", field)
            yield from _wrong(at, subject.document.slots.get(field.name))


def _wrong(written: Written[FormField], slot: Slot | None) -> Iterator[Finding]:
    at, field = written.pointer, written.part
    kind = kind_of(field.type, slot, has_options=bool(field.options))
    if slot is not None and kind not in FITS[slot.type]:
        fits = ", ".join(sorted(FITS[slot.type])) or "none that a form has: ask for it elsewhere"
        why = f"The slot {field.name!r} is of type {slot.type}, so the field's type must be {fits}."
        yield Finding(f"{at}/type" if field.type else at, why)
    elif kind == "enum" and not field.options and (slot is None or not slot.enum):
        yield Finding(at, "Give the `options` to choose from, each with a `title` and a `value`.")
    elif kind != "enum" and field.options:
        yield Finding(f"{at}/options", "Only a field of type enum has `options`: remove them.")
    elif slot is not None:
        for n, option in enumerate(field.options):
            if not _is_taken(slot, option.value):
                why = f"The slot {field.name!r} does not take {option.value!r}: correct the value."
                yield Finding(f"{at}/options/{n}/value", why)


def _is_taken(slot: Slot, value: str) -> bool:
    if slot.type == "enum":
        return value.strip().casefold() in enum_words(slot)
    try:
        READERS[slot.type](value.strip())
    except Refused:
        return False
    return True
