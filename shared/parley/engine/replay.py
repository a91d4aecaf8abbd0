"""Turns run again from their traces: the same states to the byte, or the first that differs."""

import difflib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from parley.domain.conversations import FlowPin
from parley.domain.flows import IntentScore
from parley.domain.json import Json, JsonObject
from parley.engine.effects import SendMessage
from parley.engine.events import MigrateEvent, StartEvent, event_from_json
from parley.engine.migration import migrate
from parley.engine.program import Program
from parley.engine.recorder import asked
from parley.engine.services import (
    Classify,
    Flows,
    IntegrationReply,
    IntegrationRequest,
    Runnable,
    no_flows,
)
from parley.engine.state import RunState
from parley.engine.turn import Turn, run_turn

MAX_LINES = 400
"""Of a diff; what is longer ends in `...`."""


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
        lines = difflib.unified_diff(
            _lines(self.recorded), _lines(self.replayed), "recorded", "replayed", lineterm=""
        )
        shown = list(islice(lines, MAX_LINES + 1))
        return shown if len(shown) <= MAX_LINES else [*shown[:MAX_LINES], "..."]


@dataclass(frozen=True, slots=True)
class Replay:
    """`difference` is None if every turn came out as recorded; `state` is the last one's."""

    turns: int
    state: RunState | None
    difference: Difference | None


class RecordedServices:
    """Answers a turn with what its trace says the services answered.

    `classify`, if given, is a changed flow's own: what a text means is for that flow to say, and
    for those that it calls.
    """

    def __init__(
        self, trace: JsonObject, classify: Classify | None = None, flows: Flows = no_flows
    ) -> None:
        self._classify = classify
        self._flows = flows
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
        """The scores that were recorded, or those of the changed flow's own classifier."""
        if self._classify is not None:
            return self._classify(text, among)
        if "classify" not in self._answers:
            raise NotRecorded(f"the intent of {text!r} among {among}")
        return [IntentScore(name, confidence) for name, confidence in self._answers["classify"]]

    def flow(self, key: str) -> Runnable | None:
        """The flow; what a text meant to it was recorded, too."""
        found = self._flows(key)
        if found is None or self._classify is not None:
            return found
        return Runnable(found.program, self.classify)

    def call(self, request: IntegrationRequest) -> IntegrationReply:
        """The replies that were recorded, in order, each to the call that it answered."""
        now = asked(request)
        if not self._calls:
            raise NotRecorded(f"a call of {' '.join(now)}")
        noted = dict(self._calls.pop(0))
        # Traces from before calls were noted with their replies answer in order alone.
        if noted.pop("of", now) != now:
            raise NotRecorded(f"a call of {' '.join(now)}")
        return IntegrationReply(**noted)


EXACT = ("state_before", "state_after", "path", "effects", "ignored")
"""What makes a turn the same to the byte, beside what it said."""
COURSE = ("path", "ignored")
"""What makes a turn of a changed flow go the same way."""

type ProgramOf = Callable[[FlowPin], Program]
"""The program of a version that a conversation was moved to."""

type Said = Mapping[int, Sequence[JsonObject]]
"""By turn, counted from 1: the contents of the messages it sent, in order."""


def replay(
    program: Program,
    traces: Iterable[JsonObject],
    said: Said | None = None,
    compared: Sequence[str] = EXACT,
    classify: Classify | None = None,
    flows: Flows = no_flows,
    program_of: ProgramOf | None = None,
) -> Replay:
    """Runs a conversation again from the trace of each of its turns, the first one's first.

    `said`, if given, are the messages that must come out again; `classify`, if given, says what
    texts mean in place of the recorded scores. `program` is what it began on: a turn that moved it
    is run again with the help of `program_of`, or left out without it, as on a changed flow.
    """
    state: RunState | None = None
    turns = 0
    for turns, trace in enumerate(traces, start=1):
        if state is not None and _came_late(trace):
            if said is not None and said.get(turns):
                return Replay(turns, state, Difference(turns, "messages", [*said[turns]], []))
            continue
        if program_of is None and _is_migration(trace):
            continue
        services = RecordedServices(trace, classify, flows) if "services" in trace else None
        again = _again(program, state, trace, turns, services, program_of)
        if isinstance(again, Difference):
            return Replay(turns, state, again)
        turn, program = again
        state = turn.state
        difference = _compared(turn, trace, turns, compared) or _heard(turn, turns, said)
        if difference is not None:
            return Replay(turns, state, difference)
    return Replay(turns, state, None)


def _is_migration(trace: JsonObject) -> bool:
    return bool(trace.get("event", {}).get("kind") == MigrateEvent.kind)


def _came_late(trace: JsonObject) -> bool:
    """Whether the event reached a closed conversation: it ran nothing, so there is nothing to."""
    return bool(trace.get("ignored")) and "services" not in trace and "cut" not in trace


def _again(
    program: Program,
    state: RunState | None,
    trace: JsonObject,
    turn_no: int,
    services: RecordedServices | None,
    program_of: ProgramOf | None,
) -> tuple[Turn, Program] | Difference:
    """The turn, and what the next one runs on."""
    if services is None:
        lost = trace.get("cut", "the turn failed, or its trace was too long to keep")
        return Difference(turn_no, "trace", lost, "a trace with what the services answered")
    event = event_from_json(trace["event"])
    if isinstance(event, StartEvent) != (state is None):
        return Difference(turn_no, "event", trace["event"], "a start comes first, and once")
    try:
        if isinstance(event, MigrateEvent) and state is not None and program_of is not None:
            there = program_of(event.after)
            turn = migrate(program, there, state, event, services)
            return turn, program if turn.ignored else there
        return run_turn(program, state, event, services), program
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
