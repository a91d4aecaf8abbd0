"""No route tells one tenant's thing from a thing that does not exist to another tenant.

Every route of the API description that takes an id must have a case here: a new one without fails.
"""

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from parley.domain.access import Caller, Role
from parley.domain.conversations import Channel, FlowPin, FlowVersion
from parley.domain.ids import ConversationId, FlowId, UserId
from parley.domain.tokens import TokenKey, TokenKeys
from parley.engine.services import Callback
from parley.runtime.aws import client
from parley.runtime.chance import now
from parley.runtime.tokens import SignedTokens
from parley.runtime.wiring import Services
from parley.services.callbacks import CallbackService
from parley.services.openings import Opening, opened
from tests.http import Answer, Api, Route, routes
from tests.tenants import NOW, a_document, new_id
from tests.wired import Tenant, a_key_pem, sign_up

DESCRIPTION = Path(__file__).parents[2] / "docs/openapi.json"


@dataclass(frozen=True)
class Case:
    """A request that the owner of the ids may make; `also` are headers."""

    body: Any = None
    query: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)


MESSAGE = {"content": {"type": "text", "text": "hello"}}
CASES: dict[str, list[Case]] = {
    "GET /flows/{flow_id}": [Case(), Case(also={"If-None-Match": "*"})],
    "GET /flows/{flow_id}/versions": [Case()],
    "POST /flows/{flow_id}/versions": [
        Case({"document": a_document("NAME")}),
        Case({"document": a_document("NAME")}, also={"If-Match": '"1"'}),
        Case({"document": a_document("NAME")}, also={"Idempotency-Key": "versions"}),
    ],
    "GET /flows/{flow_id}/versions/{version}": [Case()],
    "POST /flows/{flow_id}/publish": [
        Case({}),
        Case({"version": "1.0"}),
        Case({}, query={"dry_run": "true"}),
        Case({"migrate": True, "state_map": {}}, query={"limit": "5"}),
    ],
    "POST /flows/{flow_id}/rollback": [Case({}), Case({"version": "1.0"})],
    "POST /flows/{flow_id}/default": [Case({}), Case({}, also={"If-Match": '"1"'})],
    "POST /flows/{flow_id}/archive": [Case({"reason": "why"}), Case({}, also={"If-Match": '"1"'})],
    "POST /flows/{flow_id}/restore": [Case({})],
    "POST /flows/{flow_id}/test": [
        Case({"document": {"tests": [{"name": "hello", "steps": [{"start": True}]}]}}),
        Case({}),
    ],
    "GET /flows/{flow_id}/export": [
        Case(),
        Case(query={"format": "json"}),
        Case(query={"version": "1.0"}),
        Case(query={"what": "tests"}),
    ],
    "GET /conversations/{conversation_id}": [Case()],
    "GET /conversations/{conversation_id}/messages": [Case(), Case(query={"before": "5"})],
    "POST /conversations/{conversation_id}/messages": [
        Case(MESSAGE),
        Case(MESSAGE, also={"Prefer": "wait=2"}),
        Case(MESSAGE, also={"Idempotency-Key": "messages"}),
    ],
    "GET /conversations/{conversation_id}/trace": [Case()],
    "POST /conversations/{conversation_id}/replay": [Case({"document": a_document("NAME")})],
    "POST /conversations/{conversation_id}/close": [Case({})],
}


PROVEN_BY_ITS_ADDRESS = "POST /callbacks/{token}"
"""Who calls it has no tenant but the one in the signed token, which no other can make."""


@dataclass(frozen=True)
class World:
    """Two tenants; the ids, a draft flow's and an active conversation's, are the owner's."""

    owner: Tenant
    stranger: Tenant
    ids: Mapping[str, str]
    flow_name: str
    visitor: str


@pytest.fixture(scope="module")
def tenants(wired: Services) -> tuple[Tenant, Tenant]:
    first, second = (sign_up(f"wall-{uuid.uuid4().hex[:12]}", wired) for _ in range(2))
    return first, second


@pytest.fixture
def world(wired: Services, tenants: tuple[Tenant, Tenant]) -> World:
    owner, stranger = tenants
    name, visitor = f"walled-{uuid.uuid4().hex[:8]}", f"visitor-{uuid.uuid4().hex[:8]}"
    tests = {"tests": [{"name": "hello", "steps": [{"start": True}]}]}
    flow = owner.api.post("/flows", {"document": a_document(name), "tests": tests}).json
    conversation = opened(
        owner.admin.tenant_id,
        ConversationId(new_id()),
        Opening(Channel.WEB, UserId(visitor), "en", {}),
        FlowPin(FlowId(flow["id"]), FlowVersion("1.0")),
        NOW,
    )
    assert wired.mongo_conversations.add(replace(conversation, rev=1), None)
    ids = {"flow_id": flow["id"], "version": "1.0", "conversation_id": conversation.id}
    return World(owner, stranger, ids, name, visitor)


