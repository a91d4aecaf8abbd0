"""The small parts of a random flow: texts, messages, guards and actions."""

from collections.abc import Callable

from parley.domain.json import Json, JsonObject
from tests.property.flows.choices import Choices

PLAIN_TEXTS = ("Hello", "You said {{ input.text }}", "{{ vars.any }}, {{ vars.n }}", "Your turn")
"""Texts that are rendered by the short way, if at all."""
TEXTS = (
    "{{ slots.age }} {{ vars.any.x }}",
    "{{ vars.n | divided_by: vars.n }}",
    "{% for i in vars.any %}{{ i }}{% endfor %}",
    "{{ user.first_name | default: 'you' | upcase }}",
    "{{ slots.price | default: 1 | currency: 'EUR' }} {{ slots.day | date: 'long' | default: 0 }}",
    "{% if slots.ok %}{{ slots.note | default: '-' }}{% else %}{{ now | time }}{% endif %}",
    "{{ conversation.tags | join: ', ' }} {{ intent.name }} {{ integration.data.x }}",
    "{{ slots.place | default: 'nowhere' }}",
)
GUARDS = (
    "vars.n > 1",
    "has(slots.age)",
    "slots.age > 17",
    "input.text == 'hi'",
    "intent.name == 'buy'",
    "vars.any.x[0] == 1",
    "integration.kind == 'timeout'",
    "conversation.attributes.tier == '1'",
    "slots.note.matches('^a') || slots.price > 3",
    "slots.day < now && slots.ok == true",
    "tenant.open && user.first_name == 'Ada'",
    "has(slots.size) && slots.size == 'm'",
    "vars.n < 3",
    "has(input.form.age) && input.form.age > 5",
    "input.form.seats > 2 || input.form.extra == 'y'",
)
NOBODY = ("slots.nobody == 1", "vars.nobody == 1", "input.nobody == 1", "nobody")
"""Guards that read a name that nothing declares."""
REPLIES = [{"title": "Go", "payload": "go"}, {"title": {"en": "Stay", "de": "Bleib"}}]
FIELDS: list[JsonObject] = [
    {"name": "age", "label": "Age?"},
    {"name": "size", "label": {"en": "Size?", "de": "Groesse?"}},
    {"name": "ok", "label": "All right?"},
    {"name": "note", "label": "{{ vars.n }}", "type": "text", "required": False},
    {"name": "extra", "label": "More?", "options": [{"title": "Yes", "value": "y"}]},
    {"name": "seats", "label": "{{ input.text }}", "type": "integer", "help": {"text": "hello"}},
    {"name": "day", "label": "When?"},
    {"name": "price", "label": "How much?", "placeholder": "{{ slots.price }}"},
    {"name": "thing", "label": "And?"},
]
"""Of forms: those that are called like slots have their types."""
_WRONG_FIELDS: tuple[JsonObject, ...] = (
    {"name": "age", "label": "Age?", "type": "date"},
    {"name": "plan", "label": "Plan?", "type": "enum"},
    {"name": "place", "label": "Where?"},
)
BUTTONS = [
    {"title": "Push", "payload": "push"},
    {"type": "url", "title": "See", "url": "https://shop.example/{{ slots.age }}"},
]


def guard(choices: Choices) -> str:
    return choices.of(NOBODY if choices.one_in(96) else GUARDS)


def one_text(choices: Choices) -> str:
    """`{{ vars.nobody }}` names what nothing declares."""
    if choices.one_in(3):
        return "{{ vars.nobody }}" if choices.one_in(60) else choices.of(TEXTS)
    return choices.of(PLAIN_TEXTS)


def text(choices: Choices) -> Json:
    """In one language, in several, or a shared one."""
    match choices.below(4):
        case 0 | 1:
            return one_text(choices)
        case 2:
            return {"en": one_text(choices), "de": one_text(choices), "pt-BR": "Ol\u00e1"}
        case _:
            return {"text": "hello"}


def templates(choices: Choices) -> JsonObject:
    """What a state says, by language: texts and whole messages."""
    said: JsonObject = {"en": one_text(choices), "de": one_text(choices)}
    if choices.one_in(4):
        said[choices.of(("en", "de", "fr"))] = content(choices)
    return said


def content(choices: Choices) -> JsonObject:
    """A message with something beside its text."""
    made: JsonObject = {"text": text(choices)}
    match choices.below(6):
        case 0:
            made["quick_replies"] = REPLIES
        case 1:
            made["buttons"] = BUTTONS
        case 2:
            made["media"] = {"url": "https://shop.example/{{ vars.n }}.png", "type": "image/png"}
        case 3:
            made["form"] = {"title": one_text(choices), "fields": _fields(choices)}
        case 4:
            made["location"] = {"latitude": 1.5, "longitude": 2, "address": one_text(choices)}
        case _:
            made["carousel"] = [{"title": "Card", "subtitle": "{{ vars.n }}", "buttons": BUTTONS}]
    return made


