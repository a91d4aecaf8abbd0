"""`integration`: calls a system of the tenant, and goes on by how the call ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from parley.domain.json import Json, JsonObject
from parley.engine.calls import addressed, show
from parley.engine.program import Step
from parley.engine.recorder import is_modest
from parley.engine.services import IntegrationReply, IntegrationRequest
from parley.engine.slot_types import Refused
from parley.engine.states.response import way_on
from parley.engine.texts import Template, TextFailed
from parley.engine.words import Words

if TYPE_CHECKING:
    from parley.engine.program import StateNode
    from parley.engine.run import Run

MAX_MAPPED_NODES = 2_000


@dataclass(frozen=True, slots=True)
class Integration:
    """The call. Mappings are compiled JMESPath, `response` by target (`slots.x`, `vars.x`).

    `may_repeat`: the author lists the method among those that do no harm when sent twice.
    """

    integration_id: str
    endpoint: str | Template
    method: str
    timeout_ms: int
    may_repeat: bool
    max_attempts: int
    backoff_ms: int
    request: Mapping[str, Any]
    response: Mapping[tuple[str, str], Any]
    error_message: Words | None
    default_data: Json

    def enter(self, run: "Run", node: "StateNode") -> Step:
        reply = self._call(run, node)
        data = reply.data if reply.status == "success" else self.default_data
        show(run, reply, data)
        if data is not None:
            self._map(run, node, data)
        if reply.status == "error" and self.error_message is not None:
            run.say_words(self.error_message)
        return way_on(run, node)

    def _call(self, run: "Run", node: "StateNode") -> IntegrationReply:
        try:
            request = self._request(run)
        except (TextFailed, ValueError) as failure:
            run.note_error(f"{node.pointer}/config", str(failure))
            return IntegrationReply("error", "refused", error=str(failure))
        return run.recorder.call(request)

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


def _searched(path: Any, value: Json) -> Json:  # noqa: ANN401 -- a compiled JMESPath
    """What the path finds. Raises ValueError, which JMESPath's own errors are."""
    found = path.search(value)
    if not is_modest(found, MAX_MAPPED_NODES):
        raise ValueError("what the mapping finds is too large or too deep")
    return found
