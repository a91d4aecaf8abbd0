"""Conversations under way when a new version is published: through the API, on real stores."""

import json
import uuid
from typing import Any

import boto3
import pytest

from consumers.take_turn import handler
from parley.domain.access import Caller, Role
from parley.domain.ids import UserId
from parley.domain.json import JsonObject
from parley.runtime.wiring import Services
from tests.http import Answer, Api
from tests.invocations import a_context
from tests.moving import asking
from tests.tenants import new_id
from tests.wired import Tenant, sign_up

V2 = {"ask": "how_old"}


@pytest.fixture(scope="module")
def tenant(wired: Services) -> Tenant:
    return sign_up(f"moving-{uuid.uuid4().hex[:12]}", wired)


@pytest.fixture
def flow_id(tenant: Tenant) -> str:
    """A flow that is live as 1.0; 1.1, which calls its first state otherwise, is a draft."""
    name = f"asking-{uuid.uuid4().hex[:8]}"
    flow_id: str = tenant.api.post("/flows", {"document": {**asking(), "name": name}}).json["id"]
    tenant.api.post(f"/flows/{flow_id}/publish", {})
    document = {**asking("how_old", "So {{ slots.age }}"), "name": name}
    tenant.api.post(f"/flows/{flow_id}/versions", {"document": document})
    return flow_id


def started(tenant: Tenant, flow_id: str, *said: str) -> str:
    conversation_id: str = tenant.api.post("/conversations", {"flow": flow_id}).json[
        "conversation"
    ]["id"]
    for text in said:
        say(tenant, conversation_id, text)
    return conversation_id


def say(tenant: Tenant, conversation_id: str, text: str) -> list[str]:
    """What it is answered."""
    answer = tenant.api.with_headers(prefer="wait=20").post(
        f"/conversations/{conversation_id}/messages", {"content": {"type": "text", "text": text}}
    )
    assert answer.status == 200, answer.body
    return [message["content"]["text"] for message in answer.json["messages"]]


def publish(api: Api, flow_id: str, body: JsonObject, **query: str) -> Answer:
    return api.call("POST", f"/flows/{flow_id}/publish", body=json.dumps(body), query=query)


def drain(wired: Services) -> None:
    """All that is queued becomes its turn."""
    sqs: Any = boto3.client("sqs")
    queue = wired.settings.inbound_queue_url
    while records := [
        {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": {},
            "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:inbound",
        }
        for message in sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, AttributeNames=["All"]
        ).get("Messages", ())
    ]:
        assert handler({"Records": records}, a_context()) == {"batchItemFailures": []}
        for record in records:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=record["receiptHandle"])


def test_conversations_go_on_along_the_version_they_were_moved_to(
    wired: Services, tenant: Tenant, flow_id: str
) -> None:
    waiting, done = started(tenant, flow_id), started(tenant, flow_id, "33")

    published = publish(tenant.api, flow_id, {"migrate": True, "state_map": V2}).json

    assert published["active_version"] == "1.1"
    assert published["migration"] == {
        "queued": 2,
        "immovable": 0,
        "items": [],
        "next_cursor": None,
    }
    drain(wired)
    assert (say(tenant, waiting, "44"), say(tenant, done, "x")) == (["So 44"], ["So 33"])
    shown = tenant.api.get(f"/conversations/{waiting}").json
    assert (shown["flow"]["version"], shown["current_state"]) == ("1.1", "told")
    turns = tenant.api.get(f"/conversations/{waiting}/trace").json["items"]
    assert [(turn["trace"]["event"]["kind"], turn["flow_version"]) for turn in turns] == [
        ("start", "1.0"),
        ("migrate", "1.0"),
        ("message", "1.1"),
    ]
    for one in (waiting, done):
        replayed = tenant.api.post(f"/conversations/{one}/replay", {}).json
        assert replayed["is_same"], replayed


