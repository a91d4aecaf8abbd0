"""Tests of flows, written as conversations: read, run and reported on.

The clock, the integrations' answers and everything else come from the test; so a test gives the
same result wherever it runs.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from parley.domain.conversations import Status
from parley.domain.flow_texts import FlowPart
from parley.domain.flows import IntentScore
from parley.domain.json import Json, JsonObject
from parley.engine.effects import SendMessage, effect_to_json
from parley.engine.events import AgentEvent, CloseEvent, Event, MessageEvent, StartEvent, TimerEvent
from parley.engine.expectations import Expectation, differences
from parley.engine.program import Program
from parley.engine.services import IntegrationReply, IntegrationRequest
from parley.engine.state import RunState
from parley.engine.turn import Turn, run_turn

type Classify = Callable[[str, Sequence[str]], Sequence[IntentScore]]

BEGAN_AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""When every test begins: a Monday morning."""

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class Stub(FlowPart):
    """One answer of an integration; `when` narrows the calls it is for, `times` how many."""

    when: JsonObject = Field(default_factory=dict)
    returned: Annotated[Json, Field(alias="return")] = None
    error: str | None = None
    status: int | None = None
    times: int | None = None


class Step(FlowPart):
    """One thing that happens, and what is expected after it."""

    start: bool | None = None
    user: str | JsonObject | None = None
    advance: Annotated[str, Field(pattern=r"^\d+[smhd]$")] | None = None
    agent: str | JsonObject | None = None
    expect: Expectation = Expectation()


class FlowTest(FlowPart):
    """One conversation; the first turn, which always runs, may be shown by a `start` step."""

    name: str
    user: JsonObject = Field(default_factory=dict)
    steps: tuple[Step, ...]


class Script(FlowPart):
    """A file of tests: `flow` and `flows` are paths beside it."""

    flow: str
    flows: tuple[str, ...] = ()
    user: JsonObject = Field(default_factory=dict)
    stubs: dict[str, tuple[Stub, ...]] = Field(default_factory=dict)
    tests: tuple[FlowTest, ...]


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


@dataclass(slots=True)
class Report:
    """The outcomes, and what no test reached: names of states, pointers of transitions."""

    outcomes: list[Outcome] = field(default_factory=list)
    unreached_states: list[str] = field(default_factory=list)
    unreached_transitions: list[str] = field(default_factory=list)


def run_tests(program: Program, script: Script, classify: Classify) -> Report:
    """Runs every test of a file on a compiled flow."""
    report, entered, held = Report(), set[str](), set[str]()
    for test in script.tests:
        talk = _Talk(program, script, test, classify)
        report.outcomes.append(Outcome(test.name, tuple(talk.run(test.steps))))
        entered |= talk.entered
        held |= talk.held
    report.unreached_states = [name for name in program.states if name not in entered]
    report.unreached_transitions = [p for p in _transitions(program) if p not in held]
    return report


def _transitions(program: Program) -> Iterator[str]:
    pointers: dict[str, None] = {}
    for node in program.states.values():
        for arcs in (node.on_message, node.on_timer, node.at_once, node.fallback):
            pointers |= {arc.pointer: None for arc in arcs}
        pointers |= {arc.pointer: None for arc in node.global_fallback}
    yield from pointers


