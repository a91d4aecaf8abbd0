"""S17: what people send is in no log line, whatever becomes of their request."""

import json
import logging
import uuid
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest

from parley.domain.ids import UserId
from parley.runtime.observability import SafeFormatter
from parley.runtime.wiring import Services
from tests.http import Api, route_of
from tests.tenants import a_document, new_id
from tests.wired import Tenant, sign_up

CANARY = "canary-7f3a"
NASTY = f'{CANARY}\r\n{{"level":"FORGED"}}\x1b[31m\u2028'
SPOKEN = NASTY.replace("\x1b", "")


@pytest.fixture(scope="module")
def tenant(wired: Services) -> Tenant:
    return sign_up(f"quiet-{uuid.uuid4().hex[:12]}", wired)


@pytest.fixture
def logged() -> Iterator[StringIO]:
    """Our own lines, and what any library says that Lambda would write beside them."""
    stream = StringIO()
    ours, theirs = logging.StreamHandler(stream), logging.StreamHandler(stream)
    ours.setFormatter(SafeFormatter())
    theirs.setFormatter(logging.Formatter('{"library":"%(name)s","message":"%(message)s"}'))
    logging.getLogger("parley").addHandler(ours)
    logging.getLogger().addHandler(theirs)
    yield stream
    logging.getLogger("parley").removeHandler(ours)
    logging.getLogger().removeHandler(theirs)


MAIL = f"{CANARY}@example.com"


def headers() -> dict[str, str]:
    """A canary in every header that anybody reads."""
    return {
        "User-Agent": NASTY,
        "X-Request-ID": NASTY,
        "Idempotency-Key": f"{CANARY}-{new_id()}",
        "Prefer": NASTY,
        "If-None-Match": NASTY,
        "X-Forwarded-For": CANARY,
        "Authorization": f"Bearer {CANARY}",
        "X-API-Key": CANARY,
        "Cookie": CANARY,
    }


def requests(flow_id: str) -> list[tuple[str, str, Any]]:
    """A canary in every place of a body or path that a caller can write to."""
    document = a_document(f"{CANARY}-{new_id()}", description=SPOKEN)
    shop = {"organization": SPOKEN, "email": MAIL}
    said = {"content": {"type": "text", "text": SPOKEN}}
    talk = {"flow": CANARY, "user_id": MAIL, "user": {CANARY: SPOKEN}}
    return [
        ("POST", "/organizations", {**shop, "slug": CANARY, "password": SPOKEN}),
        ("POST", "/organizations", {**shop, "password": f"{CANARY}-long-enough"}),
        ("POST", "/auth/token", {"email": MAIL, "password": SPOKEN}),
        ("POST", "/auth/token", {"email": NASTY, "password": NASTY}),
        ("POST", "/auth/refresh", {"refresh_token": CANARY}),
        ("POST", "/auth/guest", {"organization": CANARY}),
        ("POST", "/flows", {"document": document}),
        ("POST", "/flows", {"source": f"name: {CANARY}\n  bad: ["}),
        ("POST", "/flows/check", {"source": SPOKEN}),
        ("POST", f"/flows/{flow_id}/versions", {"document": document}),
        ("POST", f"/flows/{flow_id}/publish", {"version": "9.9"}),
        ("GET", f"/flows/{CANARY}", None),
        ("GET", "/flows", None),
        ("POST", "/conversations", talk),
        ("POST", "/conversations", {CANARY: NASTY}),
        ("POST", f"/conversations/{new_id()}/messages", said),
        ("GET", f"/conversations/{CANARY}/messages", None),
    ]


def test_no_log_line_holds_what_people_send(tenant: Tenant, logged: StringIO) -> None:
    flow = tenant.api.post("/flows", {"document": a_document(f"flow-{new_id()}")}).json
    named = replace(tenant.admin, user_id=UserId(MAIL))

    statuses = []
    for method, path, body in requests(flow["id"]):
        for caller in (tenant.admin, named):
            answer = Api(caller, headers=headers()).call(
                method,
                path,
                body=None if body is None else json.dumps(body),
                query={"q": NASTY} if method == "GET" else None,
                route=route_of(method, path),
            )
            statuses.append(answer.status)

    lines = logged.getvalue()
    assert len(set(statuses)) > 5
    assert max(statuses) < 500
    assert CANARY not in lines
    assert "FORGED" not in lines


def test_a_conversation_is_held_without_a_word_of_it_in_a_log_line(
    tenant: Tenant, logged: StringIO
) -> None:
    document = a_document(f"flow-{new_id()}")
    flow = tenant.api.post("/flows", {"document": document}).json
    tenant.api.post(f"/flows/{flow['id']}/publish", {})
    api = tenant.api.with_headers(prefer="wait=20")

    started = api.post(
        "/conversations",
        {"flow": flow["id"], "user_id": MAIL, "user": {"name": SPOKEN}},
    )
    api.post(
        f"/conversations/{started.json['conversation']['id']}/messages",
        {"content": {"type": "text", "text": SPOKEN}},
    )

    assert started.status == 201
    lines = logged.getvalue()
    assert "request.answered" in lines
    assert CANARY not in lines


def test_each_line_is_one_json_object(tenant: Tenant, logged: StringIO) -> None:
    Api(tenant.admin, headers={"X-Request-ID": NASTY}).get("/flows", q="x")

    lines = logged.getvalue().splitlines()
    assert lines
    assert all(isinstance(json.loads(line), dict) for line in lines)
