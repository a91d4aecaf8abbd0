"""`integration`: calls a system of the tenant, and goes on by how the call ended.

An asynchronous call that was taken ends later: by its callback, or by the state's timer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from parley.domain.integrations import ERROR_KINDS
from parley.domain.json import Json, JsonObject
from parley.engine.calls import addressed, show
from parley.engine.conditions import first_that_holds
from parley.engine.program import Arc, Step, Stuck
from parley.engine.recorder import is_modest
from parley.engine.services import Callback, IntegrationReply, IntegrationRequest
from parley.engine.slot_types import Refused
from parley.engine.texts import Template, TextFailed
from parley.engine.words import Words

if TYPE_CHECKING:
    from parley.engine.program import StateNode
    from parley.engine.run import Run

MAX_MAPPED_NODES = 2_000
_LATE = IntegrationReply("error", "timeout", error="the callback did not come in time")


@dataclass(frozen=True, slots=True)
class Integration:
    """The call. Mappings are compiled JMESPath, `response` by target (`slots.x`, `vars.x`).

    `may_repeat`: the author lists the method among those that do no harm when sent twice. `waits`:
    the call is asynchronous.
    """

    integration_id: str
    endpoint: str | Template
    method: str
    timeout_ms: int
    may_repeat: bool
    max_attempts: int
    backoff_ms: int
    request: Mapping[str, Callable[[Json], Json]]
    response: Mapping[tuple[str, str], Callable[[Json], Json]]
    error_message: Words | None
    default_data: Json
    waits: bool

    def enter(self, run: "Run", node: "StateNode") -> Step:
        callback = _awaited(run, node) if self.waits else None
        reply = self._call(run, node, callback)
        if callback is not None and reply.status == "success":
            run.state.awaited = callback.call_id
            return None
        return self.end(run, node, reply, node.at_once)

    def end(
        self, run: "Run", node: "StateNode", reply: IntegrationReply, arcs: Sequence[Arc]
    ) -> Step:
        """What the call has come to: mappings, the message of a failure, and the way on."""
        data = reply.data if reply.status == "success" else self.default_data
        show(run, reply, data)
        if data is not None:
            self._map(run, node, data)
        if reply.status == "error" and self.error_message is not None:
            run.say_words(self.error_message)
        arc = first_that_holds(run, node, arcs)
        return Stuck("no transition holds") if arc is None and not node.is_final else arc

    def _call(self, run: "Run", node: "StateNode", callback: Callback | None) -> IntegrationReply:
        try:
            request = self._request(run)
        except (TextFailed, ValueError) as failure:
            run.note_error(f"{node.pointer}/config", str(failure))
            return IntegrationReply("error", "refused", error=str(failure))
        return run.recorder.call(
            request if callback is None else replace(request, callback=callback)
        )

    def _request(self, run: "Run") -> IntegrationRequest:
        endpoint = (
            self.endpoint if isinstance(self.endpoint, str) else self.endpoint.render(run.scope)
        )
        fields: JsonObject = {}
        if self.request:
            scope = {root: run.scope.value(root) for root in ("slots", "vars", "user", "input")}
            scope |= {root: run.scope.value(root) for root in ("conversation", "tenant", "now")}
            fields = {name: _searched(path, scope) for name, path in self.request.items()}
        endpoint, body = addressed(self.method, endpoint, fields)
        return IntegrationRequest(
            self.integration_id,
            endpoint,
            self.method,
            body,
            self.timeout_ms,
            idempotent=self.may_repeat,
            max_attempts=self.max_attempts if self.may_repeat else 1,
            backoff_ms=self.backoff_ms,
        )

    def _map(self, run: "Run", node: "StateNode", data: Json) -> None:
        """Puts parts of the answer where the mapping says; one that does not fit is noted."""
        for (kind, name), path in self.response.items():
            try:
                value = _searched(path, data)
                if kind == "vars":
                    run.set_variable(name, value)
                elif value is None:
                    run.clear_slot(name)
                else:
                    run.set_slot(name, run.program.slots[name].accept(value))
            except (Refused, ValueError) as failure:
                pointer = f"{node.pointer}/config/response_mapping/{kind}.{name}"
                run.note_error(pointer, str(failure))


def called_back(run: "Run", node: "StateNode", answer: JsonObject) -> Step:
    """What the callback does that the state waits for."""
    if not isinstance(node.work, Integration):
        return None
    return node.work.end(run, node, _reply(answer), node.at_once)


def timer_fired(run: "Run", node: "StateNode") -> Step:
    """What a state's timer does; a call that is still awaited has failed by it."""
    if run.state.awaited is None or not isinstance(node.work, Integration):
        return first_that_holds(run, node, node.on_timer)
    return node.work.end(run, node, _LATE, node.on_timer)


def _awaited(run: "Run", node: "StateNode") -> Callback:
    """The id is of the turn, by its seed, and of the call's place in it.

    So a turn that is run again, on whatever state, asks for the answer to the call it has made.
    """
    made = len(run.recorder.answers.get("calls", ()))
    until = run.scope.now + timedelta(seconds=node.timeout_s or 0)
    return Callback(f"{run.recorder.seed:x}-{made}", until)


def _reply(answer: JsonObject) -> IntegrationReply:
    """A callback as a reply; what says nothing sensible has failed."""
    if not is_modest(answer.get("data")):
        return IntegrationReply("error", "refused", error="the answer is too large or too deep")
    if answer.get("status") == "success":
        return IntegrationReply("success", data=answer.get("data"))
    kind, error = answer.get("kind"), answer.get("error")
    return IntegrationReply(
        "error",
        kind if kind in ERROR_KINDS else "refused",
        data=answer.get("data"),
        error=error if isinstance(error, str) else "the callback says that the call failed",
    )


def _searched(path: Callable[[Json], Json], value: Json) -> Json:
    """What the path finds. Raises ValueError, which JMESPath's own errors are."""
    found = path(value)
    if not is_modest(found, MAX_MAPPED_NODES):
        raise ValueError("what the mapping finds is too large or too deep")
    return found
