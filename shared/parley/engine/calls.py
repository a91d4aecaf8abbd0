"""Calls to the systems of a tenant: how a request is put together, and what its answer becomes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from parley.domain.json import Json, JsonObject
from parley.engine.actions import ActionFailed
from parley.engine.recorder import is_modest
from parley.engine.sayings import rendered
from parley.engine.services import IntegrationReply, IntegrationRequest
from parley.engine.texts import Template, written_out

if TYPE_CHECKING:
    from parley.engine.run import Run

MAX_SAVED_NODES = 2_000
IN_QUERY = frozenset({"GET", "DELETE"})
"""The methods whose fields are their query; all others have them as their JSON body."""
BUILT_IN_METHOD = "POST"
"""Of every call of a built-in integration: its fields are JSON."""


def addressed(method: str, endpoint: str, fields: JsonObject) -> tuple[str, Json]:
    """The endpoint and the body of a call; a null field of a query is left out."""
    if method not in IN_QUERY:
        return endpoint, fields or None
    query = {name: written_out(value) for name, value in fields.items() if value is not None}
    separator = "&" if "?" in endpoint else "?"
    return endpoint + (separator + urlencode(query) if query else ""), None


def show(run: "Run", reply: IntegrationReply, data: Json) -> None:
    """Makes the answer what `integration` means, until the turn ends."""
    run.scope.integration = {
        "status": reply.status,
        "kind": reply.kind,
        "http_status": reply.http_status,
        "data": data,
        "error": reply.error,
    }
    run.scope.changed()


@dataclass(frozen=True, slots=True)
class CallIntegration:
    """Calls out between states. A call that failed leaves the variable as it was.

    `request` is JSON whose leaves may be templates; `may_repeat` as of a state's call.
    """

    integration_id: str
    endpoint: str | Template
    method: str
    may_repeat: bool
    timeout_ms: int
    request: Any
    save_as: str | None

    def perform(self, run: "Run") -> None:
        endpoint = (
            self.endpoint if isinstance(self.endpoint, str) else self.endpoint.render(run.scope)
        )
        fields = rendered(self.request, lambda template: template.render(run.scope))
        try:
            endpoint, body = addressed(self.method, endpoint, fields)
        except ValueError as error:
            raise ActionFailed(str(error)) from error
        reply = run.recorder.call(
            IntegrationRequest(
                self.integration_id,
                endpoint,
                self.method,
                body,
                self.timeout_ms,
                idempotent=self.may_repeat,
            )
        )
        show(run, reply, reply.data if reply.status == "success" else None)
        if reply.status == "error":
            raise ActionFailed(f"the call failed: {reply.kind}")
        if self.save_as is not None:
            if not is_modest(reply.data, MAX_SAVED_NODES):
                raise ActionFailed("the answer is too large or too deep to be saved")
            run.set_variable(self.save_as, reply.data)
