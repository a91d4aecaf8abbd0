"""Random conversations: what people, agents, systems and clocks might do next in a flow."""

from dataclasses import dataclass
from datetime import timedelta
from typing import get_args

from parley.domain.conversations import Status
from parley.domain.json import JsonObject
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
from parley.engine.state import RunState
from tests.property.flows.choices import Choices
from tests.property.flows.families import Family
from tests.property.flows.parts import SLOTS
from tests.property.flows.worlds import FAILURES, HEARD, World

TALK_BYTES = 320
"""About what the longest of conversations takes."""
MOST_EVENTS = 8
_SAID = (*HEARD, "hi", "mittel, 5, hey", "change the age to 7", "go", "yes", "no")


@dataclass(frozen=True)
class Talk:
    """A conversation to be had; `source` decides it, step by step."""

    source: bytes

    def begin(self, family: Family) -> "Events":
        return Events(Choices(self.source), family)


class Events:
    """One conversation, from its start on."""

    def __init__(self, choices: Choices, family: Family) -> None:
        self._choices = choices
        self.world = World(choices, family)
        self._left = 1 + choices.below(MOST_EVENTS)
        self._awaited = "x"

    def next(self, state: RunState | None) -> Event | None:
        """What happens now; None: nothing any more."""
        if state is None:
            return StartEvent(self._choices.of((None, None, "de")))
        if self._left == 0 or not (state.status.is_open or self._choices.one_in(3)):
            return None
        self._left -= 1
        self._awaited = state.awaited or self._awaited
        self.world.seed += 1
        self.world.now += timedelta(seconds=45 * self._choices.below(3))
        if state.status is Status.ESCALATED and self._choices.one_in(2):
            return self._agent()
        answer = self._callback(state)
        if answer is not None:
            return answer
        if state.timers and self._choices.one_in(2):
            return self._timer(state)
        return self._answer(state) if not self._choices.one_in(4) else self._anything(state)

    def _callback(self, state: RunState) -> Event | None:
        """The answer to a call that is awaited, or now and then to one that was."""
        if state.awaited is not None:
            is_answered = self._choices.one_in(2)
            return CallbackEvent(state.awaited, self._called_back()) if is_answered else None
        return self._late() if self._awaited != "x" and self._choices.one_in(6) else None

    def _anything(self, state: RunState) -> Event:
        match self._choices.below(5):
            case 0:
                return self._wild()
            case 1:
                return self._agent()
            case 2:
                return self._timer(state)
            case 3:
                return self._late()
            case _:
                return CloseEvent(self._choices.of((Status.TIMEOUT, Status.ABANDONED)))

    def _late(self) -> CallbackEvent:
        """For the call that was awaited last, whether it still is or not, or for none."""
        call_id = "x" if self._choices.one_in(4) else self._awaited
        return CallbackEvent(call_id, self._called_back())

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
        if choices.one_in(2) if state.form else choices.one_in(24):
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
        """Mostly all of it, and right; or what it does not ask for, or what is no form at all."""
        choices = self._choices
        values: JsonObject = {}
        for name in form:
            said = SLOTS[name][1] if name in SLOTS else ("y", "12", "n")
            if not choices.one_in(5):
                values[name] = said[0] if choices.one_in(2) else choices.of((*said, 5, True, None))
        if choices.one_in(4):
            values |= {"nobody": 1, choices.of(tuple(SLOTS)): choices.json()}
        if choices.one_in(16):
            return MessageEvent({"type": "form", "text": "yes", "values": choices.json()})
        return MessageEvent({"type": "form", "values": values})

    def _called_back(self) -> JsonObject:
        choices = self._choices
        answer = {"status": choices.of(("success", "success", "error", "", None))}
        return {**answer, "data": choices.json(), "kind": choices.of((None, *FAILURES))}

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
