"""Small flows and conversations for the engine's tests: plain values, no stores, a fixed clock."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from parley.domain.flows import FlowDocument, IntentScore
from parley.domain.json import JsonObject
from parley.engine.compile import compile_flow
from parley.engine.effects import Effect, SendMessage
from parley.engine.events import AgentEvent, Event, MessageEvent, StartEvent, TimerEvent
from parley.engine.program import Program
from parley.engine.services import IntegrationReply, IntegrationRequest, Runnable
from parley.engine.state import RunState
from parley.engine.turn import Turn, run_turn

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def a_flow(*states: JsonObject, **more: Any) -> JsonObject:
    """A document of these states; the first one is the initial one."""
    return {
        "schema": "parley/1",
        "name": "test",
        "initial_state": states[0]["name"],
        "states": list(states),
        **more,
    }


def says(name: str, text: Any = None, *transitions: JsonObject, **more: Any) -> JsonObject:
    """A response state; without transitions it is final."""
    config = {"typing_indicator": False, **more.pop("config", {})}
    config.setdefault("response_templates", {"en": text or name})
    final = {} if transitions else {"is_final": True}
    return {
        "name": name,
        "type": "response",
        "config": config,
        "transitions": list(transitions),
        **final,
        **more,
    }


def state(name: str, kind: str, *transitions: JsonObject, **more: Any) -> JsonObject:
    """A state of any type."""
    return {"name": name, "type": kind, "transitions": list(transitions), **more}


def to(target: str, condition: str = "any_input", value: Any = None, **more: Any) -> JsonObject:
    """A transition."""
    given = {} if value is None else {"condition_value": value}
    return {"condition": condition, "target_state": target, **given, **more}


def at_once(target: str, expression: str = "true", **more: Any) -> JsonObject:
    """A transition that a state which does not wait goes on by."""
    return to(target, "expression", expression=expression, **more)


def program(document: JsonObject) -> Program:
    return compile_flow(FlowDocument.model_validate(document))


class FixedServices:
    """Answers given beforehand; `calls` are the requests that came."""

    def __init__(
        self,
        *,
        intents: Mapping[str, Sequence[tuple[str, float]]] | None = None,
        replies: Sequence[IntegrationReply] = (),
        user: JsonObject | None = None,
        flows: Sequence[JsonObject] = (),
    ) -> None:
        self.now = NOON
        self.seed = 7
        self.user = user or {}
        self.conversation: JsonObject = {"id": "c1", "channel": "web"}
        self.tenant: JsonObject = {"name": "Shop", "open": True}
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.calls: list[IntegrationRequest] = []
        self._intents = intents or {}
        self._replies = list(replies)
        self._flows = {flow["name"]: program(flow) for flow in flows}

    def classify(self, text: str, among: Sequence[str]) -> list[IntentScore]:
        self.asked.append((text, tuple(among)))
        found = [IntentScore(*score) for score in self._intents.get(text, ())]
        return [score for score in found if not among or score.name in among]

    def flow(self, key: str) -> Runnable | None:
        found = self._flows.get(key)
        return None if found is None else Runnable(found, self.classify)

    def call(self, request: IntegrationRequest) -> IntegrationReply:
        self.calls.append(request)
        return self._replies.pop(0) if self._replies else IntegrationReply("success", data={})


class Talk:
    """A conversation that has begun; each method is a turn."""

    def __init__(
        self, document: JsonObject, services: FixedServices | None = None, **known: Any
    ) -> None:
        self.services = services or FixedServices(**known)
        self.program = program(document)
        self.traces: list[JsonObject] = []
        self.turn = run_turn(self.program, None, StartEvent(), self.services)
        self.traces.append(self.turn.trace)

    def take(self, event: Event) -> Turn:
        self.turn = run_turn(self.program, self.state, event, self.services)
        self.traces.append(self.turn.trace)
        return self.turn

    def say(self, text: str, **content: Any) -> Turn:
        return self.take(MessageEvent({"type": "text", "text": text, **content}))

    def wait(self, **duration: int) -> Turn | None:
        """The clock goes on; the first timer that is then due fires."""
        self.services.now += timedelta(**duration)
        for timer in self.state.timers:
            if timer.due_at <= self.services.now:
                return self.take(TimerEvent(timer.id))
        return None

    def agent(self, action: Any, text: str | None = None) -> Turn:
        return self.take(AgentEvent(action, {"type": "text", "text": text} if text else None))

    @property
    def state(self) -> RunState:
        return self.turn.state

    @property
    def at(self) -> str:
        return self.turn.state.current_state

    @property
    def said(self) -> list[str]:
        """The texts of the last turn."""
        return [content.get("text", "") for content in self.contents]

    @property
    def contents(self) -> list[JsonObject]:
        return [e.content for e in self.turn.effects if isinstance(e, SendMessage)]

    @property
    def events(self) -> list[Effect]:
        return [e for e in self.turn.effects if not isinstance(e, SendMessage)]

    @property
    def errors(self) -> list[JsonObject]:
        errors: list[JsonObject] = self.turn.trace["errors"]
        return errors
