"""Turns run again from their traces: the same states to the byte, or the first that differs."""

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from parley.domain.flows import IntentScore
from parley.domain.json import Json, JsonObject
from parley.engine.effects import SendMessage
from parley.engine.events import StartEvent, event_from_json
from parley.engine.program import Program
from parley.engine.services import IntegrationReply, IntegrationRequest
from parley.engine.state import RunState
from parley.engine.turn import Turn, run_turn


class NotRecorded(Exception):
    """The turn asked for something that it did not ask for when it was recorded."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first turn, counted from 1, that did not come out as recorded, and in what."""

    turn_no: int
    what: str
    recorded: Json
    replayed: Json

    @property
    def diff(self) -> list[str]:
        """Lines of both as JSON; `-` was recorded, `+` came out now."""
        lines = difflib.ndiff(_lines(self.recorded), _lines(self.replayed))
        return [line for line in lines if not line.startswith("?")]


@dataclass(frozen=True, slots=True)
class Replay:
    """`difference` is None if every turn came out as recorded; `state` is the last one's."""

    turns: int
    state: RunState | None
    difference: Difference | None


class RecordedServices:
    """Answers a turn with what its trace says the services answered."""

    def __init__(self, trace: JsonObject) -> None:
        self._answers: JsonObject = trace["services"]
        self._calls = list(self._answers.get("calls", ()))
        self.now = datetime.fromisoformat(trace["now"])
        self.seed: int = trace["seed"]

    @property
    def user(self) -> JsonObject:
        return self._context("user")

    @property
    def conversation(self) -> JsonObject:
        return self._context("conversation")

    @property
    def tenant(self) -> JsonObject:
        return self._context("tenant")

    def _context(self, name: str) -> JsonObject:
        if name not in self._answers:
            raise NotRecorded(name)
        found: JsonObject = self._answers[name]
        return found

    def classify(self, text: str, among: Sequence[str]) -> Sequence[IntentScore]:
        """The scores that were recorded."""
        if "classify" not in self._answers:
            raise NotRecorded(f"the intent of {text!r} among {among}")
        return [IntentScore(name, confidence) for name, confidence in self._answers["classify"]]

    def call(self, request: IntegrationRequest) -> IntegrationReply:
        """The replies that were recorded, in order."""
        if not self._calls:
            raise NotRecorded(f"a call of {request.integration_id} {request.endpoint}")
        return IntegrationReply(**self._calls.pop(0))


EXACT = ("state_before", "state_after", "path", "effects", "ignored")
"""What makes a turn the same to the byte, beside what it said."""
COURSE = ("path", "ignored")
"""What makes a turn of a changed flow go the same way."""

type Said = Mapping[int, Sequence[JsonObject]]
"""By turn, counted from 1: the contents of the messages it sent, in order."""


def replay(
    program: Program,
    traces: Iterable[JsonObject],
    said: Said | None = None,
    compared: Sequence[str] = EXACT,
) -> Replay:
    """Runs a conversation again from the trace of each of its turns, the first one's first.

    `said`, if given, are the messages that must come out again.
    """
    state: RunState | None = None
    turns = 0
    for turns, trace in enumerate(traces, start=1):
        turn = _again(program, state, trace, turns)
        if isinstance(turn, Difference):
            return Replay(turns, state, turn)
        state = turn.state
        difference = _compared(turn, trace, turns, compared) or _heard(turn, turns, said)
        if difference is not None:
            return Replay(turns, state, difference)
    return Replay(turns, state, None)


def _again(
    program: Program, state: RunState | None, trace: JsonObject, turn_no: int
) -> Turn | Difference:
    if "services" not in trace:
        lost = trace.get("cut", "the turn failed, or its trace was too long to keep")
        return Difference(turn_no, "trace", lost, "a trace with what the services answered")
    event = event_from_json(trace["event"])
    if isinstance(event, StartEvent) != (state is None):
        return Difference(turn_no, "event", trace["event"], "a start comes first, and once")
    try:
        return run_turn(program, state, event, RecordedServices(trace))
    except NotRecorded as missing:
        return Difference(turn_no, "services", "not asked", str(missing))
    except ValueError as error:
        return Difference(turn_no, "state", "a turn", str(error))


def _compared(
    turn: Turn, trace: JsonObject, turn_no: int, compared: Sequence[str]
) -> Difference | None:
    for what in compared:
        if what in trace and turn.trace[what] != trace[what]:
            return Difference(turn_no, what, trace[what], turn.trace[what])
    return None


def _heard(turn: Turn, turn_no: int, said: Said | None) -> Difference | None:
    """The messages as they are sent: equal JSON text, not merely equal values."""
    if said is None:
        return None
    before = [*said.get(turn_no, ())]
    now = [effect.content for effect in turn.effects if isinstance(effect, SendMessage)]
    if json.dumps(before, sort_keys=True) == json.dumps(now, sort_keys=True):
        return None
    return Difference(turn_no, "messages", before, now)


def _lines(value: Json) -> list[str]:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).splitlines()
