"""What a test expects after a step, and how that differs from what came."""

from collections.abc import Iterator, Sequence

from parley.domain.flow_texts import FlowPart
from parley.domain.json import Json, JsonObject
from parley.engine.slots import PatternInvalid, compile_pattern
from parley.engine.state import RunState

_SLASHES = 2


class Expectation(FlowPart):
    """Only what is written is looked at.

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


def differences(
    expected: Expectation,
    state: RunState,
    messages: Sequence[JsonObject],
    effects: Sequence[JsonObject],
    path: Sequence[str],
) -> Iterator[str]:
    """A sentence for each thing that is not as expected."""
    actual: dict[str, Json] = {
        "state": state.current_state,
        "status": state.status.value,
        "quick_replies": tuple(
            reply["title"] for message in messages for reply in message.get("quick_replies", ())
        ),
        "path": tuple(path),
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
        if not any(_holds(effect, candidate) for candidate in effects):
            yield f"no effect is like {effect!r}"


def _values(expected: Expectation, state: RunState) -> Iterator[str]:
    for name in ("slots", "vars"):
        found = getattr(state, name)
        for key, value in (getattr(expected, name) or {}).items():
            if found.get(key) != value:
                yield f"{name}.{key} is {found.get(key)!r}, not {value!r}"


def _matches(wanted: str, text: str) -> bool:
    """`/re/` searches, else they must be equal."""
    if len(wanted) < _SLASHES or not (wanted.startswith("/") and wanted.endswith("/")):
        return wanted == text
    try:
        return compile_pattern(wanted[1:-1]).search(text) is not None
    except PatternInvalid:
        return False


def _holds(part: Json, whole: Json) -> bool:
    """Whether `whole` has all that `part` has."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and _holds(value, whole[key]) for key, value in part.items())
    return bool(part == whole)
