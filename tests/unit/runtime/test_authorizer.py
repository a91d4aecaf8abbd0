"""Who is let in, and how it is said to API Gateway."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from parley.domain.access import Caller, Role
from parley.domain.errors import TokenExpired, Unauthenticated, Unavailable
from parley.domain.ids import TenantId, UserId
from parley.domain.json import JsonObject
from parley.repositories.memory.rates import MemoryRates
from parley.runtime.authorizer import authorizer, bearer_or_api_key, token_in_query
from parley.runtime.callers import find_caller
from parley.runtime.limits import Limiter
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
    counts = MemoryRates(lambda: 0)
    vars(services())["limiter"] = Limiter(lambda _tenant_id: counts)
    yield
    services.cache_clear()


def decided(headers: dict[str, str] | None, known: dict[str, Caller | Exception]) -> JsonObject:
    def prove(credential: str, _services: Services) -> Caller:
        found = known.get(credential, Unauthenticated("no"))
        if isinstance(found, Exception):
            raise found
        return found

    event = {
        "methodArn": ARN,
        "headers": headers,
        "requestContext": {"identity": {"sourceIp": "203.0.113.7"}},
    }
    return authorizer(bearer_or_api_key, prove)(event, a_context())


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
    assert policy["principalId"] == "nobody"
    assert "tenant_id" not in policy["context"]


@pytest.mark.parametrize(
    ("credential", "context"),
    [
        ("old", {"code": "1003", "detail": "the token has expired"}),
        ("bad", {"code": "1001", "detail": "no"}),
        ("", {"code": "1001", "detail": "send a valid access token or API key"}),
        ("odd", {"code": "1001", "detail": 'says \\"no\\"'}),
    ],
)
def test_a_denial_says_why_for_the_gateway_to_tell(
    credential: str, context: dict[str, str]
) -> None:
    known: dict[str, Caller | Exception] = {
        "old": TokenExpired("the token has expired"),
        "odd": Unauthenticated('says "no"'),
    }

    assert decided({"Authorization": f"Bearer {credential}"}, known)["context"] == context


def test_what_does_not_hold_for_ever_says_until_when() -> None:
    until = datetime(2026, 11, 22, 12, tzinfo=UTC)

    context = decided({"Authorization": "Bearer good"}, {"good": replace(ADA, expires_at=until)})

    event = {"requestContext": {"authorizer": context["context"], "requestId": "r"}}
    found = find_caller(event)
    assert found is not None
    assert found.expires_at == until


def test_keys_are_guessed_so_often_from_one_address_and_then_not_looked_up() -> None:
    asked: list[str] = []

    def prove(credential: str, _services: Services) -> Caller:
        asked.append(credential)
        if credential == "ck_good":
            return KEY
        raise Unauthenticated("the API key does not hold")

    def tried(credential: str, address: str) -> str | None:
        event = {
            "methodArn": ARN,
            "headers": {"X-API-Key": credential},
            "requestContext": {"identity": {"sourceIp": address}},
        }
        context: dict[str, str] = authorizer(bearer_or_api_key, prove)(event, a_context())[
            "context"
        ]
        return context.get("code")

    assert {tried("ck_good", "a-1") for _ in range(100)} == {None}
    codes = [tried(f"ck_{n}", "a-1") for n in range(100)]

    assert codes == ["1001"] * 60 + ["3003"] * 40
    assert len(asked) == 160
    assert tried("ck_good", "a-1") == "3003"
    assert tried("ck_good", "a-2") is None


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
