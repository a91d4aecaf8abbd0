"""Integrations that answer as a test says."""

from collections.abc import Sequence
from http import HTTPStatus

from parley.domain.json import Json
from parley.engine.expectations import has_all_of
from parley.engine.scripts import Stub
from parley.engine.services import IntegrationReply, IntegrationRequest

NO_STUB = IntegrationReply("error", "http_4xx", 404, None, "no stub fits this call")


class Stubs:
    """The stubs of one conversation; each counts how often it has answered.

    `unanswered` are the calls that none was for: they end as a 404.
    """

    def __init__(self, stubs: dict[str, Sequence[Stub]]) -> None:
        self._left = {name: [(stub, stub.times) for stub in each] for name, each in stubs.items()}
        self.unanswered: list[IntegrationRequest] = []

    def call(self, request: IntegrationRequest) -> IntegrationReply:
        """The first stub that the call fits and that is not used up."""
        stubs = self._left.get(request.integration_id, [])
        for n, (stub, left) in enumerate(stubs):
            if left == 0 or not _fits(stub, request):
                continue
            if left is not None:
                stubs[n] = (stub, left - 1)
            return _reply(stub)
        self.unanswered.append(request)
        return NO_STUB


def _fits(stub: Stub, request: IntegrationRequest) -> bool:
    path, _, query = request.endpoint.partition("?")
    actual: dict[str, Json] = {
        "path": path,
        "query": query,
        "method": request.method,
        "body": request.body,
    }
    return all(has_all_of(actual[name], value) for name, value in stub.when.items())


def _reply(stub: Stub) -> IntegrationReply:
    status, kind = stub.status, stub.error
    if kind is not None and kind.isdecimal():
        status, kind = int(kind), None
    if kind is None and (status is None or status < HTTPStatus.BAD_REQUEST):
        return IntegrationReply("success", None, status or HTTPStatus.OK.value, stub.returned)
    if kind is None:
        is_theirs = status is not None and status >= HTTPStatus.INTERNAL_SERVER_ERROR
        kind = "http_5xx" if is_theirs else "http_4xx"
    return IntegrationReply("error", kind, status, stub.returned, f"stubbed {kind}")
