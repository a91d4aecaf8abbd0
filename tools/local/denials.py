"""What MiniStack leaves out of API Gateway's own answers: the words of the authorizer.

In a gateway's response `$context.authorizer.<name>` stands for what the Lambda authorizer has put
into its context. API Gateway fills it in; MiniStack leaves it as it stands.
"""

import json
import re
from contextvars import ContextVar
from typing import Any

from ministack.services import apigateway_v1

_PLACE = re.compile(rb"\$context\.authorizer\.([a-z_]+)")
_said: ContextVar[dict[str, str]] = ContextVar("said", default={})  # noqa: B039 -- never changed


def tell_denials() -> None:
    """From now on answers say what the authorizer of their request has said."""
    invoke = apigateway_v1._invoke_authorizer_lambda  # noqa: SLF001 -- nothing public leads there
    answer = apigateway_v1._gateway_error_response  # noqa: SLF001 -- as above

    async def invoked(*given: Any) -> Any:  # noqa: ANN401 -- MiniStack's own, passed on
        result = await invoke(*given)
        _said.set(_context_of(result))
        return result

    def answered(*given: Any) -> tuple[int, dict[str, str], bytes]:  # noqa: ANN401 -- as above
        status, headers, body = answer(*given)
        said = _said.get()
        return status, headers, _PLACE.sub(lambda m: said.get(m[1].decode(), "").encode(), body)

    apigateway_v1._invoke_authorizer_lambda = invoked  # noqa: SLF001 -- as above
    apigateway_v1._gateway_error_response = answered  # noqa: SLF001 -- as above


def _context_of(result: Any) -> dict[str, str]:  # noqa: ANN401 -- as above
    policy = (result or {}).get("body")
    if isinstance(policy, str | bytes):
        policy = json.loads(policy)
    return {name: str(value) for name, value in ((policy or {}).get("context") or {}).items()}