class _Talk:
    """One test's conversation; it is the services of its own turns."""

    seed = 1

    def __init__(
        self, program: Program, script: Script, test: FlowTest, classify: Classify
    ) -> None:
        self._program = program
        self._stubs = {name: [(s, s.times) for s in stubs] for name, stubs in script.stubs.items()}
        self.classify = classify
        self.now = BEGAN_AT
        self.user: JsonObject = {**script.user, **test.user}
        self.conversation: JsonObject = {"id": "test", "channel": "web"}
        self.tenant: JsonObject = {"name": "test", "open": True}
        self.entered: set[str] = set()
        self.held: set[str] = set()
        self._idle_at: datetime | None = None
        first = self._take(None, StartEvent())
        self._state = first.state
        self._turns = [first]

    def run(self, steps: Sequence[Step]) -> Iterator[Failure]:
        for n, step in enumerate(steps, start=1):
            if step.start is None:
                self._turns = list(self._step(step))
            messages = [
                effect.content
                for turn in self._turns
                for effect in turn.effects
                if isinstance(effect, SendMessage)
            ]
            effects = [effect_to_json(e) for turn in self._turns for e in turn.effects]
            path = [name for turn in self._turns for name in turn.trace["path"]]
            for what in differences(step.expect, self._state, messages, effects, path):
                yield Failure(n, what)

    def _step(self, step: Step) -> Iterator[Turn]:
        if step.user is not None:
            yield self._then(MessageEvent(_content(step.user)))
        if step.agent is not None:
            yield self._then(_agent(step.agent))
        if step.advance is not None:
            yield from self._advance(_duration(step.advance))

    def _advance(self, by: timedelta) -> Iterator[Turn]:
        """Every timer that falls due is a turn at its own time; so is closing for idleness."""
        until = self.now + by
        while True:
            due: list[tuple[datetime, Event]] = [
                (timer.due_at, TimerEvent(timer.id)) for timer in self._state.timers
            ]
            if self._idle_at is not None:
                due.append((self._idle_at, CloseEvent(Status.TIMEOUT)))
            due = [(at, event) for at, event in due if at <= until]
            if not due:
                break
            at, event = min(due, key=lambda pair: pair[0])
            self.now = max(self.now, at)
            yield self._then(event)
        self.now = until

    def _then(self, event: Event) -> Turn:
        turn = self._take(self._state, event)
        self._state = turn.state
        return turn

    def _take(self, state: RunState | None, event: Event) -> Turn:
        turn = run_turn(self._program, state, event, self)
        self.entered.update(turn.trace["path"])
        self.held.update(tried["at"] for tried in turn.trace["tried"] if tried["held"])
        self._idle_at = self._program.idle_due_at(turn.state, self.now)
        return turn

    def call(self, request: IntegrationRequest) -> IntegrationReply:
        """The first stub that the call fits and that is not used up."""
        stubs = self._stubs.get(request.integration_id, [])
        for n, (stub, left) in enumerate(stubs):
            if left == 0 or not _fits(stub.when, request):
                continue
            if left is not None:
                stubs[n] = (stub, left - 1)
            return _reply(stub)
        return IntegrationReply("error", "http_4xx", 404, None, "no stub fits this call")


def _fits(when: JsonObject, request: IntegrationRequest) -> bool:
    path, _, query = request.endpoint.partition("?")
    actual = {"path": path, "query": query, "method": request.method, "body": request.body}
    return all(actual.get(name) == value for name, value in when.items())


def _reply(stub: Stub) -> IntegrationReply:
    if stub.error is None and stub.status is None:
        return IntegrationReply("success", None, 200, stub.returned)
    lowest_server_error, lowest_error = 500, 400
    status = stub.status or (int(stub.error) if stub.error and stub.error.isdigit() else None)
    if status is not None and status < lowest_error:
        return IntegrationReply("success", None, status, stub.returned)
    kind = stub.error if stub.error and not stub.error.isdigit() else None
    if kind is None:
        kind = "http_5xx" if status and status >= lowest_server_error else "http_4xx"
    return IntegrationReply("error", kind, status, stub.returned, f"stubbed {kind}")


def _content(said: str | JsonObject) -> JsonObject:
    if isinstance(said, str):
        return {"type": "text", "text": said}
    if "choice" in said:
        return {"type": "quick_reply", "text": said["choice"], "payload": said["choice"]}
    return {"type": "text", **said}


def _agent(did: str | JsonObject) -> AgentEvent:
    match did:
        case "resolve" | "return":
            return AgentEvent(did)
    text: Any = did.get("message") if isinstance(did, dict) else did
    return AgentEvent("message", {"type": "text", "text": str(text)})


def _duration(text: str) -> timedelta:
    return timedelta(seconds=int(text[:-1]) * _UNITS[text[-1]])
