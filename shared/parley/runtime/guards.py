"""What stands before every HTTP handler, in the order in which a request meets it."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.depends import Depends
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.utilities.data_classes.common import BaseProxyEvent

from parley.domain.access import Caller, Permission
from parley.domain.errors import Fault, Invalid, NotFound
from parley.domain.json import JsonObject
from parley.domain.strict_json import has_control_characters
from parley.repositories.redis.keys import EVERYBODY
from parley.runtime.callers import address_of, find_caller, permitted
from parley.runtime.idempotency import answered_once, keyed
from parley.runtime.limits import Limits, rate_headers
from parley.runtime.observability import logger
from parley.runtime.reading import body_text
from parley.runtime.wiring import Services, services

type Guard = Callable[..., Response[Any]]

Wired = Annotated[Services, Depends(services)]
"""What the process has: every service, each made when it is first asked for."""

written: Callable[[Any], str] = partial(json.dumps, ensure_ascii=False, separators=(",", ":"))
"""How every JSON answer is written."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def admits(requires: Permission | None) -> Guard:
    """Lets those pass who may; `app.context["caller"]` is then who calls, or None."""

    def admit(app: APIGatewayRestResolver, next_middleware: NextMiddleware) -> Response[Any]:
        caller = find_caller(app.current_event.raw_event)
        app.context["caller"] = caller
        if caller is not None:
            logger.append_keys(tenant_id=caller.tenant_id, role=caller.role)
        if requires is not None:
            permitted(caller, requires)
        return next_middleware(app)

    return admit


def keeps_to(limits: Limits) -> Guard:
    """Lets no more pass than `limits`; the answer tells how much is left (RateLimit headers)."""

    def limit(
        app: APIGatewayRestResolver, next_middleware: NextMiddleware, wired: Wired
    ) -> Response[Any]:
        caller: Caller | None = app.context["caller"]
        address = address_of(app.current_event.raw_event)
        tenant_id = caller.tenant_id if caller else EVERYBODY
        standing = wired.limiter.take(limits, tenant_id, caller, address)
        response = next_middleware(app)
        response.headers.update(rate_headers(standing))
        return response

    return limit


def reads_body(app: APIGatewayRestResolver, next_middleware: NextMiddleware) -> Response[Any]:
    """Lets no body pass but UTF-8 of bounded size, and no parameter with control characters."""
    event = app.current_event
    text = body_text(
        event.body,
        is_base64=bool(event.is_base64_encoded),
        content_type=event.headers.get("content-type", ""),
    )
    app.context["body"] = text
    for name, values in event.resolved_query_string_parameters.items():
        if any(has_control_characters(value) for value in values):
            fault = Fault(f"/query/{name[:100]}", "has control characters")
            raise Invalid("a query parameter has control characters", [fault])
    return next_middleware(app)


def answers_once(
    app: APIGatewayRestResolver, next_middleware: NextMiddleware, wired: Wired
) -> Response[Any]:
    """Gives a repeated POST under the same `Idempotency-Key` its first answer."""
    event = app.current_event
    caller: Caller | None = app.context["caller"]
    key = event.headers.get("idempotency-key")
    if key is None or caller is None or event.http_method != "POST":
        return next_middleware(app)

    def answer() -> JsonObject:
        return _kept(next_middleware(app))

    answered = answered_once(
        wired.redis,
        keyed(caller, key, event.http_method, event.path, app.context["body"], *_asked(event)),
        app.lambda_context,
        answer,
        is_kept=lambda kept: kept["status"] < 400,  # noqa: PLR2004 -- what is no error
    )
    return Response(
        status_code=answered["status"], body=answered["body"], headers=answered["headers"]
    )


def knows_ids(app: APIGatewayRestResolver, next_middleware: NextMiddleware) -> Response[Any]:
    """Answers for an id that is none, as for one that nobody has, and asks no store."""
    for name, value in app.context["_route_args"].items():
        if name.endswith("_id") and isinstance(value, str) and not _UUID.fullmatch(value):
            raise NotFound(name.removesuffix("_id"), value[:100])
    return next_middleware(app)


def knows_query(app: APIGatewayRestResolver, next_middleware: NextMiddleware) -> Response[Any]:
    """Refuses a write with a parameter that its route does not have: `dryrun` is no dry run."""
    event = app.current_event
    if event.http_method != "GET":
        known = [parameter.alias for parameter in app.context["_route"].dependant.query_params]
        unknown = sorted(event.resolved_query_string_parameters.keys() - set(known))
        why = f"is unknown: there are {', '.join(known)}" if known else "is unknown: there are none"
        if unknown:
            faults = [Fault(f"/query/{name[:100]}", why) for name in unknown]
            raise Invalid("the query has parameters that are not known here", faults)
    return next_middleware(app)


def tags(app: APIGatewayRestResolver, next_middleware: NextMiddleware) -> Response[Any]:
    """Gives what is read an ETag, and 304 to whoever has it already (RFC 9110, 13.1.2).

    What people edit has its `row_version` for an ETag, which `If-Match` takes.
    """
    response: Response[Any] = next_middleware(app)
    if app.current_event.http_method != "GET" or response.status_code != 200:  # noqa: PLR2004 -- OK
        return response
    version = response.body.get("row_version") if isinstance(response.body, dict) else None
    response.body = _written(response.body)
    etag = f'"{version}"' if version is not None else f'"{_digest(response.body)}"'
    response.headers["ETag"] = etag
    response.headers.setdefault("Cache-Control", "private, no-cache")
    known = app.current_event.headers.get("if-none-match", "")
    if known.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
        return Response(status_code=304, body="", headers=response.headers)
    return response


def _asked(event: BaseProxyEvent) -> Iterator[str]:
    """What the query says, if it says anything: another query is another request."""
    if query := event.resolved_query_string_parameters:
        yield json.dumps(query, sort_keys=True)


def _kept(response: Response[Any]) -> JsonObject:
    """An answer as the record of its key holds it: its very bytes."""
    return {
        "status": int(response.status_code),
        "body": _written(response.body),
        "headers": dict(response.headers),
    }


def _written(body: Any) -> str:  # noqa: ANN401 -- text, or JSON to be written
    return body if isinstance(body, str) else written(body)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
