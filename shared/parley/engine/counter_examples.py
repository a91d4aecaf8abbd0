"""Shortest conversations that show what the check found, written as flow tests.

The flow itself is run, breadth first, on what customers and systems might say: what is found does
happen, and playing the script shows it again. The search ends after `MAX_TURNS` turns, or sooner
where they are long. What it did not come across has no script, and nothing is claimed of it.
"""

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

from parley.domain.conversations import Status
from parley.domain.errors import FlowInvalid
from parley.domain.flows import FlowDocument, IntentScore
from parley.domain.json import JsonObject
from parley.engine.checks.subject import Goal
from parley.engine.compile import compile_flow
from parley.engine.effects import LogEvent, SendMessage
from parley.engine.events import (
    AgentEvent,
    CallbackEvent,
    Event,
    MessageEvent,
    StartEvent,
    TimerEvent,
)
from parley.engine.guesses import NONSENSE, Answer, Guesses
from parley.engine.program import Program
from parley.engine.scripts import Called
from parley.engine.services import IntegrationReply, IntegrationRequest
from parley.engine.state import RunState
from parley.engine.turn import Turn, run_turn

MAX_TURNS = 1_500
_MAX_WORK = 6_000
"""States entered, parts that failed weighing more: they may have worked up to their limits."""
_FAILURE = 200
_LABOUR = 50
"""What entering a state weighs in a flow whose texts have loops or variables of their own."""
_MAX_ANSWERS = 8
_BEGAN_AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
_PASSING = ("current_state", "status", "slots", "vars", "misses", "fallback_count", "previous")


@dataclass(frozen=True, slots=True)
class Said:
    """A turn of a conversation: the step that made it, what systems answered, and what became."""

    before: "Said | None"
    step: JsonObject
    answers: tuple[tuple[str, Answer], ...]
    turn: Turn
    now: datetime


def counter_examples(document: FlowDocument, goals: Sequence[Goal]) -> dict[Goal, JsonObject]:
    """For each goal that some conversation reaches a shortest one, as a file of flow tests."""
    if not goals:
        return {}
    try:
        program = compile_flow(document)
    except FlowInvalid:
        return {}
    found: dict[Goal, JsonObject] = {}
    for said in _Search(document, program).conversations():
        for goal in goals:
            if goal not in found and _shows(goal, said.turn):
                found[goal] = _script(document, goal, said)
        if len(found) == len(set(goals)):
            break
    return found


def _shows(goal: Goal, turn: Turn) -> bool:
    path, errors = turn.trace["path"], turn.trace["errors"]
    loops = any(isinstance(e, LogEvent) and e.name == "flow.loop_limit" for e in turn.effects)
    stuck = {error["at"] for error in errors if not error["why"].startswith("too many")}
    match goal.kind:
        case "stuck":
            return not loops and f"state {goal.name}" in stuck
        case "loops":
            return loops and goal.name in path
        case "lost":
            return goal.name in path and (loops or f"state {goal.name}" in stuck)
        case "unfilled":
            return goal.name in path and goal.slot not in turn.state.slots
        case _:
            return any(t["at"] == goal.name and t["held"] for t in turn.trace["tried"])


def _script(document: FlowDocument, goal: Goal, last: Said) -> JsonObject:
    """The conversation up to `last`, which is expected to show the goal."""
    way: list[Said] = []
    said: Said | None = last
    while said is not None:
        way.insert(0, said)
        said = said.before
    stubs: dict[str, list[JsonObject]] = {}
    for one in way:
        for name, answer in one.answers:
            stubs.setdefault(name, []).append(answer.stub)
    steps = [dict(one.step) for one in way]
    steps[-1]["expect"] = _expected(goal, last.turn)
    return {
        "flow": f"{document.name}.yaml",
        "stubs": dict(stubs),
        "tests": [{"name": f"shows {goal.kind} at {goal.name}", "steps": steps}],
    }


def _expected(goal: Goal, turn: Turn) -> JsonObject:
    expected: JsonObject = {
        "state": turn.state.current_state,
        "status": turn.state.status.value,
    }
    if any(isinstance(e, LogEvent) and e.name == "flow.loop_limit" for e in turn.effects):
        expected["effects"] = [{"kind": "log_event", "name": "flow.loop_limit"}]
    else:
        expected["path"] = list(turn.trace["path"])
    if goal.slot is not None:
        expected["slots"] = {goal.slot: None}
        said = [e.content for e in turn.effects if isinstance(e, SendMessage)]
        expected["text"] = "\n".join(content["text"] for content in said if "text" in content)
    return expected


