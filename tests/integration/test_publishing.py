"""Flows going live, back and away, through the API, on real stores."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from parley.domain.errors import Conflict
from parley.domain.ids import FlowId
from parley.domain.json import JsonObject
from parley.runtime.wiring import Services
from tests.tenants import a_document
from tests.wired import Tenant, sign_up

pytestmark = pytest.mark.usefixtures("wired")


@pytest.fixture
def tenant(wired: Services) -> Tenant:
    return sign_up(f"publishing-{uuid.uuid4().hex[:12]}", wired)


def saved(tenant: Tenant, name: str, tests: Any = None, **changes: Any) -> JsonObject:
    draft = {"document": a_document(name, **changes)} | ({} if tests is None else {"tests": tests})
    answer = tenant.api.post("/flows", draft)
    assert answer.status == 201, answer.body
    found: JsonObject = answer.json
    return found


def live(tenant: Tenant, name: str, **changes: Any) -> JsonObject:
    flow = saved(tenant, name, **changes)
    answer = tenant.api.post(f"/flows/{flow['id']}/publish", {})
    assert answer.status == 200, answer.body
    found: JsonObject = answer.json
    return found


def says(text: str) -> JsonObject:
    return {"tests": [{"name": "hello", "steps": [{"start": True, "expect": {"text": text}}]}]}


def fails_to_start(fallback: str) -> JsonObject:
    """What to change of a document to make it one that falls back."""
    state = {"name": "broken", "type": "error", "config": {"response_templates": {"en": "Sorry"}}}
    settings = {"fallback_flow": fallback}
    return {"initial_state": "broken", "states": [state], "settings": settings}


def test_a_flow_goes_live_and_back_and_away_and_comes_again(tenant: Tenant) -> None:
    flow = live(tenant, "menu")
    path = f"/flows/{flow['id']}"
    tenant.api.post(f"{path}/versions", {"document": a_document("menu", description="worse")})
    worse = tenant.api.post(f"{path}/publish", {}).json
    assert (worse["active_version"], worse["previous_version"]) == ("1.1", "1.0")

    keyed = tenant.api.with_headers(idempotency_key="back")
    back = [keyed.post(f"{path}/rollback", {"reason": "worse"}) for _ in range(2)]
    again = tenant.api.post(f"{path}/rollback", {})
    archived = tenant.api.post(f"{path}/archive", {}).json
    started = tenant.api.post("/conversations", {"flow": "menu"})
    restored = tenant.api.post(f"{path}/restore", {}).json
    published = tenant.api.post(f"{path}/publish", {"version": "1.0"}).json

    assert [answer.json["active_version"] for answer in back] == ["1.0", "1.0"]
    assert (again.status, again.json["code"]) == (409, 3005)
    assert (archived["status"], archived["is_default"]) == ("archived", False)
    assert started.status == 404
    assert restored["status"] == "inactive"
    assert (published["status"], published["is_default"]) == ("active", True)


def test_a_conversation_goes_on_when_its_flow_is_archived(tenant: Tenant) -> None:
    waits = {
        "name": "hello",
        "type": "response",
        "config": {"response_templates": {"en": "Hello"}},
        "transitions": [{"condition": "any_input", "target_state": "hello"}],
    }
    flow = live(tenant, "menu", states=[waits])
    begun = tenant.api.post("/conversations", {}).json["conversation"]
    tenant.api.post(f"/flows/{flow['id']}/archive", {})

    message = {"content": {"type": "text", "text": "hi"}}
    waiting = tenant.api.with_headers(prefer="wait=10")
    replied = waiting.post(f"/conversations/{begun['id']}/messages", message)

    assert [m["content"]["text"] for m in replied.json["messages"]] == ["Hello"]


def test_the_default_is_chosen_by_whoever_has_seen_the_flow(tenant: Tenant) -> None:
    first, second = live(tenant, "first"), live(tenant, "second")
    path = f"/flows/{second['id']}/default"

    stale = tenant.api.with_headers(if_match='"1"').post(path, {})
    etag = tenant.api.get(f"/flows/{second['id']}").headers["ETag"]
    chosen = tenant.api.with_headers(if_match=etag).post(path, {"reason": "new"})

    assert (stale.status, stale.json["code"]) == (412, 3006)
    assert chosen.json["is_default"] is True
    assert tenant.api.get(f"/flows/{first['id']}").json["is_default"] is False
    begun = tenant.api.post("/conversations", {}).json["conversation"]
    assert begun["flow"] == {"id": second["id"], "version": "1.0"}


def test_a_draft_is_no_default(tenant: Tenant) -> None:
    answer = tenant.api.post(f"/flows/{saved(tenant, 'menu')['id']}/default", {})

    assert answer.status == 409
    assert "publish it" in answer.json["detail"]


def test_of_defaults_chosen_at_once_one_is_left(wired: Services, tenant: Tenant) -> None:
    flows = [live(tenant, f"menu-{n}") for n in range(5)]

    def choose(flow: JsonObject) -> object:
        try:
            return wired.flows.set_default(tenant.admin, FlowId(flow["id"]))
        except Conflict:
            return None

    for _ in range(5):
        with ThreadPoolExecutor(2) as pool:
            assert any([*pool.map(choose, flows[1:])])

        listed = tenant.api.get("/flows").json["items"]
        assert [flow["is_default"] for flow in listed].count(True) == 1


def test_a_flow_that_demands_tests_is_published_with_tests_that_pass(tenant: Tenant) -> None:
    flow = saved(tenant, "menu", says("Bye"), settings={"require_tests": True})
    path = f"/flows/{flow['id']}"

    refused = tenant.api.post(f"{path}/publish", {})
    document = a_document("menu", settings={"require_tests": True})
    version = tenant.api.post(f"{path}/versions", {"document": document, "tests": says("Hello")})
    tested = tenant.api.post(f"{path}/test", {})
    published = tenant.api.post(f"{path}/publish", {})

    assert (refused.status, refused.json["code"]) == (422, 2004)
    assert [error["pointer"] for error in refused.json["errors"]] == ["/tests/tests/0/steps/0"]
    assert (version.status, version.json["version"]) == (201, "1.1")
    assert tested.json["has_passed"] is True
    assert published.json["active_version"] == "1.1"
    shown = tenant.api.get(f"{path}/versions/1.1").json
    assert shown["tests"] == says("Hello")
    exported = tenant.api.get(f"{path}/export", what="tests", format="json")
    assert exported.json == says("Hello")


def test_the_same_again_is_the_same_version(tenant: Tenant) -> None:
    flow = saved(tenant, "menu", says("Hello"))
    draft = {"document": a_document("menu"), "tests": says("Hello")}

    answer = tenant.api.post(f"/flows/{flow['id']}/versions", draft)

    assert (answer.status, answer.json["version"]) == (200, "1.0")
    assert len(tenant.api.get(f"/flows/{flow['id']}/versions").json["items"]) == 1


@pytest.mark.parametrize("tests", [7, [], "", "just words", {"tests": []}, True])
def test_what_is_no_file_of_tests_is_told_by_its_place(tenant: Tenant, tests: Any) -> None:
    answer = tenant.api.post("/flows", {"document": a_document("menu"), "tests": tests})

    assert answer.status == 422
    assert {error["pointer"] for error in answer.json["errors"]} <= {"/tests", "/tests/tests"}


def test_a_flow_that_fails_to_start_is_replaced_by_what_it_was_published_with(
    tenant: Tenant,
) -> None:
    simple = live(tenant, "simple")
    flow = live(tenant, "menu", **fails_to_start("simple"))
    tenant.api.post(
        f"/flows/{simple['id']}/versions", {"document": a_document("simple", description="new")}
    )
    tenant.api.post(f"/flows/{simple['id']}/publish", {})

    keyed = tenant.api.with_headers(idempotency_key=uuid.uuid4().hex)
    first, again = (keyed.post("/conversations", {"flow": "menu"}) for _ in range(2))

    assert first.status == 201, first.body
    assert first.json["conversation"]["flow"] == {"id": simple["id"], "version": "1.0"}
    assert [m["content"]["text"] for m in first.json["messages"]] == ["Hello"]
    assert again.json == first.json
    shown = tenant.api.get(f"/flows/{flow['id']}/versions/1.0").json
    assert shown["calls"] == {"simple": {"id": simple["id"], "version": "1.0"}}
    replayed = tenant.api.post(f"/conversations/{first.json['conversation']['id']}/replay", {})
    assert replayed.json["is_same"] is True
