"""Calls that failed for the moment, made again: within what their turn has left."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from parley.domain.ids import ConversationId, TenantId
from parley.domain.json import JsonObject
from parley.engine.services import IntegrationReply, IntegrationRequest
from parley.services.ports.clock import Clock
from parley.services.ports.integrations import Integrations
from parley.services.time_left import MIN_CALL_MS, may_pass

type Pause = Callable[[float], None]
"""Does nothing for so many seconds."""

_MAX_BACKOFF_MS: Final = 10_000


class RetryingIntegrations:
    """The port `Integrations`, each of whose calls may be several attempts of another's.

    All go out under one `Idempotency-Key`. The pause doubles from one attempt to the next.
    """

    def __init__(self, integrations: Integrations, *, clock: Clock, pause: Pause) -> None:
        self._integrations = integrations
        self._clock = clock
        self._pause = pause

    def call(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        request: IntegrationRequest,
        *,
        idempotency_key: str,
    ) -> IntegrationReply:
        """The first success, else the last failure; `attempts` has them all."""
        began = self._clock()
        attempts: list[JsonObject] = []
        fitted: IntegrationRequest | None = request
        while fitted is not None:
            reply = self._integrations.call(
                tenant_id, conversation_id, fitted, idempotency_key=idempotency_key
            )
            attempts.append(_noted(reply))
            if len(attempts) == request.max_attempts or not may_pass(reply):
                break
            pause_ms = min(request.backoff_ms << (len(attempts) - 1), _MAX_BACKOFF_MS)
            spent_ms = (self._clock() - began) // timedelta(milliseconds=1)
            fitted = _next(request, spent_ms + pause_ms)
            if fitted is not None:
                self._pause(pause_ms / 1_000)
        return replace(reply, attempts=attempts) if len(attempts) > 1 else reply


def _next(request: IntegrationRequest, spent_ms: int) -> IntegrationRequest | None:
    """The next attempt, its timeout within the budget; None when too little is left for one."""
    if request.budget_ms is None:
        return request
    left_ms = request.budget_ms - spent_ms
    if left_ms < MIN_CALL_MS:
        return None
    return replace(request, timeout_ms=min(request.timeout_ms, left_ms))


def _noted(reply: IntegrationReply) -> JsonObject:
    """How an attempt ended: what it brought is noted of the last one only."""
    return {
        "status": reply.status,
        "kind": reply.kind,
        "http_status": reply.http_status,
        "error": reply.error,
    }
