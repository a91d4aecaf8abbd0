"""What a customer or a system might say next: inputs to try when looking for a counter-example."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from parley.domain.flow_slots import Slot
from parley.domain.flow_states import ConditionState, IntegrationState
from parley.domain.flows import FlowDocument
from parley.domain.json import Json, JsonObject
from parley.engine.compile_states import mapping_target
from parley.engine.services import IntegrationReply
from parley.engine.slots import PatternInvalid, compile_pattern

NONSENSE = "qqq zzz xxx"
"""A message that means nothing to any flow."""

_SAMPLES: Mapping[str, str] = {
    "string": "something",
    "text": "something",
    "integer": "3",
    "number": "3",
    "boolean": "yes",
    "date": "2026-06-01",
    "datetime": "2026-06-01T12:00:00",
    "time": "12:00",
    "email": "ada@example.com",
    "phone": "+441632960001",
    "url": "https://example.com",
    "location": "51.5, -0.1",
    "any": "something",
}
_PIECE = re.compile(r"\^|\$|(\[[^\]]+\]|\\d|\\w|[A-Za-z0-9 _-])(\{\d+(?:,\d*)?\}|[+*?])?")
_COMPARED = re.compile(r"\bvars\.(\w+)\s*==\s*(?:'([^']*)'|(-?\d+)|(true|false))", re.ASCII)
_PATH = re.compile(r"^\w+(\.\w+)*$", re.ASCII)
_FAILURES = ("timeout", "http_4xx")


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply of an integration, and the stub of a flow test that gives it."""

    reply: IntegrationReply
    stub: JsonObject


class Guesses:
    """Made once for a flow."""

    def __init__(self, document: FlowDocument) -> None:
        self._document = document

    @cached_property
    def examples(self) -> dict[str, str]:
        """The first example of each intent, and the intent: said word for word, it is certain."""
        found: dict[str, str] = {}
        for name, intent in self._document.intents.items():
            texts = intent.examples
            if isinstance(texts, dict):
                texts = tuple(text for group in texts.values() for text in group)
            if texts:
                found.setdefault(texts[0], name)
        return found

    def values(self, slot: str) -> list[str]:
        """What a customer might write for a slot: most likely right ones first."""
        rule = self._document.slots.get(slot)
        return [] if rule is None else list(dict.fromkeys(_values(rule)))

    def filled_in(self, form: JsonObject) -> JsonObject:
        """What a customer might write into a form, as `RunState` remembers it."""
        return {name: self._field(name, asked) for name, asked in form.items()}

    def _field(self, name: str, asked: Json) -> str:
        # An enum without values is an error, and other findings are to be shown beside it.
        usual = asked if isinstance(asked, list) else [_SAMPLES.get(asked, "something")]
        return str((self.values(name) or usual)[0])

    def answers(self, integration_id: str) -> list[Answer]:
        """Replies that lead to different places."""
        return self._answers.get(integration_id) or [_success({}), *_failures()]

    def callbacks(self, state: str) -> list[JsonObject]:
        """What the system that a state has called might answer later, as steps have it."""
        return self._callbacks.get(state, [])

    @cached_property
    def _callbacks(self) -> dict[str, list[JsonObject]]:
        called = [state for state in self._document.states if isinstance(state, IntegrationState)]
        return {
            state.name: [
                *({"data": data} for data in self._data(state)),
                {"error": "refused"},
            ]
            for state in called
            if state.config.is_async
        }

    @cached_property
    def _answers(self) -> dict[str, list[Answer]]:
        found: dict[str, list[Answer]] = {}
        for state in self._document.states:
            if isinstance(state, IntegrationState):
                known = found.setdefault(state.config.integration_id, [])
                known += [_success(data) for data in self._data(state)]
        return {name: [*known, *_failures()] for name, known in found.items()}

    def _data(self, state: IntegrationState) -> Iterator[JsonObject]:
        """An answer that fills every mapping, and one for each value that the flow asks for."""
        paths = {
            mapping_target(target, self._document): path
            for target, path in state.config.response_mapping.items()
            if _PATH.match(path)
        }
        usual = {target: self._usual(*target) for target in paths}
        yield _nested({path: usual[target] for target, path in paths.items()})
        for target in paths:
            for value in self._asked_for.get(target[1], ()):
                chosen = {**usual, target: value}
                yield _nested({path: chosen[t] for t, path in paths.items()})

    def _usual(self, kind: str, name: str) -> Json:
        values = self.values(name) if kind == "slots" else []
        return values[0] if values else "something"

    @cached_property
    def _asked_for(self) -> dict[str, list[Json]]:
        """By variable the values that expressions compare it with."""
        found: dict[str, list[Json]] = {}
        for state in self._document.states:
            sources = [t.expression for t in state.transitions if t.expression]
            if isinstance(state, ConditionState):
                sources += [choice.expression for choice in state.config.conditions]
            for source in sources:
                for name, text, number, truth in _COMPARED.findall(source):
                    value: Json = int(number) if number else truth == "true" if truth else text
                    found.setdefault(name, []).append(value)
        return found


def _success(data: JsonObject) -> Answer:
    return Answer(IntegrationReply("success", None, 200, data), {"return": data, "times": 1})


def _failures() -> list[Answer]:
    statuses = {"timeout": None, "http_4xx": 400}
    return [
        Answer(
            IntegrationReply("error", kind, statuses[kind], None, f"stubbed {kind}"),
            {"error": kind, "times": 1},
        )
        for kind in _FAILURES
    ]


def _nested(values: Mapping[str, Json]) -> JsonObject:
    """By dotted path."""
    found: JsonObject = {}
    for path, value in values.items():
        *way, last = path.split(".")
        here: Json = found
        for name in way:
            here = here.setdefault(name, {}) if isinstance(here, dict) else {}
        if isinstance(here, dict):
            here[last] = value
    return found


def _values(slot: Slot) -> Iterator[str]:
    if slot.enum:
        yield from list(slot.enum)[:5]
    elif slot.type in ("integer", "number", "money"):
        bounds = [b for b in (slot.minimum, slot.maximum) if isinstance(b, int | float)]
        yield from (f"{int(bound)}" for bound in (*bounds, 3))
    elif slot.pattern is not None:
        yield from _like(slot)
    else:
        yield _SAMPLES.get(slot.type, "something").ljust(slot.min_length or 0, "g")


def _like(slot: Slot) -> Iterator[str]:
    """Words of the slot's own prompts that its pattern takes, then one made from the pattern."""
    try:
        pattern = compile_pattern(slot.pattern or "")
    except PatternInvalid:
        return
    said: list[str] = []
    for text in (slot.prompt, slot.retry_prompt):
        said += text.values() if isinstance(text, dict) else [text or ""]
    words = [word.strip(".,:;!?()\"'") for word in " ".join(said).split()]
    for candidate in (*words, _made(slot.pattern or "")):
        if candidate and pattern.search(candidate) is not None:
            yield candidate


def _made(pattern: str) -> str:
    """A text like a pattern of plain classes and counts; of all others only a try."""
    made = ""
    for piece in _PIECE.finditer(pattern):
        unit, count = piece[1], piece[2] or ""
        if unit is not None:
            times = int(count.strip("{}").split(",")[0]) if count[:1] == "{" else 1
            made += _one_of(unit) * times
    return made


def _one_of(unit: str) -> str:
    if unit in ("\\d", "\\w"):
        return "1"
    return unit[1] if unit[0] == "[" else unit
