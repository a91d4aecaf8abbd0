"""Where a call goes: to a built-in integration, or out, with the address to answer to."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from parley.domain.ids import ConversationId, TenantId
from parley.domain.integrations import is_built_in, why_no_operation
from parley.engine.services import Callback, IntegrationReply, IntegrationRequest
from parley.services.ports.integrations import BuiltIn, Integrations

CALLBACK_HEADER: Final = "Parley-Callback-Url"

type TokenFor = Callable[[TenantId, ConversationId, Callback], str]


class RoutedIntegrations:
    """The port `Integrations`: each call goes where it belongs.

    `built_ins` are those that are served, by name. `public_url` is where the world finds the API,
    empty if nobody has said.
    """

    def __init__(
        self,
        outside: Integrations,
        *,
        built_ins: Mapping[str, BuiltIn],
        public_url: str,
        token_for: TokenFor,
    ) -> None:
        self._outside = outside
        self._built_ins = built_ins
        self._public_url = public_url
        self._token_for = token_for

    def call(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        request: IntegrationRequest,
        *,
        idempotency_key: str,
    ) -> IntegrationReply:
        if is_built_in(request.integration_id):
            return self._ask(tenant_id, conversation_id, request, idempotency_key)
        if request.callback is not None:
            if not self._public_url:
                return _NOWHERE
            token = self._token_for(tenant_id, conversation_id, request.callback)
            address = f"{self._public_url}/callbacks/{token}"
            request = replace(request, headers={**request.headers, CALLBACK_HEADER: address})
        return self._outside.call(
            tenant_id, conversation_id, request, idempotency_key=idempotency_key
        )

    def _ask(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        request: IntegrationRequest,
        idempotency_key: str,
    ) -> IntegrationReply:
        name, operation = request.integration_id, request.endpoint
        why = why_no_operation(name, operation)
        if why is not None:
            return IntegrationReply("error", "refused", error=why)
        served_by = self._built_ins.get(name)
        if served_by is None:
            return IntegrationReply("error", "not_available", error=f"{name} is not available yet")
        asked = request.body or {}
        return served_by.call(
            tenant_id, conversation_id, operation, asked, idempotency_key=idempotency_key
        )


_NOWHERE = IntegrationReply(
    "error",
    "refused",
    error="nobody could answer an asynchronous call here: deploy with the parameter PublicUrl "
    "(PARLEY_PUBLIC_URL), the address under which the world reaches the API",
)
