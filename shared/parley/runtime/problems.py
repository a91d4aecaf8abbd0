"""Errors as answers: the one table from what went wrong to what HTTP says about it."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from parley.api.problem import FaultView, Problem
from parley.domain.content import place_in
from parley.domain.errors import (
    Closed,
    Conflict,
    Fault,
    FlowInvalid,
    Forbidden,
    Invalid,
    LimitExceeded,
    NotFound,
    PlatformError,
    PreconditionFailed,
    StillRunning,
    Unauthenticated,
    Unavailable,
    VendorRejected,
)
from parley.runtime.limits import TooManyRequests, rate_headers
from parley.runtime.reading import BodyTooLarge, MalformedBody, MediaTypeUnsupported

PROBLEM_JSON = "application/problem+json"


class InternalError(PlatformError):
    """What nobody foresaw: the caller learns the request's id and nothing else."""

    def __init__(self) -> None:
        super().__init__("something went wrong on our side; quote the request's id")


KINDS: Mapping[type[PlatformError], tuple[HTTPStatus, str]] = {
    MalformedBody: (HTTPStatus.BAD_REQUEST, "Malformed body"),
    BodyTooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Body too large"),
    MediaTypeUnsupported: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Media type unsupported"),
    FlowInvalid: (HTTPStatus.UNPROCESSABLE_ENTITY, "Flow invalid"),
    Invalid: (HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid"),
    Unauthenticated: (HTTPStatus.UNAUTHORIZED, "Unauthenticated"),
    Forbidden: (HTTPStatus.FORBIDDEN, "Forbidden"),
    NotFound: (HTTPStatus.NOT_FOUND, "Not found"),
    Closed: (HTTPStatus.CONFLICT, "Closed"),
    StillRunning: (HTTPStatus.CONFLICT, "Still running"),
    Conflict: (HTTPStatus.CONFLICT, "Conflict"),
    PreconditionFailed: (HTTPStatus.PRECONDITION_FAILED, "Precondition failed"),
    LimitExceeded: (HTTPStatus.TOO_MANY_REQUESTS, "Limit exceeded"),
    VendorRejected: (HTTPStatus.BAD_GATEWAY, "Vendor rejected"),
    Unavailable: (HTTPStatus.SERVICE_UNAVAILABLE, "Unavailable"),
    PlatformError: (HTTPStatus.INTERNAL_SERVER_ERROR, "Internal error"),
}
"""Status and title of each kind; an error is of the first kind in its class's own order."""


def problem_of(error: PlatformError, request_id: str) -> Response[str]:
    """The answer that tells a caller of `error`."""
    kind = next(kind for kind in type(error).__mro__ if kind in KINDS)
    status, title = KINDS[kind]
    faults = error.faults if isinstance(error, Invalid) else ()
    return _answer(
        Problem(
            type=problem_type(title),
            title=title,
            status=status,
            detail=error.detail,
            instance=request_id,
            code=error.code,
            errors=[FaultView(pointer=f.pointer, message=f.message) for f in faults] or None,
        ),
        _headers(error),
    )


def invalid_of(error: RequestValidationError) -> Invalid:
    """The domain's word for what Powertools found wrong with parameters or body."""
    faults = [Fault(_pointer(e["loc"]), _message(e)) for e in error.errors()]
    plural = "value is" if len(faults) == 1 else "values are"
    return Invalid(f"{len(faults)} {plural} not valid", faults)


def in_query(faults: Sequence[Fault], method: str) -> tuple[Fault, ...]:
    """Faults with their full place: of what stands in the query services name the parameter alone.

    Of a GET that is everything, of any other method what pages are asked for with.
    """
    return tuple(
        Fault(f"/query{fault.pointer}", fault.message)
        if fault.pointer in _PAGING or (method == "GET" and not fault.pointer.startswith(_NAMED))
        else fault
        for fault in faults
    )


def problem_type(title: str) -> str:
    """Where the kind of problem is explained (`docs/problems/`, and in the API's own pages)."""
    return f"/v1/docs#problem-{title.lower().replace(' ', '-')}"


def _answer(problem: Problem, headers: Mapping[str, str]) -> Response[str]:
    # Powertools serialises application/json only: this body has to be text already.
    body = problem.model_dump_json(exclude_none=True)
    return Response(
        status_code=problem.status, content_type=PROBLEM_JSON, body=body, headers=headers
    )


def _headers(error: PlatformError) -> dict[str, str]:
    match error:
        case Unauthenticated():
            return {"WWW-Authenticate": "Bearer"}
        case TooManyRequests():
            after = {"Retry-After": str(error.retry_after_s)}
            return after | rate_headers(error.standing)
        case LimitExceeded():
            return {"Retry-After": str(error.retry_after_s)}
        case Unavailable() | StillRunning():
            return {"Retry-After": "1"}
        case _:
            return {}


_NAMED = ("/query/", "/path/", "/headers/")
_PAGING = ("/cursor", "/limit")
_PLACES = {"body": "", "query": "/query", "path": "/path", "header": "/headers"}


def _pointer(location: Iterable[Any]) -> str:
    """A JSON Pointer from pydantic's `loc`, whose first item says which part of the request."""
    place, *path = location
    if place == "query" and len(path) > 1:
        path = path[1:]  # what the handler calls the model that groups its parameters
    tokens = (str(token).replace("~", "~0").replace("/", "~1") for token in place_in(path))
    return "".join([_PLACES.get(str(place), f"/{place}"), *(f"/{token}" for token in tokens)])


def _message(error: Mapping[str, Any]) -> str:
    """Pydantic's own words, less the name of the exception that a validator raised."""
    return str(error["msg"]).removeprefix("Value error, ")
