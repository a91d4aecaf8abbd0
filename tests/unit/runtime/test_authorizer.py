"""Who is let in, and how it is said to API Gateway."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from parley.domain.access import Caller, Role
from parley.domain.errors import TokenExpired, Unauthenticated, Unavailable
from parley.domain.ids import TenantId, UserId
from parley.domain.json import JsonObject
from parley.runtime.authorizer import authorizer, bearer_or_api_key, token_in_query
from parley.runtime.callers import find_caller
from parley.runtime.wiring import Services, services
from tests.invocations import a_context

pytestmark = pytest.mark.disable_socket

ARN = "arn:aws:execute-api:eu-central-1:123456789012:api/v1/GET/flows"
ADA = Caller(TenantId("t"), UserId("ada"), Role.ADMIN)
KEY = Caller(TenantId("t"), UserId("key"), Role.SYSTEM, key_id="k-1")


@pytest.fixture(autouse=True)
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PARLEY_STAGE", "local")
    services.cache_clear()
    yield
    services.cache_clear()


def decided(headers: dict[str, str] | None, known: dict[str, Caller | Exception]) -> JsonObject:
    def prove(credential: str, _services: Services) -> Caller:
        found = known.get(credential, Unauthenticated("no"))
        if isinstance(found, Exception):
            raise found
        return found

    return authorizer(bearer_or_api_key, prove)({"methodArn": ARN, "headers": headers}, a_context())


@pytest.mark.parametrize(
    ("headers", "caller"),
    [
        ({"Authorization": "Bearer good"}, ADA),
        ({"authorization": "bearer  good "}, ADA),
        ({"X-API-Key": "ck_good"}, KEY),
        ({"x-api-key": "ck_good", "Authorization": "Basic eDp5"}, KEY),
    ],
)
def test_whoever_is_proven_may_call_this_one_route(headers: dict[str, str], caller: Caller) -> None:
    policy = decided(headers, {"good": ADA, "ck_good": KEY})

    assert policy["policyDocument"] == {
        "Version": "2012-10-17",
        "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": ARN}],
    }
    assert policy["principalId"] == caller.user_id
    event = {"requestContext": {"authorizer": policy["context"], "requestId": "r"}}
    assert find_caller(event) == replace(caller, request_id="r")


def test_what_api_gateway_is_told_of_a_caller_is_text() -> None:
    context = decided({"Authorization": "Bearer good"}, {"good": ADA})["context"]

    assert all(type(value) is str for value in context.values())


@pytest.mark.parametrize(
    "headers",
    [
        None,
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "good"},
        {"Authorization": "Basic good"},
        {"Authorization": "Bearer bad"},
        {"Authorization": "Bearer old"},
        {"Authorization": "Bearer g\u00f6\u00f6d"},
        {"Authorization": "Bearer " + "x" * 5_000},
        {"X-API-Key": ""},
        {"Cookie": "token=good"},
    ],
)
def test_everyone_else_is_denied_and_nothing_is_said_of_them(
    headers: dict[str, str] | None,
) -> None:
    known: dict[str, Caller | Exception] = {"good": ADA, "old": TokenExpired("old"), "": ADA}

    policy = decided(headers, known)

    assert policy["policyDocument"]["Statement"][0]["Effect"] == "Deny"
    assert "context" not in policy


def test_a_store_that_is_away_lets_nobody_in_and_calls_nobody_a_liar() -> None:
    with pytest.raises(Unavailable):
        decided({"X-API-Key": "ck_good"}, {"ck_good": Unavailable("away")})


@pytest.mark.parametrize(
    ("event", "token"),
    [
        ({"queryStringParameters": {"token": "t"}}, "t"),
        ({"queryStringParameters": {"other": "t"}}, None),
        ({"queryStringParameters": None}, None),
        ({}, None),
    ],
)
def test_a_browser_proves_its_connection_in_the_query(event: JsonObject, token: str | None) -> None:
    assert token_in_query(event) == token