def _walled() -> list[Route]:
    return [route for route in routes() if route.parameters and str(route) in CASES]


def _cases() -> list[tuple[Route, Case]]:
    return [(route, case) for route in _walled() for case in CASES.get(str(route), [])]


def _call(
    api: Api, route: Route, case: Case, ids: Mapping[str, str], name: str = "nobodys"
) -> Answer:
    api = replace(api, headers={**api.headers, **case.also})
    path = route.path.format(**ids)
    body = None if case.body is None else json.dumps(case.body).replace("NAME", name)
    return api.call(route.method, path, body=body, query=case.query)


def _told(answer: Answer, ids: Mapping[str, str]) -> tuple[int, Mapping[str, str], str]:
    """An answer without the names of the request and of what was asked for."""
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name not in {"X-Request-ID", "RateLimit"}
    }
    body = answer.body.replace(answer.headers["X-Request-ID"], "REQUEST")
    for name, value in ids.items():
        if name != "version":
            body = body.replace(value, name.upper())
    return answer.status, headers, body


def test_every_route_that_takes_an_id_has_a_case() -> None:
    described = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    takes_id = {
        f"{method.upper()} {path}"
        for path, item in described["paths"].items()
        for method in item
        if "{" in path
    }

    assert takes_id == {*CASES, PROVEN_BY_ITS_ADDRESS}
    assert all(CASES[name] for name in CASES)


@pytest.mark.parametrize(("route", "case"), _cases(), ids=str)
def test_another_tenants_id_is_answered_like_one_that_nobody_has(
    world: World, route: Route, case: Case
) -> None:
    nobodys = {name: new_id() if name != "version" else "1.0" for name in world.ids}

    foreign = _call(world.stranger.api, route, case, world.ids)
    random = _call(world.stranger.api, route, case, nobodys)

    assert foreign.status == 404
    assert _told(foreign, world.ids) == _told(random, nobodys)


@pytest.mark.parametrize(("route", "case"), _cases(), ids=str)
def test_the_same_request_finds_the_owners_thing(world: World, route: Route, case: Case) -> None:
    """Else the test above would prove nothing."""
    answer = _call(world.owner.api, route, case, world.ids, world.flow_name)

    assert answer.status not in {401, 403, 404}
    assert answer.status < 500, answer.body


def _callback_token(services: Services, world: World, *, minutes: int = 1) -> str:
    """What the owner's system was given to answer a call of the owner's conversation."""
    until = now() + timedelta(minutes=minutes)
    conversation_id = ConversationId(world.ids["conversation_id"])
    tenant_id = world.owner.admin.tenant_id
    return services.callbacks.token(tenant_id, conversation_id, Callback("1-0", until))


def _with_tenant(token: str, tenant_id: str) -> str:
    """The token, saying that it is another tenant's, under the signature that it had."""
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    forged = json.dumps({**claims, "tid": tenant_id}, separators=(",", ":")).encode()
    return ".".join([header, base64.urlsafe_b64encode(forged).decode().rstrip("="), signature])


def test_a_callback_address_that_does_not_hold_is_answered_like_one_that_nobody_has(
    wired: Services, world: World
) -> None:
    token = _callback_token(wired, world)
    elsewhere = SignedTokens(TokenKeys((TokenKey("test", a_key_pem()),)))
    foreign = CallbackService(tokens=lambda: elsewhere, inbound=wired.inbound, clock=now)
    guest = Api().post("/auth/guest", {"organization": world.owner.slug}).json["access_token"]
    tokens = {
        "nobody's": new_id(),
        "cut": token[:-1],
        "of another tenant": _with_tenant(token, world.stranger.admin.tenant_id),
        "expired": _callback_token(wired, world, minutes=-6),
        "of another stage": foreign.token(
            world.owner.admin.tenant_id,
            ConversationId(world.ids["conversation_id"]),
            Callback("1-0", now() + timedelta(minutes=1)),
        ),
        "for another purpose": guest,
    }

    told = {
        name: _told(Api().post(f"/callbacks/{one}", {"status": "success"}), {"token": one})
        for name, one in tokens.items()
    }

    assert Api().post(f"/callbacks/{token}", {"status": "success"}).status == 202
    assert {status for status, _, _ in told.values()} == {404}
    assert len({body for _, _, body in told.values()}) == 1