def _fields(choices: Choices) -> list[JsonObject]:
    if choices.one_in(40):
        return [choices.of(_WRONG_FIELDS)]
    return choices.some(FIELDS, 5) or FIELDS


def _assigned(choices: Choices) -> JsonObject:
    """What a variable or a slot gets."""
    match choices.below(3):
        case 0:
            return {"expression": choices.of(("vars.n + 1", "integration.data", "input.text"))}
        case 1:
            return {"value": one_text(choices)}
        case _:
            return {"value": {"x": [1, "{{ input.text }}"]} if choices.one_in(2) else "2026-05-05"}


def _slot_set(choices: Choices) -> JsonObject:
    """To what people say for it, mostly."""
    name = choices.of(tuple(SLOTS))
    said = {"value": choices.of(SLOTS[name][1])}
    return {"key": name, **(_assigned(choices) if choices.one_in(3) else said)}


ACTIONS: dict[str, Callable[[Choices], JsonObject]] = {
    "set_variable": lambda choices: {"key": choices.of(("n", "any")), **_assigned(choices)},
    "set_slot": _slot_set,
    "clear_variable": lambda choices: {"key": choices.of(("any", "n"))},
    "clear_slot": lambda choices: {"key": choices.of(tuple(SLOTS))},
    "log_event": lambda choices: {"event": "seen", "data": {"said": one_text(choices)}},
    "send_message": lambda choices: (
        {"template": "hello"} if choices.one_in(4) else content(choices)
    ),
    "set_context": lambda choices: choices.of(
        (
            {"key": "language", "value": "de"},
            {"key": "language", "value": "{{ input.text }}"},
            {"key": "tags", "value": ["{{ input.text }}"]},
            {"key": "tier", "value": "{{ vars.n }}"},
            {"key": "priority", "value": "high"},
        )
    ),
    "send_analytics": lambda choices: {
        "metric": "m",
        "value": choices.of(("{{ vars.n }}", 1, "{{ vars.any }}")),
        "dimensions": {"by": one_text(choices)},
    },
    "call_integration": lambda choices: {
        "integration_id": "x",
        "endpoint": "/{{ slots.note }}",
        **({"request": {"a": one_text(choices)}} if choices.one_in(2) else {}),
        **({"save_as": "saved"} if choices.one_in(2) else {}),
    },
}
"""By type the config of an action."""


def actions(choices: Choices, most: int = 2) -> list[JsonObject]:
    return [action(choices) for _ in range(choices.below(most + 1))]


def action(choices: Choices) -> JsonObject:
    kind = choices.of(tuple(ACTIONS))
    made: JsonObject = {"type": kind, "config": ACTIONS[kind](choices)}
    if choices.one_in(5):
        made |= {"condition": guard(choices), "priority": choices.below(200)}
    return made


SLOTS: dict[str, tuple[JsonObject, tuple[str, ...]]] = {
    "age": ({"type": "integer", "minimum": 1, "maximum": 120}, ("7", "18", "0", "\u0667")),
    "size": (
        {"type": "enum", "enum": {"s": ["small", "1"], "m": {"de": ["mittel"]}}},
        ("s", "Small", "mittel", "huge"),
    ),
    "note": ({"pattern": "^[a-m]", "max_length": 10}, ("abc", "hey", "zoo", "a" * 11)),
    "day": ({"type": "date"}, ("2026-01-01", "tomorrow", "5 March", "31.1.2026", "someday")),
    "hour": ({"type": "time"}, ("10:30", "3 pm", "15 Uhr", "late")),
    "moment": ({"type": "datetime"}, ("2026-05-05T10:30", "tomorrow 3 pm", "5 March 10:30")),
    "mail": ({"type": "email"}, ("ada@shop.example", "ada@")),
    "phone": ({"type": "phone"}, ("+49 30 123456", "12")),
    "link": ({"type": "url"}, ("https://shop.example/a", "shop")),
    "price": ({"type": "money", "maximum": 1000}, ("EUR 12,50", "$3", "5000 EUR")),
    "ratio": ({"type": "number", "minimum": -5}, ("2,5", "-1", "-9")),
    "ok": ({"type": "boolean"}, ("yes", "nein", "perhaps")),
    "place": ({"type": "location"}, ("52.5, 13.4", "Berlin")),
    "thing": ({"type": "any"}, ("anything", "")),
}
"""A slot of each type, and what people say to be asked for it, right and wrong."""


def slots(choices: Choices) -> JsonObject:
    return {name: _slot(choices, known) for name, (known, _) in SLOTS.items()}


def _slot(choices: Choices, known: JsonObject) -> JsonObject:
    match choices.below(6):
        case 0 | 1 | 2:
            return known
        case 3:
            return {**known, "confirm": True}
        case 4:
            return {**known, "prompt": text(choices), "retry_prompt": text(choices)}
        case _:
            return {**known, "confirm": True, "confirm_prompt": text(choices)}
