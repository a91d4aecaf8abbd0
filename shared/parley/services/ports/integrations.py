"""Calls to the systems of a tenant."""

from typing import Protocol

from parley.domain.ids import TenantId
from parley.engine.services import IntegrationReply, IntegrationRequest


class Integrations(Protocol):
    """HTTP out, guarded."""

    def call(
        self, tenant_id: TenantId, request: IntegrationRequest, *, idempotency_key: str
    ) -> IntegrationReply:
        """Never raises for what the other side did, nor for a refusal of ours: those are replies.

        `idempotency_key` is sent along as `Idempotency-Key`.
        """
