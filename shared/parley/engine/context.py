"""`set_context`: what a flow notes about its conversation."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.domain.json import Json
from parley.engine.actions import ActionFailed, Value
from parley.engine.effects import LogEvent

if TYPE_CHECKING:
    from parley.engine.run import Run

PRIORITIES = ("low", "normal", "high", "urgent", "critical")
"""X-2; `medium` is another word for `normal`."""
MAX_TAGS = 20
MAX_TAG_LENGTH = 50
MAX_ATTRIBUTES = 50
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class SetContext:
    """Notes one thing; what is new about it is an event. Null takes a note away."""

    key: str
    value: Value

    def perform(self, run: "Run") -> None:
        given = value = self.value.of(run)
        with run.discreetly():
            told = self.value.of(run)
        if value is not None:
            value = _READERS.get(self.key, _attribute)(value)
        if self.key == "language":
            before: Json = run.state.language
            run.set_language(value)
        else:
            before = run.state.context.get(self.key)
            self._note(run, value)
        if before != value:
            data = {"key": self.key, "value": value if told == given else told}
            run.effects.append(LogEvent("conversation.context_changed", data))

    def _note(self, run: "Run", value: Json) -> None:
        context = {key: noted for key, noted in run.state.context.items() if key != self.key}
        if value is not None:
            context[self.key] = value
        if len(context) > MAX_ATTRIBUTES:
            raise ActionFailed(f"a conversation has at most {MAX_ATTRIBUTES} notes")
        run.state.context = context
        run.scope.changed()


def _attribute(value: Json) -> Json:
    return value


def _language(value: Json) -> str:
    if not isinstance(value, str) or _LANGUAGE.fullmatch(value) is None:
        raise ActionFailed("no language: write one as `de` or `pt-BR`")
    return value


def _priority(value: Json) -> str:
    found = "normal" if value == "medium" else value
    if found not in PRIORITIES:
        raise ActionFailed(f"no priority: name one of {', '.join(PRIORITIES)}")
    return str(found)


def _tags(value: Json) -> list[str]:
    """One tag or a list of them, each once, in the order given."""
    tags = value if isinstance(value, list) else [value]
    fits = all(isinstance(tag, str) and 0 < len(tag) <= MAX_TAG_LENGTH for tag in tags)
    if not fits or len(tags) > MAX_TAGS:
        raise ActionFailed(f"tags are up to {MAX_TAGS} texts of {MAX_TAG_LENGTH} characters")
    return list(dict.fromkeys(tags))


_READERS: Mapping[str, Callable[[Json], Json]] = {
    "language": _language,
    "priority": _priority,
    "tags": _tags,
}
