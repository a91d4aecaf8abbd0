"""Lambda authorizers: API Gateway asks them who is calling before it calls anything else.

They answer with an IAM policy and, for callers who are proven, the context that `callers.py` reads.
Whoever is not proven is denied, with the code and the words of why: API Gateway makes a 401 of them
(`GatewayResponses` of the template), or refuses the handshake.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from parley.domain.access import Caller
from parley.domain.errors import PlatformError, Unauthenticated
from parley.domain.tokens import is_api_key
from parley.repositories.redis.keys import EVERYBODY
from parley.runtime.callers import address_of
from parley.runtime.limits import GUESSES, TooManyRequests
from parley.runtime.observability import Handler, count, logger, observed
from parley.runtime.wiring import Services, services

MAX_CREDENTIAL_LENGTH = 4_096

type Find = Callable[[Mapping[str, Any]], str | None]
"""The credential that a request carries."""
type Prove = Callable[[str, Services], Caller]
"""Whom a credential speaks for. Raises Unauthenticated."""


def authorizer(find: Find, function: Prove) -> Handler:
    """What Lambda calls to have a request proven; the answer holds for that one method and path.

    A store that does not answer is an error, which API Gateway answers with 5xx: nobody is let in,
    and nobody is told that a good key is bad.
    """

    @observed
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        del context
        try:
            caller = _proven(event, _credential(event, find), function)
        except (Unauthenticated, TooManyRequests) as error:
            logger.info("caller.refused", code=error.code)
            count("CallersRefused")
            return _policy("Deny", event["methodArn"], "nobody", _reason(error))
        except Exception:
            logger.exception("caller.unknown")
            count("CallersUnknown")
            raise
        logger.info("caller.proven", tenant_id=caller.tenant_id, role=caller.role)
        count("CallersProven")
        return _policy("Allow", event["methodArn"], caller.user_id, _context(caller))

    return handler


def bearer_or_api_key(event: Mapping[str, Any]) -> str | None:
    """`Authorization: Bearer <token>`, else `X-API-Key: <key>`."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key")


def token_in_query(event: Mapping[str, Any]) -> str | None:
    """`?token=<token>`: a browser can give a WebSocket nothing else."""
    token: str | None = (event.get("queryStringParameters") or {}).get("token")
    return token


def _credential(event: Mapping[str, Any], find: Find) -> str:
    credential = find(event)
    if not credential or len(credential) > MAX_CREDENTIAL_LENGTH or not credential.isascii():
        raise Unauthenticated("send a valid access token or API key")
    return credential


def _proven(event: Mapping[str, Any], credential: str, function: Prove) -> Caller:
    """Whom a credential speaks for; keys are looked up, so an address may guess only so many.

    Raises Unauthenticated; TooManyRequests before anything is looked up.
    """
    wired = services()
    if not is_api_key(credential):
        return function(credential, wired)
    address = address_of(event)
    wired.limiter.require_room(GUESSES, EVERYBODY, address)
    try:
        return function(credential, wired)
    except Unauthenticated:
        wired.limiter.take(GUESSES, EVERYBODY, None, address)
        raise


def _policy(
    effect: str, method_arn: str, principal_id: str, context: Mapping[str, str]
) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": method_arn}
    return {
        "principalId": principal_id,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": dict(context),
    }


def _reason(error: PlatformError) -> dict[str, str]:
    """What the gateway's answer says in place of ours; its template puts it between quotes."""
    return {"code": str(error.code), "detail": json.dumps(error.detail)[1:-1]}


def _context(caller: Caller) -> dict[str, str]:
    context = {
        "tenant_id": caller.tenant_id,
        "user_id": caller.user_id,
        "role": caller.role.value,
    }
    if caller.key_id:
        context["key_id"] = caller.key_id
    if caller.expires_at:
        context["expires_at"] = str(int(caller.expires_at.timestamp()))
    return context