class _Search:
    """Breadth first; a state that was met before is not gone on from again."""

    def __init__(self, document: FlowDocument, program: Program) -> None:
        self._program = program
        self._guesses = Guesses(document)
        self._left = MAX_TURNS
        self._work = _MAX_WORK
        source = document.model_dump_json()
        self._weight = _LABOUR if re.search(r"\{%-?\s*(?:for|assign|capture)", source) else 1

    def conversations(self) -> Iterator[Said]:
        todo: deque[Said] = deque()
        met: set[str] = set()
        begun = self._turns(None, {"start": True}, StartEvent(), None, _BEGAN_AT)
        for said in begun:
            yield said
            todo.append(said)
        while todo and self._left > 0 and self._work > 0:
            said = todo.popleft()
            for step, event, now in self._next(said):
                for following in self._turns(said, step, event, said.turn.state, now):
                    yield following
                    key = _key(following.turn.state)
                    if key not in met and following.turn.state.status.is_open:
                        met.add(key)
                        todo.append(following)

    def _next(self, said: Said) -> Iterator[tuple[JsonObject, Event, datetime]]:
        """What may happen after a turn."""
        state, now = said.turn.state, said.now
        if state.status is Status.ESCALATED:
            yield {"agent": "return"}, AgentEvent("return"), now
        for timer in state.timers:
            seconds = max(0, ceil((timer.due_at - now).total_seconds()))
            later = now + timedelta(seconds=seconds)
            yield {"advance": f"{seconds}s"}, TimerEvent(timer.id), later
        if state.awaited is not None:
            for called in self._guesses.callbacks(state.current_state):
                answer = Called.model_validate(called).answer
                yield {"callback": called}, CallbackEvent(state.awaited, answer), now
        for text in self._texts(state):
            yield {"user": text}, MessageEvent({"type": "text", "text": text}), now
        if state.form:
            form = {"type": "form", "values": self._guesses.filled_in(state.form)}
            yield {"user": form}, MessageEvent(form), now
        for choice in state.choices:
            payload = choice["payload"]
            content = {"type": "quick_reply", "text": choice["title"], "payload": payload}
            yield {"user": {"choice": payload}}, MessageEvent(content), now

    def _texts(self, state: RunState) -> Iterator[str]:
        if state.proposed is not None:
            yield from ("yes", "no")
        elif state.asked is not None:
            yield from self._guesses.values(state.asked)
        yield from self._guesses.examples
        yield NONSENSE

    def _turns(
        self,
        before: Said | None,
        step: JsonObject,
        event: Event,
        state: RunState | None,
        now: datetime,
    ) -> Iterator[Said]:
        """The turn with each of the answers that systems might give."""
        plans: list[tuple[int, ...]] = [()]
        tried = 0
        while plans and tried < _MAX_ANSWERS and self._left > 0 and self._work > 0:
            plan = plans.pop(0)
            services = _Services(self._guesses, plan, now)
            turn = run_turn(self._program, state, event, services)
            tried += 1
            self._left -= 1
            self._work -= self._weight * len(turn.trace["path"])
            self._work -= _FAILURE * len(turn.trace["errors"])
            yield Said(before, step, tuple(services.given), turn, now)
            if len(services.options) > len(plan):
                at = len(plan)
                plans += [(*plan, n) for n in range(1, services.options[at])]


def _key(state: RunState) -> str:
    """What a conversation's future hangs on."""
    whole = state.to_json()
    parts = [whole[name] for name in _PASSING]
    parts += [whole["asked"], whole["proposed"], len(whole["timers"])]
    parts += [[choice["payload"] for choice in whole["choices"]], state.form]
    return json.dumps(parts, sort_keys=True, ensure_ascii=False)


class _Services:
    """What systems answer by a plan: which of the guesses at each call, the first beyond it."""

    seed = 1

    def __init__(self, guesses: Guesses, plan: tuple[int, ...], now: datetime) -> None:
        self.now = now
        self.user: JsonObject = {}
        self.conversation: JsonObject = {"id": "test", "channel": "web"}
        self.tenant: JsonObject = {"name": "test", "open": True}
        self.given: list[tuple[str, Answer]] = []
        self.options: list[int] = []
        self._guesses = guesses
        self._plan = plan

    def classify(self, text: str, among: Sequence[str]) -> list[IntentScore]:
        """Only examples are understood: said word for word they are certain to any classifier."""
        examples: Mapping[str, str] = self._guesses.examples
        intent = examples.get(text)
        return [IntentScore(intent, 1.0)] if intent and (not among or intent in among) else []

    def flow(self, key: str) -> None:
        """None: whoever plays the script has no other flow either."""
        del key

    def call(self, request: IntegrationRequest) -> IntegrationReply:
        answers = self._guesses.answers(request.integration_id)
        n = len(self.options)
        chosen = answers[self._plan[n] if n < len(self._plan) else 0]
        self.options.append(len(answers))
        self.given.append((request.integration_id, chosen))
        return chosen.reply
