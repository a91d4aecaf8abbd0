"""What every HTTP function has: each concern once, so that a handler says only its own.

A request meets, in this order: its id, its caller, their permission, the limits, the size of its
body, the names in its query, its idempotency key, validation; then the handler. Whatever is raised
on the way becomes a problem answer.
"""

import time
from typing import Annotated, Any, TypedDict

from aws_lambda_powertools.event_handler import (
    APIGatewayRestResolver,
    CORSConfig,
    Request,
    Response,
)
from aws_lambda_powertools.event_handler.depends import Depends
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.middlewares.openapi_validation import (
    OpenAPIRequestValidationMiddleware,
    OpenAPIResponseValidationMiddleware,
)
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from parley.domain.access import Caller, Permission
from parley.domain.errors import Invalid, NotFound, PlatformError, Unauthenticated
from parley.domain.ids import ProviderId
from parley.runtime import guards
from parley.runtime.callers import request_id_of
from parley.runtime.chance import new_id
from parley.runtime.guards import Wired, written
from parley.runtime.limits import PUBLIC, UNLIMITED, USUAL, Limits
from parley.runtime.observability import Handler, count, logger, observed
from parley.runtime.problems import InternalError, in_query, invalid_of, problem_of
from parley.runtime.reading import MediaTypeUnsupported, read_object
from parley.runtime.settings import allow_origin

__all__ = ["CurrentCaller", "MessageOrigin", "RequestId", "Wired", "lambda_handler", "rest_api"]

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
"""What an answer carries that says nothing else (OWASP, REST Security Cheat Sheet)."""

_EXPOSED = [
    "ETag", "Location", "Preference-Applied", "RateLimit", "RateLimit-Policy", "Retry-After",
    "X-Request-ID",
]  # fmt: skip
_ALLOWED = [
    "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Prefer",
    "X-API-Key", "X-Request-ID",
]  # fmt: skip


class Origin(TypedDict):
    """Where a message comes from; under an `Idempotency-Key` a repeat has the same `pid`."""

    pid: ProviderId
    request_id: str


def rest_api(
    *, requires: Permission | None, limits: Limits | None = None
) -> APIGatewayRestResolver:
    """A resolver whose routes see only callers holding `requires` (None: open to all)."""
    limits = limits or (USUAL if requires else PUBLIC)
    app = APIGatewayRestResolver(
        cors=CORSConfig(
            allow_origin=allow_origin(), expose_headers=_EXPOSED, allow_headers=_ALLOWED
        ),
        serializer=written,
        json_body_deserializer=read_object,
    )
    # Validation comes last: nobody learns how a request should look who may not send it.
    app.use(
        middlewares=[
            guards.admits(requires),
            *([guards.keeps_to(limits)] if limits != UNLIMITED else []),
            guards.reads_body,
            guards.tags,
            guards.knows_query,
            guards.answers_once,
            OpenAPIRequestValidationMiddleware(),  # type: ignore[no-untyped-call]  # says nothing
            guards.knows_ids,
            OpenAPIResponseValidationMiddleware(has_response_validation_error=True),
        ]
    )
    app.openapi_config.openapi_extensions = {
        "x-requires": requires,
        "x-limited": limits != UNLIMITED,
    }
    _translate_errors(app)
    return app


def lambda_handler(app: APIGatewayRestResolver) -> Handler:
    """What Lambda calls: answers one API Gateway event, logs one line, and never raises."""

    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        started = time.perf_counter()
        request_id = request_id_of(event)
        logger.append_keys(request_id=request_id)
        app.context["request_id"] = request_id
        answer = app.resolve(event, context)
        headers = answer["multiValueHeaders"]
        for name, value in {**_HEADERS, "X-Request-ID": request_id}.items():
            headers.setdefault(name, [value])
        count("RequestsAnswered")
        logger.info(
            "request.answered",
            method=event["httpMethod"],
            route=event.get("resource"),
            status=answer["statusCode"],
            ms=round((time.perf_counter() - started) * 1_000, 1),
        )
        return answer

    return observed(handler)


def _current_caller(request: Request) -> Caller:
    caller: Caller | None = request.context["caller"]
    if caller is None:
        raise Unauthenticated("send a valid access token or API key")
    return caller


def _request_id(request: Request) -> str:
    return str(request.context["request_id"])


def _origin(request: Request) -> Origin:
    key = request.headers.get("idempotency-key") or new_id()
    return Origin(
        pid=ProviderId(f"api:{_current_caller(request).user_id}:{key}"),
        request_id=_request_id(request),
    )


CurrentCaller = Annotated[Caller, Depends(_current_caller)]
"""Who calls; on a route open to all it is 401 for whoever did not say."""


RequestId = Annotated[str, Depends(_request_id)]
"""What this request is called in every log line and queued message."""

MessageOrigin = Annotated[Origin, Depends(_origin)]
"""What a message is known again by, and the request that brought it."""


def _translate_errors(app: APIGatewayRestResolver) -> None:
    """Answers whatever is raised with a problem: the one place that catches everything."""

    def platform(error: PlatformError) -> Response[str]:
        if isinstance(error, Invalid):
            error.faults = in_query(error.faults, app.current_event.http_method)
        return problem_of(error, str(app.context["request_id"]))

    def validation(error: RequestValidationError) -> Response[str]:
        return platform(invalid_of(error))

    def media_type(_error: RequestUnsupportedContentType) -> Response[str]:
        return platform(MediaTypeUnsupported())

    def route(_error: NotFoundError) -> Response[str]:
        event = app.current_event
        return platform(NotFound("route", f"{event.http_method} {event.path[:200]}"))

    def unforeseen(error: Exception) -> Response[str]:
        logger.error("request.failed", exc_info=error)
        count("RequestsFailed")
        return platform(InternalError())

    app.exception_handler(PlatformError)(platform)
    app.exception_handler(RequestValidationError)(validation)
    app.exception_handler(RequestUnsupportedContentType)(media_type)
    app.exception_handler(NotFoundError)(route)
    app.exception_handler(Exception)(unforeseen)