def test_a_callback_address_reaches_the_conversation_that_it_was_given_for(
    wired: Services, world: World
) -> None:
    """Whoever calls it: another tenant's key changes nothing about whose answer it is."""
    token = _callback_token(wired, world)

    assert world.stranger.api.post(f"/callbacks/{token}", {"status": "success"}).status == 202

    queue = wired.settings.inbound_queue_url
    bodies = [
        json.loads(record["Body"])
        for _ in range(20)
        for record in client("sqs")
        .receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        .get("Messages", [])
    ]
    (inbound,) = [b for b in bodies if b["conversation_id"] == world.ids["conversation_id"]]
    assert (inbound["tenant_id"], inbound["event"]["call_id"]) == (
        world.owner.admin.tenant_id,
        "1-0",
    )


def _listed(tenant: Tenant, path: str, **query: str) -> set[str]:
    return {item["id"] for item in tenant.api.get(path, **query).json["items"]}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/conversations", {}),
        ("/conversations", {"user_id": "VISITOR"}),
        ("/conversations", {"flow_id": "FLOW"}),
        ("/conversations", {"user_id": "VISITOR", "status": "active", "channel": "web"}),
        ("/flows", {}),
        ("/flows", {"q": "NAME"}),
        ("/flows", {"status": "draft"}),
    ],
)
def test_a_list_shows_nothing_of_another_tenant(
    world: World, path: str, query: dict[str, str]
) -> None:
    meant = {"VISITOR": world.visitor, "FLOW": world.ids["flow_id"], "NAME": world.flow_name}
    query = {"limit": "100"} | {name: meant.get(value, value) for name, value in query.items()}
    thing = world.ids["flow_id" if path == "/flows" else "conversation_id"]

    assert thing in _listed(world.owner, path, **query)
    assert thing not in _listed(world.stranger, path, **query)


def test_a_cursor_leads_nobody_into_another_tenants_list(world: World) -> None:
    for number in range(2):
        world.owner.api.post("/flows", {"document": a_document(f"{world.flow_name}-{number}")})
    owned = _listed(world.owner, "/flows", limit="100")
    cursor = world.owner.api.get("/flows", limit="1").json["next_cursor"]

    followed = _listed(world.stranger, "/flows", limit="100", cursor=cursor)

    assert cursor
    assert not followed & owned


def test_a_conversation_cannot_be_started_along_another_tenants_flow(world: World) -> None:
    foreign = world.stranger.api.post("/conversations", {"flow": world.ids["flow_id"]})
    nobodys_id = new_id()
    random = world.stranger.api.post("/conversations", {"flow": nobodys_id})

    assert foreign.status == 404
    assert _told(foreign, {"flow_id": world.ids["flow_id"]}) == _told(
        random, {"flow_id": nobodys_id}
    )


def test_an_idempotency_key_is_the_callers_own(world: World) -> None:
    body = {"document": a_document(f"keyed-{uuid.uuid4().hex}")}
    ours = world.owner.api.with_headers(idempotency_key="same").post("/flows", body)

    theirs = world.stranger.api.with_headers(idempotency_key="same").post("/flows", body)

    assert (ours.status, theirs.status) == (201, 201)
    assert ours.json["id"] != theirs.json["id"]


@pytest.mark.parametrize(
    ("route", "case"),
    [(route, case) for route, case in _cases() if "conversation_id" in route.parameters],
    ids=str,
)
def test_a_customer_sees_another_customers_conversation_as_none(
    world: World, route: Route, case: Case
) -> None:
    """A customer of the very same tenant."""
    customer = Api(Caller(world.owner.admin.tenant_id, UserId(new_id()), Role.CUSTOMER))
    nobodys = {**world.ids, "conversation_id": new_id()}

    foreign = _call(customer, route, case, world.ids)
    random = _call(customer, route, case, nobodys)

    assert foreign.status == (403 if route.path.endswith(("/trace", "/replay")) else 404)
    assert _told(foreign, world.ids) == _told(random, nobodys)


def test_a_customers_list_holds_only_their_own(world: World) -> None:
    customer = Api(Caller(world.owner.admin.tenant_id, UserId(new_id()), Role.CUSTOMER))

    listed = customer.get("/conversations", user_id=world.visitor)

    assert listed.json["items"] == []