def test_a_dry_run_tells_of_each_conversation_and_changes_nothing(
    wired: Services, tenant: Tenant, flow_id: str
) -> None:
    waiting, done = started(tenant, flow_id), started(tenant, flow_id, "33")

    answer = publish(tenant.api, flow_id, {}, dry_run="true")

    assert answer.status == 200, answer.body
    shown = answer.json["conversations"]
    assert (answer.json["version"], answer.json["is_publishable"]) == ("1.1", True)
    assert (shown["movable"], shown["immovable"], shown["next_cursor"]) == (1, 1, None)
    by_id = {item.pop("conversation_id"): item for item in shown["items"]}
    assert by_id == {
        waiting: {
            "from_version": "1.0",
            "state": "ask",
            "to_state": "ask",
            "can_move": False,
            "reasons": ["there is no state 'ask': map 'ask' to one that there is"],
        },
        done: {
            "from_version": "1.0",
            "state": "told",
            "to_state": "told",
            "can_move": True,
            "reasons": [],
        },
    }
    drain(wired)
    assert tenant.api.get(f"/flows/{flow_id}").json["active_version"] == "1.0"
    assert say(tenant, done, "x") == ["33!"]


def test_a_dry_run_goes_on_from_page_to_page(tenant: Tenant, flow_id: str) -> None:
    begun = sorted(started(tenant, flow_id) for _ in range(3))
    found: list[str] = []
    query = {"dry_run": "true", "limit": "2"}
    while "cursor" not in query or query["cursor"]:
        page = publish(tenant.api, flow_id, {"state_map": V2}, **query).json["conversations"]
        assert page["immovable"] == 0
        found += [item["conversation_id"] for item in page["items"]]
        query["cursor"] = page["next_cursor"]

    assert found == begun


def test_a_dry_run_of_a_flow_with_errors_says_what_is_wrong(tenant: Tenant, flow_id: str) -> None:
    wrong = tenant.api.get(f"/flows/{flow_id}/versions/1.0").json["document"]
    wrong["initial_state"] = "nowhere"
    tenant.api.post(f"/flows/{flow_id}/versions", {"document": wrong})

    answer = publish(tenant.api, flow_id, {}, dry_run="true").json

    assert (answer["is_publishable"], answer["conversations"]) == (False, None)
    assert "/initial_state" in {finding["pointer"] for finding in answer["diagnostics"]}


@pytest.mark.parametrize("query", [{}, {"dry_run": "true"}], ids=["publish", "dry run"])
def test_a_state_map_that_names_what_there_is_not_is_refused(
    tenant: Tenant, flow_id: str, query: dict[str, str]
) -> None:
    names = {"ask": "nowhere", "lost": "told"}

    answer = publish(tenant.api, flow_id, {"migrate": True, "state_map": names}, **query)

    assert answer.status == 422
    assert {error["pointer"] for error in answer.json["errors"]} == {
        "/state_map/ask",
        "/state_map/lost",
    }
    assert tenant.api.get(f"/flows/{flow_id}").json["active_version"] == "1.0"


def test_a_name_that_no_state_can_have_is_refused_at_its_place(
    tenant: Tenant, flow_id: str
) -> None:
    answer = publish(tenant.api, flow_id, {"migrate": True, "state_map": {"a/b": "told"}})

    assert answer.status == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["/state_map/a~1b"]


def test_a_cursor_of_another_list_is_refused_at_its_place(tenant: Tenant, flow_id: str) -> None:
    answer = publish(tenant.api, flow_id, {"migrate": True}, cursor="bm9uZQ")

    assert answer.status == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["/query/cursor"]


def test_a_key_stands_for_the_request_with_its_query(tenant: Tenant, flow_id: str) -> None:
    keyed = tenant.api.with_headers(idempotency_key=uuid.uuid4().hex)
    tried = publish(keyed, flow_id, {"migrate": True}, dry_run="true")

    assert tried.status == 200
    assert publish(keyed, flow_id, {"migrate": True}, dry_run="true").body == tried.body
    assert publish(keyed, flow_id, {"migrate": True}).status == 409


@pytest.mark.parametrize("query", [{}, {"dry_run": "true"}], ids=["publish", "dry run"])
def test_who_may_not_publish_may_not_move(
    tenant: Tenant, flow_id: str, query: dict[str, str]
) -> None:
    agent = Api(Caller(tenant.admin.tenant_id, UserId(new_id()), Role.AGENT))

    assert publish(agent, flow_id, {"migrate": True}, **query).status == 403
