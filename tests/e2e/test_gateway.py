"""What API Gateway answers by itself, before any handler is asked."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from parley.domain.access import Role
from parley.domain.ids import TenantId, UserId
from parley.domain.json import JsonObject
from parley.domain.tokens import ACCESS_LIFETIME, TokenClaims, TokenKey, TokenKeys, TokenKind
from parley.runtime.tokens import SignedTokens
from tests.cloud import Cloud
from tools.local.places import Places
from tools.local.secrets import Secrets


def answer(
    cloud: Cloud, method: str, path: str, headers: Mapping[str, str]
) -> tuple[int, Mapping[str, str], JsonObject]:
    """Straight from the gateway: the page's own server is not asked."""
    stage = f"{cloud.addresses['aws']}/_aws/execute-api/{cloud.outputs['RestApiId']}/v1"
    request = urllib.request.Request(stage + path, method=method, headers=dict(headers))  # noqa: S310 -- http, by us
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 -- as above
            return response.status, dict(response.headers), json.loads(response.read() or b"{}")
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), json.loads(error.read())


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Basic eDp5"},
        {"X-API-Key": "ck_live_nonsense"},
    ],
)
def test_whoever_proves_nothing_is_told_so_with_a_problem(
    cloud: Cloud, headers: dict[str, str]
) -> None:
    status, said, problem = answer(cloud, "GET", "/flows", headers)

    assert (status, problem["status"], problem["code"]) == (401, 401, 1001)
    assert said["Content-Type"] == "application/problem+json"
    assert problem["instance"]


def test_a_token_that_was_good_once_is_told_from_one_that_never_was(cloud: Cloud) -> None:
    """A client refreshes the one, and asks for a log-in after the other."""
    given = json.loads(Secrets.of(Places(cloud.home)).token_keys)
    keys = [TokenKey(key["kid"], key["pem"]) for key in given]
    then = datetime.now(UTC) - timedelta(hours=1)
    claims = TokenClaims("j", TenantId("t"), UserId("u"), Role.ADMIN, then, then + ACCESS_LIFETIME)
    token = SignedTokens(TokenKeys(tuple(keys))).sign(TokenKind.ACCESS, claims)

    status, said, problem = answer(cloud, "GET", "/flows", {"Authorization": f"Bearer {token}"})

    assert (status, problem["status"], problem["code"]) == (401, 401, 1003)
    assert problem["detail"] == "the token has expired"
    assert said["Content-Type"] == "application/problem+json"


def test_a_route_there_is_not_is_a_problem_too(cloud: Cloud) -> None:
    status, said, problem = answer(cloud, "GET", "/nothing/here", {})

    assert (status, problem["status"]) == (404, 404)
    assert said["Content-Type"] == "application/problem+json"


def test_a_page_from_elsewhere_may_call(cloud: Cloud) -> None:
    asks = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}

    status, said, _ = answer(cloud, "OPTIONS", "/conversations", asks)

    assert status == 200
    assert said["Access-Control-Allow-Origin"] == "*"
    assert "POST" in said["Access-Control-Allow-Methods"]
    assert "Idempotency-Key" in said["Access-Control-Allow-Headers"]
