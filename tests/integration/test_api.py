"""The API from sign-up to a conversation's end, in this process, on real stores."""

import uuid
from pathlib import Path

import pytest

from parley.domain.access import Caller, Role
from parley.domain.ids import UserId
from parley.domain.json import JsonObject
from parley.repositories.redis.client import redis_client
from parley.runtime.wiring import Services, services
from tests.http import Api, routes
from tests.tenants import a_document, a_tenant_id, new_id
from tests.wired import PASSWORD, Tenant, sign_up

pytestmark = pytest.mark.usefixtures("wired")

EXAMPLE = Path(__file__).parents[2] / "examples/flows/order_status.yaml"


@pytest.fixture(scope="module")
def tenant(wired: Services) -> Tenant:
    return sign_up(f"api-{uuid.uuid4().hex[:12]}", wired)


@pytest.fixture(scope="module")
def flow(tenant: Tenant) -> JsonObject:
    """The example, published: the tenant's default."""
    source = EXAMPLE.read_text(encoding="utf-8")
    created = tenant.api.post("/flows", {"source": source})
    assert created.status == 201, created.body
    published = tenant.api.post(f"/flows/{created.json['id']}/publish", {})
    assert published.status == 200, published.body
    found: JsonObject = published.json
    return found


@pytest.fixture
def without_redis(wired: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same stores, but for Redis, which is away; nobody has noticed yet."""
    lonely = Services(wired.settings)
    lonely.mongo, lonely.database = wired.mongo, wired.database
    lonely.redis = redis_client("redis://127.0.0.1:1")
    for route in routes():
        monkeypatch.setattr(route.app, "dependency_overrides", {services: lambda: lonely})


def a_name() -> str:
    return f"flow-{uuid.uuid4().hex[:12]}"


def test_who_signs_up_is_logged_in_and_can_log_in_again(tenant: Tenant) -> None:
    assert tenant.signed_up["admin"]["role"] == "admin"

    answer = Api().post("/auth/token", {"email": tenant.email, "password": PASSWORD})

    assert answer.status == 200
    assert set(answer.json) == {
        "access_token",
        "token_type",
        "expires_in",
        "refresh_token",
        "refresh_expires_at",
    }


def test_a_slug_is_taken_once(tenant: Tenant) -> None:
    body = {
        "organization": "Another",
        "slug": tenant.slug,
        "email": "x@another.example",
        "password": PASSWORD,
    }

    assert Api().post("/organizations", body).status == 409


def test_a_sign_up_tells_every_fault_at_once() -> None:
    body = {"organization": "Shop", "slug": "-shop-", "email": "nobody", "password": "short"}

    answer = Api().post("/organizations", body)

    assert answer.status == 422
    assert {error["pointer"] for error in answer.json["errors"]} <= {
        "/slug",
        "/email",
        "/password",
    }


@pytest.mark.parametrize(
    "wrong", [{"password": "wrong wrong wrong"}, {"email": "nobody@nowhere.example"}]
)
def test_a_wrong_log_in_is_told_the_same_whatever_is_wrong(
    tenant: Tenant, wrong: dict[str, str]
) -> None:
    answer = Api().post("/auth/token", {"email": tenant.email, "password": PASSWORD, **wrong})

    assert (answer.status, answer.json["code"]) == (401, 1004)
    assert answer.json["detail"].startswith("the e-mail address, the password or the organization")


def test_a_refresh_token_is_good_once(tenant: Tenant) -> None:
    first = Api().post("/auth/token", {"email": tenant.email, "password": PASSWORD}).json

    second = Api().post("/auth/refresh", {"refresh_token": first["refresh_token"]})
    again = Api().post("/auth/refresh", {"refresh_token": first["refresh_token"]})

    assert (second.status, again.status) == (200, 401)
    assert second.json["refresh_token"] != first["refresh_token"]


def test_who_has_logged_out_cannot_refresh(tenant: Tenant) -> None:
    tokens = Api().post("/auth/token", {"email": tenant.email, "password": PASSWORD}).json
    body = {"refresh_token": tokens["refresh_token"]}

    statuses = [Api().post(path, body).status for path in ("/auth/logout", "/auth/refresh")]

    assert statuses == [204, 401]


def test_a_visitor_comes_back_as_the_same(tenant: Tenant) -> None:
    first = Api().post("/auth/guest", {"organization": tenant.slug}).json
    body = {"organization": tenant.slug, "visitor_token": first["visitor_token"]}

    assert Api().post("/auth/guest", body).json["user_id"] == first["user_id"]


def test_guessing_one_accounts_password_ends_after_ten_tries(wired: Services) -> None:
    victim = sign_up(f"guessed-{uuid.uuid4().hex[:12]}", wired)
    body = {"email": victim.email, "password": "not the password"}

    statuses = [Api(address=f"192.0.2.{n}").post("/auth/token", body).status for n in range(12)]

    assert statuses == [401] * 10 + [429] * 2


def test_a_flow_goes_from_draft_to_live(tenant: Tenant) -> None:
    name = a_name()
    created = tenant.api.post("/flows", {"document": a_document(name)}).json
    assert (created["status"], created["active_version"]) == ("draft", None)

    published = tenant.api.post(f"/flows/{created['id']}/publish", {}).json

    assert (published["status"], published["active_version"]) == ("active", "1.0")
    second = tenant.api.post(
        f"/flows/{created['id']}/versions",
        {"document": a_document(name, description="More"), "change_type": "major"},
    ).json
    assert (second["version"], second["status"]) == ("2.0", "draft")
    listed = tenant.api.get(f"/flows/{created['id']}/versions").json["items"]
    assert [item["version"] for item in listed] == ["2.0", "1.0"]
    shown = tenant.api.get(f"/flows/{created['id']}/versions/2.0").json
    assert shown["document"]["description"] == "More"


def test_a_flow_with_errors_is_saved_and_not_published(tenant: Tenant) -> None:
    wrong = a_document(a_name(), initial_state="nowhere")
    created = tenant.api.post("/flows", {"document": wrong})

    refused = tenant.api.post(f"/flows/{created.json['id']}/publish", {})

    assert (created.status, refused.status, refused.json["code"]) == (201, 422, 2004)
    assert refused.json["errors"]
    checked = tenant.api.post("/flows/check", {"document": wrong}).json
    assert checked["is_publishable"] is False
    assert {one["pointer"] for one in checked["diagnostics"]} >= {
        error["pointer"] for error in refused.json["errors"]
    }


def test_who_has_not_seen_the_last_change_publishes_nothing(tenant: Tenant) -> None:
    name = a_name()
    created = tenant.api.post("/flows", {"document": a_document(name)}).json
    etag = tenant.api.get(f"/flows/{created['id']}").headers["ETag"]
    changed = a_document(name, description="More")
    tenant.api.post(f"/flows/{created['id']}/versions", {"document": changed})

    stale = tenant.api.with_headers(if_match=etag).post(f"/flows/{created['id']}/publish", {})
    fresh = tenant.api.get(f"/flows/{created['id']}").headers["ETag"]
    good = tenant.api.with_headers(if_match=fresh).post(f"/flows/{created['id']}/publish", {})

    assert (stale.status, stale.json["code"], good.status) == (412, 3006, 200)


def test_yaml_comes_out_as_it_went_in(tenant: Tenant, flow: JsonObject) -> None:
    exported = tenant.api.get(f"/flows/{flow['id']}/export")

    assert exported.headers["Content-Type"] == "application/yaml"
    assert exported.body == EXAMPLE.read_text(encoding="utf-8")
    as_json = tenant.api.get(f"/flows/{flow['id']}/export", format="json")
    assert as_json.json["name"] == flow["name"]


def test_a_list_comes_in_pages_without_gap_or_repeat(tenant: Tenant) -> None:
    names = {a_name() for _ in range(5)}
    for name in names:
        tenant.api.post("/flows", {"document": a_document(name)})
    found: list[str] = []
    query = {"limit": "2"}
    while True:
        page = tenant.api.get("/flows", **query).json
        found += [item["name"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]

    assert len(found) == len(set(found))
    assert names <= set(found)


@pytest.mark.parametrize("path", ["/flows", "/conversations"])
def test_a_cursor_that_is_none_is_refused_at_its_name(tenant: Tenant, path: str) -> None:
    answer = tenant.api.get(path, cursor="bm9uZQ")

    assert answer.status == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["/query/cursor"]


def test_a_conversation_is_started_held_and_closed(tenant: Tenant, flow: JsonObject) -> None:
    started = tenant.api.post("/conversations", {"flow": flow["id"], "user": {"name": "Ada"}})
    assert started.status == 201, started.body
    conversation = started.json["conversation"]
    path = f"/conversations/{conversation['id']}"
    assert conversation["status"] == "active"
    waiting = tenant.api.with_headers(prefer="wait=20")

    asked = waiting.post(f"{path}/messages", a_text("where is my order"))
    retried = waiting.post(f"{path}/messages", a_text("12"))

    assert (asked.status, retried.status) == (200, 200), asked.body
    assert asked.json["messages"][0]["sender"] == "ai_agent"
    history = tenant.api.get(f"{path}/messages", limit="100").json["items"]
    assert [item["sequence_number"] for item in history] == list(range(1, len(history) + 1))
    assert [item["content"]["text"] for item in history if item["direction"] == "inbound"] == [
        "where is my order",
        "12",
    ]
    later = tenant.api.get(f"{path}/messages", after=str(len(history) - 1)).json["items"]
    assert [item["sequence_number"] for item in later] == [len(history)]
    trace = tenant.api.get(f"{path}/trace").json["items"]
    assert len(trace) == 3
    closed = tenant.api.post(f"{path}/close", {}).json
    assert (closed["status"], closed["closed_at"] is not None) == ("completed", True)
    refused = waiting.post(f"{path}/messages", a_text("hello?"))
    assert (refused.status, refused.json["code"]) == (409, 3007)


def test_a_form_is_offered_filled_in_once_and_kept_as_it_was_sent(tenant: Tenant) -> None:
    source = (EXAMPLE.parent / "lead_qualification.yaml").read_text(encoding="utf-8")
    lead = tenant.api.post("/flows", {"source": source}).json
    assert tenant.api.post(f"/flows/{lead['id']}/publish", {}).status == 200
    conversation = tenant.api.post("/conversations", {"flow": lead["id"]}).json["conversation"]
    path = f"/conversations/{conversation['id']}/messages"
    waiting = tenant.api.with_headers(prefer="wait=20")
    filled_in = {"type": "form", "values": {"company": "ACME", "seats": 120, "note": None}}

    asked = waiting.post(path, a_text("we want to buy"))
    answered = waiting.post(path, {"content": filled_in})

    (offer,) = asked.json["messages"]
    assert offer["content"]["type"] == "form"
    names = [field["name"] for field in offer["content"]["form"]["fields"]]
    assert names == ["company", "seats", "now", "note"]
    assert answered.status == 200, answered.body
    assert "When would ACME like to start?" in answered.json["messages"][0]["content"]["text"]
    history = tenant.api.get(path, limit="100").json["items"]
    assert [item["content"] for item in history if item["direction"] == "inbound"][1] == filled_in


def a_text(text: str) -> JsonObject:
    return {"content": {"type": "text", "text": text}}


def test_a_start_under_a_key_finds_the_same_conversation(tenant: Tenant, flow: JsonObject) -> None:
    keyed = tenant.api.with_headers(idempotency_key=uuid.uuid4().hex)

    answers = [keyed.post("/conversations", {"flow": flow["id"]}) for _ in range(2)]

    assert answers[0].body == answers[1].body
    assert keyed.post("/conversations", {"flow": flow["id"], "language": "de"}).status == 409


@pytest.mark.usefixtures("without_redis")
def test_without_redis_conversations_go_on(tenant: Tenant, flow: JsonObject) -> None:
    """Sends and starts are safe to repeat even then: their ids come from the key."""
    keyed = tenant.api.with_headers(idempotency_key=uuid.uuid4().hex, prefer="wait=20")

    started = [keyed.post("/conversations", {"flow": flow["id"]}) for _ in range(2)]
    path = f"/conversations/{started[0].json['conversation']['id']}/messages"
    sent = [keyed.post(path, a_text("where is my order")) for _ in range(2)]

    assert [answer.status for answer in (*started, *sent)] == [201, 201, 200, 200]
    assert started[0].json["conversation"]["id"] == started[1].json["conversation"]["id"]
    assert sent[0].json["messages"] == sent[1].json["messages"]
    inbound = [
        item for item in tenant.api.get(path).json["items"] if item["direction"] == "inbound"
    ]
    assert len(inbound) == 1


@pytest.mark.usefixtures("without_redis")
def test_without_redis_nobody_logs_in(tenant: Tenant) -> None:
    answer = Api().post("/auth/token", {"email": tenant.email, "password": PASSWORD})

    assert (answer.status, answer.json["code"]) == (503, 5002)


@pytest.mark.usefixtures("without_redis")
def test_without_redis_the_service_is_degraded_and_ready() -> None:
    answer = Api().get("/health/ready")

    assert (answer.status, answer.json["status"]) == (200, "degraded")
    assert answer.json["stores"]["redis"]["status"] == "down"


def test_how_much_is_left_is_told() -> None:
    """To somebody of whom, and of whose tenant, nobody has heard before."""
    newcomer = Caller(a_tenant_id(), UserId(new_id()), Role.ADMIN)

    answer = Api(newcomer, address="192.0.2.200").get("/flows")

    assert answer.headers["RateLimit-Policy"] == '"caller";q=6000;w=60'
    assert answer.headers["RateLimit"] == '"caller";r=5999;t=1'


def test_a_customer_may_talk_and_nothing_else(tenant: Tenant, flow: JsonObject) -> None:
    guest = Api().post("/auth/guest", {"organization": tenant.slug}).json
    customer = Api(Caller(tenant.admin.tenant_id, UserId(guest["user_id"]), Role.CUSTOMER))

    started = customer.post("/conversations", {"flow": flow["id"]})

    assert started.status == 201
    assert started.json["conversation"]["user_id"] == guest["user_id"]
    for path in ("/flows", f"/flows/{flow['id']}"):
        assert customer.get(path).status == 403
    for_another = customer.post("/conversations", {"flow": flow["id"], "user_id": "someone"})
    assert for_another.status == 404


def test_a_customer_who_asks_too_often_waits_and_nobody_else_does(tenant: Tenant) -> None:
    guests = [Api().post("/auth/guest", {"organization": tenant.slug}).json for _ in range(2)]
    busy, quiet = (
        Api(Caller(tenant.admin.tenant_id, UserId(guest["user_id"]), Role.CUSTOMER), address=at)
        for guest, at in zip(guests, ("203.0.113.50", "203.0.113.51"), strict=True)
    )

    answers = [busy.get("/conversations") for _ in range(140)]

    assert answers[0].headers["RateLimit-Policy"] == '"customer";q=120;w=60'
    refused = [answer for answer in answers if answer.status == 429]
    assert {answer.status for answer in answers[:120]} == {200}
    assert refused
    assert refused[0].headers["Retry-After"] == "1"
    assert quiet.get("/conversations").status == 200
    assert tenant.api.get("/flows").status == 200
