"""Tests of flows, written as conversations: run and reported on.

The clock, the integrations' answers and everything else come from the test; so a test gives the
same result wherever it runs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from parley.domain.conversations import Status
from parley.domain.flows import FlowDocument
from parley.domain.json import JsonObject
from parley.engine.coverage import Coverage
from parley.engine.effects import SendMessage, effect_to_json
from parley.engine.events import (
    CallbackEvent,
    CloseEvent,
    Event,
    MessageEvent,
    StartEvent,
    TimerEvent,
)
from parley.engine.expectations import Happened, differences
from parley.engine.program import Program
from parley.engine.scripts import FlowTest, Script, Step
from parley.engine.services import (
    Classify,
    Flows,
    IntegrationReply,
    IntegrationRequest,
    Runnable,
    no_flows,
)
from parley.engine.state import RunState
from parley.engine.stubs import Stubs
from parley.engine.turn import Turn, run_turn

BEGAN_AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""When every test begins: a Monday morning."""

MAX_TURNS = 20_000
"""In one test: a flow whose timers go round for ever ends there."""

_SPENT = "the turns that all tests may take together are used up"


@dataclass(frozen=True, slots=True)
class Failure:
    """The step, counted from 1, and what was not as expected."""

    step: int
    what: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a test; it passed if there are no failures."""

    name: str
    failures: tuple[Failure, ...]
    turns: int = 0

    @property
    def has_passed(self) -> bool:
        return not self.failures


@dataclass(frozen=True, slots=True)
class Report:
    """The outcomes in order, and what the tests reached together."""

    outcomes: tuple[Outcome, ...]
    coverage: Coverage

    @property
    def has_passed(self) -> bool:
        return all(outcome.has_passed for outcome in self.outcomes)


def run_tests(
    program: Program,
    document: FlowDocument,
    script: Script,
    classify: Classify,
    *,
    budget: int | None = None,
    flows: Flows = no_flows,
) -> Report:
    """Runs every test of a file on a flow; `program` is `document`, compiled.

    `flows` are those that it may call: their states and transitions count for no coverage.
    `budget` is how many turns all tests may take together: the one that uses it up fails there,
    and those after it fail without being run.
    """
    coverage = Coverage(document)
    outcomes = []
    left = budget
    for test in script.tests:
        if left is not None and left <= 0:
            outcomes.append(Outcome(test.name, (Failure(1, f"not run: {_SPENT}"),)))
            continue
        talk = TestTalk(program, merged(script, test), classify, left, flows)
        failures = tuple(_failures(talk, test.steps))
        outcomes.append(Outcome(test.name, failures, len(talk.traces)))
        left = None if left is None else left - len(talk.traces)
        for trace in talk.traces:
            coverage.add(trace)
    return Report(tuple(outcomes), coverage)


def merged(script: Script, test: FlowTest) -> FlowTest:
    """The test with what its file says for all."""
    stubs = {
        name: (*test.stubs.get(name, ()), *script.stubs.get(name, ()))
        for name in (*test.stubs, *script.stubs)
    }
    return test.model_copy(update={"user": {**script.user, **test.user}, "stubs": stubs})


def _failures(talk: "TestTalk", steps: Sequence[Step]) -> Iterator[Failure]:
    for n, step in enumerate(steps, start=1):
        try:
            turns = talk.take_step(step)
        except StepImpossible as error:
            yield Failure(n, str(error))
            return
        happened = Happened(
            messages=[
                effect.content
                for turn in turns
                for effect in turn.effects
                if isinstance(effect, SendMessage)
            ],
            effects=[effect_to_json(effect) for turn in turns for effect in turn.effects],
            path=[name for turn in turns for name in turn.trace["path"]],
            flow=talk.flow_name,
        )
        for what in differences(step.expect, talk.state, happened):
            yield Failure(n, what)


class StepImpossible(Exception):
    """The conversation stands so that the step cannot happen."""


class TestTalk:
    """A conversation on the engine alone; it is the services of its own turns."""

    __test__ = False

    def __init__(
        self,
        program: Program,
        test: FlowTest,
        classify: Classify,
        budget: int | None = None,
        flows: Flows = no_flows,
    ) -> None:
        self._program = program
        self._budget = budget
        self._flows = flows
        self._stubs = Stubs(dict(test.stubs))
        self.classify = classify
        self.now = BEGAN_AT
        self.user = test.user
        self.conversation: JsonObject = {"id": "test", "channel": "web"}
        self.tenant: JsonObject = {"name": "test", "open": True}
        self.traces: list[JsonObject] = []
        self._idle_at: datetime | None = None
        self.first = self._take(None, StartEvent())
        self.state = self.first.state

    @property
    def flow_name(self) -> str:
        """Of the flow that the conversation rests in."""
        return self._resting.name

    @property
    def seed(self) -> int:
        """Another for each turn."""
        return len(self.traces) + 1

    def take_step(self, step: Step) -> list[Turn]:
        """The turns that the step makes. Raises StepImpossible."""
        if step.user is not None:
            return [self.say(step.user)]
        if step.agent is not None:
            if self.state.status is not Status.ESCALATED:
                raise StepImpossible("no person is at work: the conversation is not handed off")
            return [self._then(step.agent_event)]
        if step.callback is not None:
            return [self.answer(step.callback.answer)]
        if step.advance is not None:
            return list(self.advance(step.advances))
        return [self.first]

    def say(self, said: str | JsonObject) -> Turn:
        """The turn of a message: a text, {choice: payload or title}, or any content."""
        if not self.state.status.is_open:
            raise StepImpossible(f"the conversation is {self.state.status}: nobody listens")
        return self._then(MessageEvent(self._content(said)))

    def answer(self, answer: JsonObject) -> Turn:
        """The turn of the callback that is awaited."""
        if self.state.awaited is None:
            where = f"the conversation is {self.state.status}, in {self.state.current_state!r}"
            raise StepImpossible(f"no call waits for a callback: {where}")
        return self._then(CallbackEvent(self.state.awaited, answer))

    def advance(self, by: timedelta) -> Iterator[Turn]:
        """Every timer that falls due is a turn at its own time; so is closing for idleness."""
        until = self.now + by
        while due := self._due(until):
            at, event = min(due, key=lambda pair: pair[0])
            self.now = max(self.now, at)
            yield self._then(event)
            if len(self.traces) > MAX_TURNS:
                raise StepImpossible(f"the timers make more than {MAX_TURNS} turns")
        self.now = until

    def flow(self, key: str) -> Runnable | None:
        return self._flows(key)

    def call(self, request: IntegrationRequest) -> IntegrationReply:
        """What the stubs answer."""
        return self._stubs.call(request)

    def _due(self, until: datetime) -> list[tuple[datetime, Event]]:
        due: list[tuple[datetime, Event]] = [
            (timer.due_at, TimerEvent(timer.id)) for timer in self.state.timers
        ]
        if self._idle_at is not None:
            due.append((self._idle_at, CloseEvent(Status.TIMEOUT)))
        return [(at, event) for at, event in due if at <= until]

    def _then(self, event: Event) -> Turn:
        if self._budget is not None and len(self.traces) >= self._budget:
            raise StepImpossible(_SPENT)
        turn = self._take(self.state, event)
        self.state = turn.state
        return turn

    def _take(self, state: RunState | None, event: Event) -> Turn:
        turn = run_turn(self._program, state, event, self)
        self.traces.append(turn.trace)
        self._resting = turn.flow
        self._idle_at = turn.flow.idle_due_at(turn.state, self.now)
        return turn

    def _content(self, said: str | JsonObject) -> JsonObject:
        if isinstance(said, str):
            return {"type": "text", "text": said}
        if "choice" in said:
            chosen = self._chosen(str(said["choice"]))
            return {"type": "quick_reply", "text": chosen["title"], "payload": chosen["payload"]}
        if said.get("type") == "form":
            self._refuse_unasked(said.get("values") or {})
        return {"type": "text", **said}

    def _refuse_unasked(self, values: JsonObject) -> None:
        """Raises StepImpossible for what the user could not have filled in."""
        fields = self.state.form
        if not fields:
            raise StepImpossible("no form is on offer")
        for name in values:
            if name not in fields:
                there = ", ".join(map(repr, fields))
                raise StepImpossible(f"the form has no field {name!r}; there are: {there}")

    def _chosen(self, wanted: str) -> JsonObject:
        """A choice on offer. Raises StepImpossible where the user could not have pressed it."""
        offered = self.state.choices
        for choice in offered:
            if wanted in (choice["payload"], choice["title"]):
                return choice
        payloads = ", ".join(repr(choice["payload"]) for choice in offered) or "none"
        raise StepImpossible(f"no choice {wanted!r} is offered; there are: {payloads}")
