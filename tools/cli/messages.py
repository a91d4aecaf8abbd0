"""A message as a terminal shows it."""

from collections.abc import Iterator, Sequence

from parley.domain.json import JsonObject


def show_message(content: JsonObject) -> None:
    """Prints all of it; of a form nothing, as that is asked for field by field."""
    shown = list(_lines(content))
    if not shown and "form" not in content:
        shown = [f"[{content.get('type', 'message')}]"]
    for line in shown:
        print(line)


def _lines(content: JsonObject) -> Iterator[str]:
    if content.get("text"):
        yield content["text"]
    if media := content.get("media"):
        yield " ".join([f"[{media['type']}]", *_given(media, "alt_text"), media["url"]])
    if place := content.get("location"):
        here = f"{place['latitude']}, {place['longitude']}"
        yield " ".join(["[location]", *_given(place, "address"), here])
    for card in content.get("carousel") or ():
        yield " ".join(["*", card["title"], *(f"- {line}" for line in _given(card, "subtitle"))])
        yield from _given(card, "image_url", before="  ")
        yield from _choices(card.get("buttons") or ())
    yield from _choices([*(content.get("quick_replies") or ()), *(content.get("buttons") or ())])


def _given(part: JsonObject, name: str, before: str = "") -> list[str]:
    return [before + part[name]] if part.get(name) else []


def _choices(choices: Sequence[JsonObject]) -> Iterator[str]:
    """What can be chosen, in one line; a button that leads somewhere says where to."""
    shown = [
        f"[{choice['title']}: {choice['url']}]" if choice.get("url") else f"[{choice['title']}]"
        for choice in choices
    ]
    if shown:
        yield "  " + " ".join(shown)
