"""Flows broken at random: values put where they do not belong, parts lost, doubled or misplaced."""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from parley.domain.json import Json, JsonObject
from tests.property.flows.choices import PECULIAR, Choices

BREAK_BYTES = 96
_WORDS = (
    *("nowhere", "$previous", "{{ x", "slots.nobody", "(((", "true", "a[", "(a)\\1", "any_input"),
    *("response", "en", "parley/1", *PECULIAR),
)


def broken(flow: JsonObject, source: bytes) -> JsonObject:
    """A copy of the flow with one to three places of it changed."""
    choices, made = Choices(source), copy.deepcopy(flow)
    for _ in range(1 + choices.below(3)):
        places = list(_places(made))
        if places:
            _break(choices, made, *places[_far(choices, places)])
    return made


def _places(value: Json) -> Iterator[tuple[Any, Any]]:
    """Every member of an object and item of a list: what holds it, and its key."""
    todo = [value]
    while todo:
        here = todo.pop()
        keys = list(here) if isinstance(here, dict) else range(len(here))
        for key in keys:
            yield here, key
            if isinstance(here[key], dict | list):
                todo.append(here[key])


def _far(choices: Choices, places: Sequence[object]) -> int:
    """One of more than 256."""
    return (choices.below(256) * 256 + choices.below(256)) % len(places)


def _break(choices: Choices, whole: Json, holder: Any, key: Any) -> None:
    match choices.below(10):
        case 0 | 1 | 2 | 3:
            _misplace(choices, whole, holder, key)
        case 4 | 5 if isinstance(holder[key], str):
            holder[key] = choices.of(_WORDS)
        case 6 if isinstance(holder, list):
            holder.insert(choices.below(3), copy.deepcopy(holder[key]))
        case 6:
            holder[choices.of(_WORDS)] = holder.pop(key)
        case 7 | 8:
            del holder[key]
        case _:
            holder[key] = choices.json()


def _misplace(choices: Choices, whole: Json, holder: Any, key: Any) -> None:
    """Puts there what stands elsewhere, mostly under the same name: so its shape may well fit."""
    places = list(_places(whole))
    alike = [(other, its) for other, its in places if its == key and other is not holder]
    among = alike if alike and not choices.one_in(6) else places
    other, its_key = among[_far(choices, among)]
    holder[key] = copy.deepcopy(other[its_key])
