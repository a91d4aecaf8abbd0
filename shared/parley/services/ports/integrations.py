"""Calls to the systems of a tenant."""

from collections.abc import Callable
from typing import Protocol

from parley.domain.ids import TenantId
from parley.engine.services import IntegrationReply, IntegrationRequest

type KnownIntegrations = Callable[[TenantId], frozenset[str] | None]
"""The ids that have a base address, of all that a tenant may call; None where nothing can say."""


class Integrations(Protocol):
    """HTTP out, guarded."""

    def call(
        self, tenant_id: TenantId, request: IntegrationRequest, *, idempotency_key: str
    ) -> IntegrationReply:
        """Never raises for what the other side did, nor for a refusal of ours: those are replies.

        `idempotency_key` is sent along as `Idempotency-Key`.
        """
