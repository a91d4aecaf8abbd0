"""What every route has without saying so: its author wrote the function alone."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest
from aws_lambda_powertools.event_handler.openapi.params import Query

from parley.api.bodies import Draft, View
from parley.api.parameters import row_version, wait
from parley.domain.access import Caller, Permission, Role
from parley.domain.errors import Conflict, NotFound, Unavailable
from parley.domain.ids import FlowId, TenantId, UserId
from parley.domain.rates import Claim, Rate, Standing, standing
from parley.runtime.http import (
    CurrentCaller,
    MessageOrigin,
    RequestId,
    Wired,
    lambda_handler,
    rest_api,
)
from parley.runtime.limits import UNLIMITED, Limiter, Limits
from parley.runtime.wiring import services
from tests.http import Answer, Api, Route
from tests.invocations import a_context

ADMIN = Caller(TenantId("t-1"), UserId("ada"), Role.ADMIN)
AGENT = Caller(TenantId("t-1"), UserId("bob"), Role.AGENT)
FLOW = "0198f6a2-6f0e-7cc3-98c4-dc0c0c07398f"


class ThingDraft(Draft):
    name: str
    amount: int = 1


class ThingView(View):
    name: str
    by: str
    row_version: int = 7


@dataclass
class FakeServices:
    """What the routes below use."""

    failure: Exception | None = None
    taken: list[str] = field(default_factory=list)
    quota: int = 1_000

    @property
    def limiter(self) -> Limiter:
        return Limiter(lambda _tenant_id: self)

    def take(self, claims: Sequence[Claim]) -> Sequence[Standing]:
        self.taken += [claim.key for claim in claims]
        return [
            standing(
                Rate(claim.rate.name, 10, 60),
                arrival_us=(10 - self.quota) * 6_000_000,
                now_us=0,
                counted=self.quota > 0,
            )
            for claim in claims
        ]

    def look(self, claims: Sequence[Claim]) -> Sequence[Standing]:
        raise NotImplementedError("no route looks without a try")

    def forget(self, claim: Claim) -> None: ...

    def act(self) -> None:
        if self.failure:
            raise self.failure


@pytest.fixture
def fake() -> FakeServices:
    return FakeServices()


class Service:
    """Three routes under one resolver, called as API Gateway calls them."""

    def __init__(
        self,
        fake: FakeServices,
        *,
        requires: Permission | None,
        limits: Limits = Limits(address=Rate("address", 10, 60)),  # noqa: B008 -- it is frozen
    ) -> None:
        app = rest_api(requires=requires, limits=limits)
        app.dependency_overrides[services] = lambda: fake

        @app.post("/things", status_code=201)
        def add(draft: ThingDraft, caller: CurrentCaller, services: Wired) -> ThingView:
            services.act()  # type: ignore[attr-defined]  # the fake's
            return ThingView(name=draft.name, by=caller.user_id)

        @app.get("/things/<flow_id>")
        def show(flow_id: FlowId, services: Wired) -> ThingView:
            services.act()  # type: ignore[attr-defined]  # the fake's
            return ThingView(name=flow_id, by="nobody")

        @app.get("/things")
        def find(
            request_id: RequestId,
            origin: MessageOrigin,
            limit: Annotated[int, Query(ge=1, le=5)] = 2,
        ) -> dict[str, Any]:
            return {"request_id": request_id, "limit": limit, **origin}

        @app.get("/broken")
        def broken() -> ThingView:
            return {"name": 1}  # type: ignore[return-value]  # what the test is about

        self._handler = lambda_handler(app)

    def call(
        self,
        method: str,
        path: str,
        caller: Caller | None = ADMIN,
        *,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> Answer:
        api = Api(caller, headers=headers or {})
        sent = {"body": None, "query": None, "is_base64": False, **options}
        event = api.event(method, path, Route(method, path, "test"), **sent)
        answered = self._handler(event, a_context())
        told = {name: ", ".join(v) for name, v in answered["multiValueHeaders"].items()}
        return Answer(answered["statusCode"], told, answered["body"] or "")


@pytest.fixture
def service(fake: FakeServices) -> Service:
    return Service(fake, requires=Permission.EDIT_FLOWS)


GOOD = json.dumps({"name": "one"})


def test_a_route_answers_with_what_its_function_returns(service: Service) -> None:
    answer = service.call("POST", "/things", body=GOOD)

    assert (answer.status, answer.json) == (201, {"name": "one", "by": "ada", "row_version": 7})


def test_nobody_is_let_in_where_a_permission_is_required(service: Service) -> None:
    answer = service.call("POST", "/things", None, body=GOOD)

    assert (answer.status, answer.json["code"]) == (401, 1001)


def test_who_may_not_is_told_what_it_takes(service: Service) -> None:
    answer = service.call("POST", "/things", AGENT, body=GOOD)

    assert (answer.status, answer.json["code"]) == (403, 1002)
    assert answer.json["detail"] == "a agent may not do this; it takes 'flows:edit'"


def test_who_may_not_learns_nothing_about_the_body(service: Service) -> None:
    assert service.call("POST", "/things", AGENT, body="{").status == 403


def test_a_route_open_to_all_that_asks_who_calls_refuses_nobody_in_particular(
    fake: FakeServices,
) -> None:
    answer = Service(fake, requires=None).call("POST", "/things", None, body=GOOD)

    assert answer.status == 401


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        (None, [""]),
        ("{}", ["/name"]),
        ('{"name": 1}', ["/name"]),
        ('{"name": "x", "amount": "many", "role": "admin"}', ["/amount", "/role"]),
        ('[{"name": "x"}]', [""]),
    ],
)
def test_a_bad_body_is_told_by_pointers(
    service: Service, body: str | None, pointers: list[str]
) -> None:
    answer = service.call("POST", "/things", body=body)

    assert 400 <= answer.status <= 422
    assert [error["pointer"] for error in answer.json["errors"]] == pointers


def test_a_form_is_not_read_as_json(service: Service) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    answer = service.call("POST", "/things", body="name=x", headers=headers)

    assert answer.status == 415


@pytest.mark.parametrize(
    ("failure", "status"),
    [(NotFound("flow", "1"), 404), (Conflict("x"), 409), (Unavailable("x"), 503)],
)
def test_what_a_service_raises_is_told(
    service: Service, fake: FakeServices, failure: Exception, status: int
) -> None:
    fake.failure = failure

    assert service.call("POST", "/things", body=GOOD).status == status


def test_what_nobody_foresaw_is_told_by_the_requests_id_alone(
    service: Service, fake: FakeServices
) -> None:
    fake.failure = ZeroDivisionError("SELECT secret FROM /etc/passwd")

    answer = service.call("POST", "/things", body=GOOD)

    assert answer.status == 500
    assert set(answer.json) == {"type", "title", "status", "detail", "instance", "code"}
    assert "secret" not in answer.body


def test_an_answer_that_is_not_what_was_promised_is_our_error(service: Service) -> None:
    """Powertools would call it the caller's."""
    assert service.call("GET", "/broken").status == 500


