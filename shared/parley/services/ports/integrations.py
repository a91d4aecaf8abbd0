"""Calls out of a conversation: to its tenant's systems, and to what the platform has itself."""

from typing import Protocol

from parley.domain.ids import ConversationId, TenantId
from parley.domain.json import JsonObject
from parley.engine.services import IntegrationReply, IntegrationRequest


class Integrations(Protocol):
    """Whatever a flow may call."""

    def call(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        request: IntegrationRequest,
        *,
        idempotency_key: str,
    ) -> IntegrationReply:
        """Never raises for what the other side did, nor for a refusal of ours: those are replies.

        `idempotency_key` is sent along as `Idempotency-Key`.
        """


class BuiltIn(Protocol):
    """What answers the calls of one built-in integration (`domain.integrations.BUILT_INS`)."""

    def call(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        operation: str,
        request: JsonObject,
        *,
        idempotency_key: str,
    ) -> IntegrationReply:
        """The reply to one of its operations; a refusal is a reply too.

        The same `idempotency_key` may come again, after a crash: the work is then done once.
        """
