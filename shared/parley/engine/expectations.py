"""What a test expects after a step, and how that differs from what came."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from pydantic import model_validator

from parley.domain.flow_texts import FlowPart
from parley.domain.json import Json, JsonObject
from parley.engine.slots import PatternInvalid, compile_pattern
from parley.engine.state import RunState

_SLASHES = 2


class Expectation(FlowPart):
    """Only what is written is looked at.

    `state` is a state's name; `flow#state` says in which flow it is, too.
    `text` is the messages' texts, joined by newlines; `/re/` searches in it. `slots`, `vars` and
    each of `effects` need only hold what is written; null is unset.
    """

    state: str | None = None
    text: str | None = None
    slots: JsonObject | None = None
    vars: JsonObject | None = None
    status: str | None = None
    quick_replies: tuple[str, ...] | None = None
    path: tuple[str, ...] | None = None
    effects: tuple[JsonObject, ...] | None = None
    fallback_count: int | None = None
    language: str | None = None

    @model_validator(mode="after")
    def _text_can_be_searched_for(self) -> Self:
        if self.text is not None and _is_pattern(self.text):
            try:
                compile_pattern(self.text[1:-1])
            except PatternInvalid as error:
                raise ValueError(str(error)) from error
        return self


@dataclass(frozen=True, slots=True)
class Happened:
    """What the turns of a step did, in order: messages sent, all effects, states entered.

    `flow` is the name of the flow that the conversation now rests in.
    """

    messages: Sequence[JsonObject]
    effects: Sequence[JsonObject]
    path: Sequence[str]
    flow: str


def differences(expected: Expectation, state: RunState, happened: Happened) -> Iterator[str]:
    """A sentence for each thing that is not as expected."""
    messages = happened.messages
    actual: dict[str, Json] = {
        "state": _state(expected, state, happened.flow),
        "status": state.status.value,
        "quick_replies": tuple(
            reply["title"] for message in messages for reply in message.get("quick_replies", ())
        ),
        "path": tuple(happened.path),
        "fallback_count": state.fallback_count,
        "language": state.language,
    }
    for name, found in actual.items():
        wanted = getattr(expected, name)
        if wanted is not None and wanted != found:
            yield f"{name} is {found!r}, not {wanted!r}"
    text = "\n".join(message["text"] for message in messages if "text" in message)
    if expected.text is not None and not _matches(expected.text, text):
        yield f"text is {text!r}, not {expected.text!r}"
    yield from _values(expected, state)
    for effect in expected.effects or ():
        if not any(has_all_of(candidate, effect) for candidate in happened.effects):
            yield f"no effect is like {effect!r}"


def _state(expected: Expectation, state: RunState, flow: str) -> str:
    is_of_flow = expected.state is not None and "#" in expected.state
    return f"{flow}#{state.current_state}" if is_of_flow else state.current_state


def _values(expected: Expectation, state: RunState) -> Iterator[str]:
    for name in ("slots", "vars"):
        found = getattr(state, name)
        for key, value in (getattr(expected, name) or {}).items():
            if found.get(key) != value:
                yield f"{name}.{key} is {found.get(key)!r}, not {value!r}"


def _is_pattern(wanted: str) -> bool:
    return len(wanted) >= _SLASHES and wanted.startswith("/") and wanted.endswith("/")


def _matches(wanted: str, text: str) -> bool:
    """`/re/` searches, else they must be equal."""
    if not _is_pattern(wanted):
        return wanted == text
    return compile_pattern(wanted[1:-1]).search(text) is not None


def has_all_of(whole: Json, part: Json) -> bool:
    """Whether `whole` is `part`, or an object that has at least what `part` has."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and has_all_of(whole[key], value) for key, value in part.items())
    return bool(part == whole)