@pytest.mark.parametrize("flow_id", ["x", FLOW.upper(), FLOW + "0", "1"])
def test_an_id_that_is_none_asks_no_store(
    service: Service, fake: FakeServices, flow_id: str
) -> None:
    fake.failure = AssertionError("asked")

    answer = service.call("GET", f"/things/{flow_id}")

    assert (answer.status, answer.json["code"]) == (404, 3004)


@pytest.mark.parametrize(("method", "path"), [("GET", "/nothing"), ("DELETE", "/things")])
def test_a_route_that_there_is_not_is_a_problem(service: Service, method: str, path: str) -> None:
    answer = service.call(method, path)

    assert (answer.status, answer.json["detail"]) == (404, f"no route '{method} {path}'")


def test_a_preflight_is_answered(service: Service) -> None:
    answer = service.call("OPTIONS", "/things", None, headers={"Origin": "https://a.example"})

    assert answer.status in {204, 401}


def test_a_browser_may_read_the_headers_that_matter(service: Service) -> None:
    answer = service.call("POST", "/things", body=GOOD, headers={"Origin": "https://a.example"})

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "X-Request-ID" in answer.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("req-12345", True),
        ("0198f6a2-6f0e-7cc3-98c4-dc0c0c07398f", True),
        ("short", False),
        ("x" * 65, False),
        ("with space in it", False),
        ("line\r\nbreak", False),
        ("", False),
    ],
)
def test_a_request_id_is_taken_if_it_is_sane(service: Service, given: str, *, taken: bool) -> None:
    answer = service.call("GET", "/things", headers={"x-request-id": given})

    assert (answer.headers["X-Request-ID"] == given) is taken
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]


