"""Which of the choices on offer a message means."""

from collections.abc import Sequence

from parley.domain.json import JsonObject


def chosen_payload(content: JsonObject, choices: Sequence[JsonObject]) -> str | None:
    """By payload, else by title (case-folded, trimmed), else by number from 1; None: none of them.

    `choices` are those of the last message that had some, quick replies before buttons.
    """
    payload, text = content.get("payload"), content.get("text")
    payloads = [choice["payload"] for choice in choices]
    if isinstance(payload, str) and payload in payloads:
        return payload
    if not isinstance(text, str):
        return None
    said = text.strip()
    if said in payloads:
        return said
    folded = said.casefold()
    for choice in choices:
        if choice["title"].strip().casefold() == folded:
            found: str = choice["payload"]
            return found
    if said.isdecimal() and len(said) <= len(str(len(choices))) and 0 < int(said) <= len(choices):
        return str(payloads[int(said) - 1])
    return None
