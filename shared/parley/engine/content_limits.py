"""How long the texts of a message may be once they are rendered (S1-7 to S1-11, X-9)."""

from collections.abc import Iterator, Mapping

from parley.domain.json import Json, JsonObject
from parley.domain.messages import MAX_TEXT_LENGTH

MAX_TITLE = 20
MAX_CARD_TITLE = 80
MAX_PAYLOAD = 1_000
_LINE = 200
_BESIDE = 500

_LIMITS: Mapping[str, Mapping[str, int]] = {
    "": {"text": MAX_TEXT_LENGTH},
    "quick_replies": {"title": MAX_TITLE, "payload": MAX_PAYLOAD},
    "buttons": {"title": MAX_TITLE, "payload": MAX_PAYLOAD},
    "carousel": {"title": MAX_CARD_TITLE},
    "media": {"alt_text": _BESIDE},
    "location": {"address": _BESIDE},
    "form": {"title": _LINE, "description": _BESIDE, "submit_label": _LINE},
    "fields": {"label": _LINE, "placeholder": _LINE, "help": _BESIDE},
    "options": {"title": _LINE},
}
"""By the part of a message the characters that each of its texts may have."""


def too_long(content: JsonObject) -> str | None:
    """What is wrong with a message that is longer somewhere than it may be; None if nothing."""
    for where, name, text in _texts(content, ""):
        at_most = _LIMITS.get(where, {}).get(name)
        if at_most is not None and len(text) > at_most:
            named = f"{name} in {where}" if where else name
            return f"its {named} is longer than {at_most:,} characters"
    return None


def _texts(value: Json, where: str) -> Iterator[tuple[str, str, str]]:
    """Of every text the part it stands in, its name and itself."""
    if isinstance(value, list):
        for item in value:
            yield from _texts(item, where)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str):
                yield where, name, inner
            else:
                yield from _texts(inner, name)