def test_a_message_comes_from_its_callers_key(service: Service) -> None:
    keyed = service.call("GET", "/things", headers={"Idempotency-Key": "k-1"}).json
    unkeyed = [service.call("GET", "/things").json["pid"] for _ in range(2)]

    assert keyed["pid"] == "api:ada:k-1"
    assert len(set(unkeyed)) == 2


def test_every_answer_tells_browsers_to_be_careful(service: Service) -> None:
    for answer in (service.call("GET", "/things"), service.call("GET", "/nothing")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] in {"no-store", "private, no-cache"}


def test_what_is_read_again_unchanged_is_not_sent_again(service: Service) -> None:
    first = service.call("GET", f"/things/{FLOW}")

    again = service.call("GET", f"/things/{FLOW}", headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["ETag"] == '"7"'
    assert (again.status, again.body, again.headers["ETag"]) == (304, "", '"7"')


@pytest.mark.parametrize(
    ("known", "status"), [('"6"', 200), ('"6", W/"7"', 304), ("*", 304), ("7", 200), ("", 200)]
)
def test_an_etag_is_compared_as_the_standard_says(
    service: Service, known: str, status: int
) -> None:
    """RFC 9110, 13.1.2: weakly, and any of a list."""
    answer = service.call("GET", f"/things/{FLOW}", headers={"If-None-Match": known})

    assert answer.status == status


def test_an_etag_changes_with_the_answer(service: Service) -> None:
    tags = {
        service.call(
            "GET",
            "/things",
            query={"limit": str(n)},
            headers={"X-Request-ID": "same-one", "Idempotency-Key": "k"},
        ).headers["ETag"]
        for n in (1, 1, 2)
    }

    assert len(tags) == 2


def test_the_limits_are_told(service: Service, fake: FakeServices) -> None:
    fake.quota = 4

    answer = service.call("GET", "/things")

    assert answer.headers["RateLimit-Policy"] == '"address";q=10;w=60'
    assert answer.headers["RateLimit"] == '"address";r=4;t=36'
    assert fake.taken == ["address:203.0.113.7"]


def test_an_address_that_somebody_claims_to_have_counts_for_nothing(
    service: Service, fake: FakeServices
) -> None:
    for claimed in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP"):
        service.call("GET", "/things", headers={claimed: "198.51.100.1"})

    assert set(fake.taken) == {"address:203.0.113.7"}


def test_what_costs_nothing_is_not_counted(fake: FakeServices) -> None:
    answer = Service(fake, requires=None, limits=UNLIMITED).call("GET", "/things")

    assert fake.taken == []
    assert "RateLimit" not in answer.headers


def test_too_many_requests_are_told_when_to_come_again(
    service: Service, fake: FakeServices
) -> None:
    fake.quota = 0

    answer = service.call("GET", "/things")

    assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (429, 3003, "6")
    assert answer.headers["RateLimit"] == '"address";r=0;t=60'


@pytest.mark.parametrize("bad", ["0", "6", "x", "1.5", ""])
def test_a_bad_parameter_is_told_by_its_name(service: Service, bad: str) -> None:
    answer = service.call("GET", "/things", query={"limit": bad})

    assert answer.status == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["/query/limit"]


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        (None, None),
        ("wait=10", 10),
        ("respond-async, wait=5", 5),
        ("WAIT = 3", 3),
        ('wait="4"', 4),
        ("wait=1000", 25),
        ("wait=0", None),
        ("await=3", None),
        ("wait=-1", None),
    ],
)
def test_a_wait_is_at_most_25_seconds(prefer: str | None, seconds: int | None) -> None:
    found = wait(prefer)

    assert (found and found.total_seconds()) == seconds


def test_an_if_match_names_a_row_version() -> None:
    assert (row_version(None), row_version('"12"')) == (None, 12)
