"""Who calls: what API Gateway's authorizer vouches for, and the id their request goes by."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from parley.domain.access import Caller, Permission, Role
from parley.domain.errors import Forbidden, Unauthenticated
from parley.domain.ids import TenantId, UserId

_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


def find_caller(event: Mapping[str, Any]) -> Caller | None:
    """The caller that the authorizer named; None where the route has no authorizer.

    Its context holds text only: `tenant_id`, `user_id`, `role`, for API keys `key_id`, and
    `expires_at` in seconds since 1970 for what does not hold for ever.
    """
    named = event["requestContext"].get("authorizer") or {}
    if "tenant_id" not in named:
        return None
    expiry = named.get("expires_at")
    return Caller(
        tenant_id=TenantId(named["tenant_id"]),
        user_id=UserId(named["user_id"]),
        role=Role(named["role"]),
        key_id=named.get("key_id") or None,
        request_id=request_id_of(event),
        expires_at=datetime.fromtimestamp(int(expiry), UTC) if expiry else None,
    )


def permitted(caller: Caller | None, requires: Permission) -> Caller:
    """The caller, if they may. Raises Unauthenticated or Forbidden."""
    if caller is None:
        raise Unauthenticated("send a valid access token or API key")
    if not caller.may(requires):
        raise Forbidden(f"a {caller.role} may not do this; it takes {requires.value!r}")
    return caller


def request_id_of(event: Mapping[str, Any]) -> str:
    """The caller's `X-Request-ID` if it is 8 to 64 letters, digits, `.`, `_`, `-`; else ours."""
    headers = event.get("headers") or {}
    given = next((v for k, v in headers.items() if k.lower() == "x-request-id"), "")
    return given if _REQUEST_ID.fullmatch(given) else str(event["requestContext"]["requestId"])


def address_of(event: Mapping[str, Any]) -> str:
    """The address API Gateway was called from; `X-Forwarded-For` is anybody's invention."""
    return str(event["requestContext"].get("identity", {}).get("sourceIp", "unknown"))
