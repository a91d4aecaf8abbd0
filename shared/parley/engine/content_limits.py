"""How long the texts of a message may be once they are rendered (S1-7 to S1-11, X-9)."""

from collections.abc import Mapping

from parley.domain.flow_texts import MAX_LINE, MAX_PAYLOAD, MAX_SHORT_TEXT
from parley.domain.json import Json, JsonObject
from parley.domain.messages import MAX_TEXT_LENGTH

MAX_TITLE = 20
MAX_CARD_TITLE = 80

_LIMITS: Mapping[str, Mapping[str, int]] = {
    "": {"text": MAX_TEXT_LENGTH},
    "quick_replies": {"title": MAX_TITLE, "payload": MAX_PAYLOAD},
    "buttons": {"title": MAX_TITLE, "payload": MAX_PAYLOAD},
    "carousel": {"title": MAX_CARD_TITLE},
    "media": {"alt_text": MAX_SHORT_TEXT},
    "location": {"address": MAX_SHORT_TEXT},
    "form": {"title": MAX_LINE, "description": MAX_SHORT_TEXT, "submit_label": MAX_LINE},
    "fields": {"label": MAX_LINE, "placeholder": MAX_LINE, "help": MAX_SHORT_TEXT},
    "options": {"title": MAX_LINE},
}
"""By the part of a message the characters that each of its texts may have."""


def too_long(part: JsonObject, where: str = "") -> str | None:
    """What is wrong with a message, or a part of one, that has too long a text; None if nothing."""
    limits = _LIMITS.get(where, {})
    for name, value in part.items():
        if isinstance(value, str):
            at_most = limits.get(name, MAX_TEXT_LENGTH)
            if len(value) > at_most:
                named = f"{name} in {where}" if where else name
                return f"its {named} is longer than {at_most:,} characters"
        elif why := _too_long_within(value, name):
            return why
    return None


def _too_long_within(value: Json, where: str) -> str | None:
    parts = [value] if isinstance(value, dict) else value if isinstance(value, list) else []
    return next((why for part in parts if (why := too_long(part, where))), None)
