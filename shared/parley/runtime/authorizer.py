"""Lambda authorizers: API Gateway asks them who is calling before it calls anything else.

They answer with an IAM policy and, for callers who are proven, the context that `callers.py` reads.
Whoever is not proven is denied: API Gateway makes a 401 of it (`GatewayResponses` of the template),
or refuses the handshake.
"""

from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from parley.domain.access import Caller
from parley.domain.errors import Unauthenticated
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
            caller = function(_credential(event, find), services())
        except Unauthenticated as error:
            logger.info("caller.refused", code=error.code)
            count("CallersRefused")
            return _policy("Deny", event["methodArn"])
        except Exception:
            logger.exception("caller.unknown")
            count("CallersUnknown")
            raise
        logger.info("caller.proven", tenant_id=caller.tenant_id, role=caller.role)
        count("CallersProven")
        return _policy("Allow", event["methodArn"], caller)

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


def _policy(effect: str, method_arn: str, caller: Caller | None = None) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": method_arn}
    policy = {
        "principalId": caller.user_id if caller else "nobody",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }
    return policy | {"context": _context(caller)} if caller else policy


def _context(caller: Caller) -> dict[str, str]:
    context = {
        "tenant_id": caller.tenant_id,
        "user_id": caller.user_id,
        "role": caller.role.value,
    }
    return context | {"key_id": caller.key_id} if caller.key_id else context
