"""Random conversations: what people, agents, systems and clocks might do next in a flow."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import get_args

from parley.domain.conversations import Status
from parley.domain.flows import IntentScore
from parley.domain.json import Json, JsonObject
from parley.engine.events import (
    AgentAction,
    AgentEvent,
    CallbackEvent,
    CloseEvent,
    Event,
    MessageEvent,
    StartEvent,
    TimerEvent,
)
from parley.engine.services import IntegrationReply, IntegrationRequest, Runnable
from parley.engine.state import RunState
from tests.property.flows.called import programs
from tests.property.flows.choices import Choices
from tests.property.flows.parts import SLOTS

TALK_BYTES = 320
"""About what the longest of conversations takes."""
MOST_EVENTS = 8

_HEARD: dict[str, Sequence[tuple[str, float]]] = {
    "buy it": [("buy", 0.95), ("help", 0.2)],
    "help": [("help", 1.0)],
    "bye then": [("bye", 0.8)],
    "buy or help": [("buy", 0.75), ("help", 0.75)],
    "perhaps buy": [("buy", 0.5)],
}
"""What the classifier makes of a text; of all others nothing."""
_SAID = (*_HEARD, "hi", "mittel, 5, hey", "change the age to 7", "go", "yes", "no")
_KINDS = ("timeout", "http_4xx", "http_5xx", "circuit_open", "refused", "unknown")
"""How a call may fail."""


@dataclass
class World:
    """The services of a conversation: what they answer is drawn when they are asked."""

    choices: Choices
    now: datetime = datetime(2026, 1, 31, 12, tzinfo=UTC)
    seed: int = 7
    user: JsonObject = field(default_factory=dict)
    conversation: JsonObject = field(default_factory=lambda: {"id": "c1", "channel": "web"})
    tenant: JsonObject = field(default_factory=lambda: {"name": "Shop", "open": True})

    def __post_init__(self) -> None:
        choices = self.choices
        for name in choices.some(("first_name", "language", "time_zone"), 3):
            known = {"first_name": "Ada", "language": "de-AT", "time_zone": "Asia/Tokyo"}
            self.user[name] = choices.json() if choices.one_in(6) else known[name]

    def classify(self, text: str, among: Sequence[str]) -> list[IntentScore]:
        scores = [IntentScore(*score) for score in _HEARD.get(text, ())]
        return [score for score in scores if not among or score.name in among]

    def flow(self, key: str) -> Runnable | None:
        found = programs().get(key)
        return None if found is None else Runnable(found, self.classify)

    def call(self, request: IntegrationRequest) -> IntegrationReply:
        del request
        choices = self.choices
        if choices.one_in(2):
            kind = choices.of(_KINDS)
            status = choices.of((None, 404, 503))
            return IntegrationReply("error", kind, status, choices.json(), "it failed")
        known: Json = {"x": choices.of((1, [1, 2], "abc", None)), "y": "2026-02-02"}
        data = choices.json() if choices.one_in(2) else known
        attempts = [{"kind": "timeout", "http_status": None}] if choices.one_in(4) else []
        return IntegrationReply("success", None, 200, data, None, attempts)


@dataclass(frozen=True)
class Talk:
    """A conversation to be had; `source` decides it, step by step."""

    source: bytes

    def begin(self) -> "Events":
        return Events(Choices(self.source))


class Events:
    """One conversation, from its start on."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self.world = World(choices)
        self._left = 1 + choices.below(MOST_EVENTS)

    def next(self, state: RunState | None) -> Event | None:
        """What happens now; None: nothing any more."""
        if state is None:
            return StartEvent(self._choices.of((None, None, "de")))
        if self._left == 0 or not (state.status.is_open or self._choices.one_in(3)):
            return None
        self._left -= 1
        self.world.now += timedelta(seconds=45 * self._choices.below(3))
        if state.status is Status.ESCALATED and self._choices.one_in(2):
            return self._agent()
        if state.awaited is not None and self._choices.one_in(2):
            return CallbackEvent(state.awaited, self._called_back())
        if state.timers and self._choices.one_in(2):
            return self._timer(state)
        return self._answer(state) if not self._choices.one_in(4) else self._anything(state)

    def _anything(self, state: RunState) -> Event:
        match self._choices.below(5):
            case 0:
                return self._wild()
            case 1:
                return self._agent()
            case 2:
                return self._timer(state)
            case 3:
                return CallbackEvent("x", {"data": self._choices.json()})
            case _:
                return CloseEvent(self._choices.of((Status.TIMEOUT, Status.ABANDONED)))

    def _agent(self) -> AgentEvent:
        action: AgentAction = self._choices.of(get_args(AgentAction))
        content = {"type": "text", "text": "Kim here"} if action == "message" else None
        return AgentEvent(action, content)

    def _timer(self, state: RunState) -> Event:
        """The next one that is due, at its own time; now and then one that no longer stands."""
        if not state.timers or self._choices.one_in(8):
            return TimerEvent(str(1 + self._choices.below(9)))
        self.world.now = max(self.world.now, state.timers[0].due_at)
        return TimerEvent(state.timers[0].id)

    def _answer(self, state: RunState) -> MessageEvent:
        """Mostly what the flow waits for."""
        choices = self._choices
        if state.form and choices.one_in(2):
            return self._form(state.form)
        if state.proposed is not None and not choices.one_in(4):
            return _text(choices.of(("yes", "no", "perhaps")))
        if state.asked in SLOTS and not choices.one_in(4):
            return self._value(state.asked)
        if state.choices and choices.one_in(3):
            chosen = choices.of(state.choices)
            how = choices.of(("payload", "title", "number"))
            said = str(1 + state.choices.index(chosen)) if how == "number" else chosen[how]
            kind = "quick_reply" if how == "payload" else "text"
            return MessageEvent({"type": kind, "text": chosen["title"], how: said} | {"text": said})
        return _text(choices.text() if choices.one_in(6) else choices.of(_SAID))

    def _form(self, form: JsonObject) -> MessageEvent:
        choices = self._choices
        said = {name: SLOTS[name][1] if name in SLOTS else ("y", "n") for name in form}
        values = {name: choices.of((*words, 5, True, None)) for name, words in said.items()}
        if choices.one_in(4):
            values |= {"nobody": 1, choices.of(tuple(form)): choices.json()}
        return MessageEvent({"type": "form", "values": values})

    def _called_back(self) -> JsonObject:
        choices = self._choices
        answer = {"status": choices.of(("success", "success", "error", "", None))}
        return {**answer, "data": choices.json(), "kind": choices.of((None, *_KINDS))}

    def _value(self, slot: str | None) -> MessageEvent:
        """What one says when asked, perhaps with more that was not asked for."""
        choices = self._choices
        said = choices.of(SLOTS[slot or "age"][1])
        if slot == "place" and choices.one_in(2):
            place = {"latitude": 52.5, "longitude": 13.4}
            return MessageEvent({"type": "location", "location": place})
        for _ in range(choices.below(3)):
            said = f"{said}, {choices.of(SLOTS[choices.of(tuple(SLOTS))][1])}"
        return _text(said)

    def _wild(self) -> MessageEvent:
        """A message such as no channel sends."""
        choices = self._choices
        names = ("text", "payload", "language", "location", "media", "type")
        content: JsonObject = {"type": choices.of(("text", "image", "location"))}
        for name in choices.some(names, 4):
            content[name] = choices.json()
        if choices.one_in(2):
            content |= {"text": choices.of(_SAID), "language": choices.of(("de", "xx-YY", "en"))}
        return MessageEvent(content)


def _text(text: str) -> MessageEvent:
    return MessageEvent({"type": "text", "text": text})
