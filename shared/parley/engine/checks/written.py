"""Where the texts of a document stand, found in its JSON."""

from collections.abc import Iterator
from dataclasses import dataclass

from parley.domain.json import Json, JsonObject
from parley.engine.formats import pointer_part


@dataclass(frozen=True, slots=True)
class Written[Part]:
    """A part and where it stands."""

    pointer: str
    part: Part


_TEXTS = frozenset(
    {
        *("text", "title", "url", "alt_text", "thumbnail_url", "address", "reason", "message"),
        *("subtitle", "image_url"),
        *("prompt", "retry_prompt", "confirm_prompt", "endpoint"),
        *("fallback_text", "error_text", "confirm_text"),
    }
)
_IN_FORMS = frozenset({"title", "description", "submit_label", "label", "placeholder", "help"})
_BY_NAME = frozenset({"prompts", "retry_prompts", "texts"})
_VALUES = frozenset({"value", "data", "request", "dimensions"})
_NO_TEXTS = frozenset(
    {"metadata", "variables", "default_data", "intents", "payload", "tags", "slots"}
)


def written_texts(document: JsonObject) -> Iterator[Written[Json]]:
    """Every text of a document, in whatever shape it is written."""
    yield from _within(document, "")
    for name, slot in document.get("slots", {}).items():
        yield from _within(slot, f"/slots/{pointer_part(name)}")


def _within(value: Json, pointer: str) -> Iterator[Written[Json]]:
    match value:
        case list():
            for n, item in enumerate(value):
                yield from _within(item, f"{pointer}/{n}")
        case dict():
            is_literal = value.get("personalization") is False
            for name, inner in value.items():
                if not (is_literal and name == "response_templates"):
                    yield from _named(name, inner, f"{pointer}/{pointer_part(name)}")
        case _:
            return


def _named(name: str, value: Json, pointer: str) -> Iterator[Written[Json]]:
    """What a field of that name holds."""
    if name in _NO_TEXTS:
        return
    if name in _TEXTS and _is_text(value):
        yield Written(pointer, value)
    elif name in _BY_NAME and isinstance(value, dict):
        yield from (Written(f"{pointer}/{pointer_part(key)}", text) for key, text in value.items())
    elif name == "response_templates" and isinstance(value, dict):
        for language, said in value.items():
            at = f"{pointer}/{pointer_part(language)}"
            yield from [Written(at, said)] if isinstance(said, str) else _within(said, at)
    elif name == "form" and isinstance(value, dict) and "fields" in value:
        yield from _form(value, pointer)
    elif name in _VALUES:
        yield from _strings(value, pointer)
    else:
        yield from _within(value, pointer)


def _form(form: JsonObject, pointer: str) -> Iterator[Written[Json]]:
    """The texts of a form, of its fields and of their options."""
    for name, value in form.items():
        if name in _IN_FORMS and _is_text(value):
            yield Written(f"{pointer}/{name}", value)
        for n, inner in enumerate(value if name in ("fields", "options") else ()):
            yield from _form(inner, f"{pointer}/{name}/{n}")


def _is_text(value: Json) -> bool:
    """A string, or an object of strings."""
    return isinstance(value, str) or (
        isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    )


def _strings(value: Json, pointer: str) -> Iterator[Written[Json]]:
    match value:
        case str():
            yield Written(pointer, value)
        case dict():
            for name, inner in value.items():
                yield from _strings(inner, f"{pointer}/{pointer_part(name)}")
        case list():
            for n, inner in enumerate(value):
                yield from _strings(inner, f"{pointer}/{n}")
        case _:
            return
