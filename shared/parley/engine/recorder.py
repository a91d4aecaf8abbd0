"""The services of a turn, with a note of every answer, so that a replay needs none of them."""

from collections.abc import Sequence
from datetime import datetime

from parley.domain.flows import IntentScore
from parley.domain.json import Json, JsonObject, is_within
from parley.engine.services import IntegrationReply, IntegrationRequest, Runnable, TurnServices

MAX_REPLY_DEPTH = 32
MAX_REPLY_VALUES = 20_000


class Recorder:
    """What the turn asks its services through; `answers` is the trace's `services`."""

    __slots__ = ("_services", "answers", "now")

    def __init__(self, services: TurnServices) -> None:
        self._services = services
        self.now: datetime = services.now
        self.answers: JsonObject = {}

    @property
    def seed(self) -> int:
        return self._services.seed

    def context(self, name: str) -> JsonObject:
        """`user`, `conversation` or `tenant`."""
        found: JsonObject | None = self.answers.get(name)
        if found is None:
            found = self.answers[name] = getattr(self._services, name)
        return found

    def flow(self, key: str) -> Runnable | None:
        """A flow that is called: it never changes, so its key, in the state, is note enough."""
        return self._services.flow(key)

    def classify(self, text: str, among: Sequence[str], flow: str | None) -> Sequence[IntentScore]:
        """What the flow with that key (None: the conversation's own) makes of it, noted."""
        called = None if flow is None else self._services.flow(flow)
        classify = self._services.classify if called is None else called.classify
        scores = classify(text, among)
        self.answers["classify"] = [[score.name, score.confidence] for score in scores]
        return scores

    def call(self, request: IntegrationRequest) -> IntegrationReply:
        """The services' answer, noted; one too large or too deep is refused."""
        reply = self._services.call(request)
        if not is_modest(reply.data):
            reply = IntegrationReply(
                "error",
                "refused",
                reply.http_status,
                None,
                "the answer is too large or too deep",
                reply.attempts,
            )
        noted: JsonObject = {
            "of": asked(request),
            "status": reply.status,
            "kind": reply.kind,
            "http_status": reply.http_status,
            "data": reply.data,
            "error": reply.error,
        }
        if reply.attempts:
            noted["attempts"] = list(reply.attempts)
        self.answers.setdefault("calls", []).append(noted)
        return reply


def asked(request: IntegrationRequest) -> list[str]:
    """What a call was of; a reply answers no other."""
    return [request.integration_id, request.method, request.endpoint]


def is_modest(value: Json, max_values: int = MAX_REPLY_VALUES) -> bool:
    """Whether a JSON value is small and flat enough to be worked with."""
    return is_within(value, depth=MAX_REPLY_DEPTH, values=max_values)
