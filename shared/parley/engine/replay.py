"""Turns run again from their traces: the same states to the byte, or the first that differs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from parley.domain.flows import IntentScore
from parley.domain.json import JsonObject
from parley.engine.events import StartEvent, event_from_json
from parley.engine.program import Program
from parley.engine.services import IntegrationReply, IntegrationRequest
from parley.engine.state import RunState
from parley.engine.turn import run_turn


class NotRecorded(Exception):
    """The turn asked for something that it did not ask for when it was recorded."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first turn, counted from 1, that did not come out as recorded, and in what."""

    turn_no: int
    what: str
    recorded: object
    replayed: object


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


def replay(program: Program, traces: Iterable[JsonObject]) -> Replay:
    """Runs a conversation again from the trace of each of its turns, the first one's first."""
    state: RunState | None = None
    turns = 0
    for turns, trace in enumerate(traces, start=1):
        event = event_from_json(trace["event"])
        if isinstance(event, StartEvent) != (state is None):
            difference = Difference(turns, "event", trace["event"], "a start comes first, and once")
            return Replay(turns, state, difference)
        try:
            turn = run_turn(program, state, event, RecordedServices(trace))
        except NotRecorded as missing:
            return Replay(turns, state, Difference(turns, "services", "not asked", str(missing)))
        except ValueError as error:
            return Replay(turns, state, Difference(turns, "state", "a turn", str(error)))
        state = turn.state
        for what in ("state_before", "state_after", "path", "effects", "ignored"):
            if turn.trace[what] != trace[what]:
                difference = Difference(turns, what, trace[what], turn.trace[what])
                return Replay(turns, state, difference)
    return Replay(turns, state, None)
