"""What went wrong, as HTTP says it."""

import json
import re
from pathlib import Path

import pytest
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from parley.domain.errors import (
    Closed,
    Conflict,
    CredentialsWrong,
    Fault,
    FlowInvalid,
    Forbidden,
    Invalid,
    LimitExceeded,
    NotFound,
    PlatformError,
    PreconditionFailed,
    StillRunning,
    TokenExpired,
    Unauthenticated,
    Unavailable,
    VendorRejected,
)
from parley.runtime.problems import KINDS, InternalError, invalid_of, problem_of, problem_type
from parley.runtime.reading import BodyTooLarge, MalformedBody, MediaTypeUnsupported

PAGES = Path(__file__).parents[3] / "docs/problems"

ERRORS: list[tuple[PlatformError, int, int]] = [
    (MalformedBody("x", [Fault("", "is not JSON")]), 400, 2002),
    (Unauthenticated("x"), 401, 1001),
    (TokenExpired("x"), 401, 1003),
    (CredentialsWrong("x"), 401, 1004),
    (Forbidden("x"), 403, 1002),
    (NotFound("conversation", "7"), 404, 3001),
    (NotFound("user", "7"), 404, 3002),
    (NotFound("flow", "7"), 404, 3004),
    (NotFound("route", "7"), 404, 3008),
    (Conflict("x"), 409, 3005),
    (Closed("x"), 409, 3007),
    (StillRunning("x"), 409, 3009),
    (PreconditionFailed("x"), 412, 3006),
    (BodyTooLarge(), 413, 2005),
    (MediaTypeUnsupported(), 415, 2006),
    (Invalid("x", [Fault("/a", "b")]), 422, 2001),
    (FlowInvalid("x", [Fault("/a", "b")]), 422, 2004),
    (LimitExceeded("x", limit="tenant", retry_after_s=7), 429, 3003),
    (InternalError(), 500, 5001),
    (VendorRejected("x"), 502, 4004),
    (Unavailable("x"), 503, 5002),
]


@pytest.mark.parametrize(("error", "status", "code"), ERRORS, ids=lambda value: repr(value)[:40])
def test_an_error_has_its_status_and_its_code(error: PlatformError, status: int, code: int) -> None:
    response = problem_of(error, "req-1")

    body = json.loads(response.body or "")
    assert (response.status_code, body["status"], body["code"]) == (status, status, code)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert (body["instance"], body["detail"]) == ("req-1", error.detail)


def test_a_problem_is_text_already_and_says_every_fault() -> None:
    """Powertools leaves a body of another media type as it is."""
    response = problem_of(Invalid("2 are wrong", [Fault("/a", "x"), Fault("/b/0", "y")]), "req-1")

    assert json.loads(response.body or "") == {
        "type": "/v1/docs#problem-invalid",
        "title": "Invalid",
        "status": 422,
        "detail": "2 are wrong",
        "instance": "req-1",
        "code": 2001,
        "errors": [{"pointer": "/a", "message": "x"}, {"pointer": "/b/0", "message": "y"}],
    }


@pytest.mark.parametrize(
    ("error", "header", "value"),
    [
        (LimitExceeded("x", limit="tenant", retry_after_s=7), "Retry-After", "7"),
        (Unavailable("x"), "Retry-After", "1"),
        (Unauthenticated("x"), "WWW-Authenticate", "Bearer"),
    ],
)
def test_an_error_tells_in_headers_what_to_do(
    error: PlatformError, header: str, value: str
) -> None:
    assert problem_of(error, "req-1").headers[header] == value


def test_an_error_nobody_foresaw_says_nothing_of_itself() -> None:
    body = json.loads(problem_of(InternalError(), "req-1").body or "")

    assert body["detail"] == "something went wrong on our side; quote the request's id"


def test_every_kind_of_error_is_told_here() -> None:
    assert {type(error) for error, *_ in ERRORS} >= set(KINDS) - {PlatformError}


def test_every_kind_and_code_is_explained_on_its_page() -> None:
    explained = {}
    for page in PAGES.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        status, codes = re.search(r"^Status (\d+), code ([\d, ]+)\.$", text, re.MULTILINE).groups()  # type: ignore[union-attr]
        explained[page.stem] = (int(status), {int(code) for code in codes.split(", ")})

    raised: dict[str, tuple[int, set[int]]] = {}
    for error, status, code in ERRORS:
        slug = json.loads(problem_of(error, "r").body or "")["type"].removeprefix(problem_type(""))
        raised.setdefault(slug, (status, set()))[1].add(code)
    assert explained == raised


def test_a_validation_error_becomes_pointers_into_the_request() -> None:
    error = RequestValidationError(
        [
            {"loc": ("body", "content", "a/b"), "msg": "Field required", "type": "missing"},
            {"loc": ("query", "limit"), "msg": "Input should be a number", "type": "int"},
            {"loc": ("query", "which", "since"), "msg": "Value error, needs Z", "type": "value"},
            {"loc": ("path", "flow_id"), "msg": "x", "type": "x"},
            {"loc": ("header", "prefer"), "msg": "x", "type": "x"},
            {"loc": ("body",), "msg": "Field required", "type": "missing"},
        ]
    )

    assert invalid_of(error).faults == (
        Fault("/content/a~1b", "Field required"),
        Fault("/query/limit", "Input should be a number"),
        Fault("/query/since", "needs Z"),
        Fault("/path/flow_id", "x"),
        Fault("/headers/prefer", "x"),
        Fault("", "Field required"),
    )
