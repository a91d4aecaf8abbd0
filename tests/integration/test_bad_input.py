"""300 malformed bodies against every route: a 4xx problem that says where, never a 5xx."""

import base64
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count, product
from pathlib import Path
from typing import Any

import pytest

from parley.domain.access import Caller
from parley.domain.conversations import Channel, FlowPin, FlowVersion
from parley.domain.ids import ConversationId, FlowId, UserId
from parley.domain.json import JsonObject
from parley.engine.services import Callback
from parley.runtime.chance import now
from parley.runtime.wiring import Services
from parley.services.openings import Opening, opened
from tests.http import Answer, Api, Route, routes
from tests.malformed import BODIES, malformed
from tests.tenants import NOW, a_document, new_id
from tests.wired import PASSWORD, Tenant, sign_up

DESCRIPTION = json.loads((Path(__file__).parents[2] / "docs/openapi.json").read_text("utf-8"))
_addresses = count(1)

VALID: dict[str, dict[str, Any]] = {
    "POST /organizations": {
        "organization": "Shop",
        "email": "a@shop.example",
        "password": PASSWORD,
    },
    "POST /auth/token": {"email": "a@shop.example", "password": PASSWORD},
    "POST /auth/refresh": {"refresh_token": "rt_x"},
    "POST /auth/logout": {"refresh_token": "rt_x"},
    "POST /auth/guest": {"organization": "shop"},
    "POST /flows": {"document": a_document("one")},
    "POST /flows/check": {"document": a_document("one")},
    "POST /flows/{flow_id}/versions": {"document": a_document("one")},
    "POST /flows/{flow_id}/publish": {"version": "1.0", "migrate": True, "state_map": {}},
    "POST /flows/{flow_id}/rollback": {"version": "1.0"},
    "POST /flows/{flow_id}/default": {"reason": "the new menu"},
    "POST /flows/{flow_id}/archive": {"reason": "replaced"},
    "POST /flows/{flow_id}/restore": {"reason": "back for spring"},
    "POST /flows/{flow_id}/test": {
        "document": {"tests": [{"name": "hello", "steps": [{"start": True}]}]}
    },
    "POST /conversations": {"flow": "order-status"},
    "POST /conversations/{conversation_id}/messages": {"content": {"type": "text", "text": "hi"}},
    "POST /conversations/{conversation_id}/close": {"status": "completed"},
    "POST /conversations/{conversation_id}/replay": {"document": a_document("one")},
    "POST /callbacks/{token}": {"status": "success", "data": {"receipt": "R1"}},
}


@pytest.fixture(scope="module")
def tenant(wired: Services) -> Tenant:
    return sign_up(f"bad-{uuid.uuid4().hex[:12]}", wired)


@pytest.fixture(scope="module")
def ids(wired: Services, tenant: Tenant) -> Mapping[str, str]:
    flow = tenant.api.post("/flows", {"document": a_document("one")}).json
    conversation = opened(
        tenant.admin.tenant_id,
        ConversationId(new_id()),
        Opening(Channel.WEB, UserId("visitor"), "en", {}),
        FlowPin(FlowId(flow["id"]), FlowVersion("1.0")),
        NOW,
    )
    assert wired.mongo_conversations.add(replace(conversation, rev=1), None)
    callback = Callback("1-0", now() + timedelta(minutes=1))
    return {
        "flow_id": flow["id"],
        "version": "1.0",
        "conversation_id": conversation.id,
        "token": wired.callbacks.token(tenant.admin.tenant_id, conversation.id, callback),
    }


def _as_anyone(caller: Caller) -> Api:
    """A caller of the tenant whom no limit knows yet."""
    number = next(_addresses)
    fresh = replace(caller, user_id=UserId(new_id()))
    return Api(fresh, address=f"198.51.{number // 250 % 250}.{number % 250}")


def _with_body() -> list[Route]:
    return [route for route in routes() if route.method == "POST"]


def _fields(route: Route) -> list[str]:
    """The fields that the route's body may have, as the description tells."""
    operation = DESCRIPTION["paths"][route.path][route.method.lower()]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    named = DESCRIPTION["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return list(named["properties"])


def _complaint(answer: Answer) -> str | None:
    """What is wrong with an answer to a malformed body; None if it is as it should be."""
    if not 400 <= answer.status < 500:
        return f"{answer.status}: {answer.body[:200]}"
    if answer.headers["Content-Type"] != "application/problem+json":
        return f"is {answer.headers['Content-Type']}"
    errors = answer.json.get("errors") or []
    if not errors or any(set(error) != {"pointer", "message"} for error in errors):
        return f"says not where: {answer.body[:200]}"
    if any(error["pointer"] and not error["pointer"].startswith("/") for error in errors):
        return f"has pointers that are none: {answer.body[:200]}"
    return None


@pytest.mark.parametrize("route", _with_body(), ids=str)
def test_a_malformed_body_is_refused_with_a_pointer(
    tenant: Tenant, ids: Mapping[str, str], route: Route
) -> None:
    bodies = malformed(VALID[str(route)], _fields(route))
    path = route.path.format(**ids)

    complaints = {
        str(body): complaint
        for body in bodies
        if (
            complaint := _complaint(
                _as_anyone(tenant.admin).call(
                    "POST", path, body=body.body, is_base64=body.raw is not None
                )
            )
        )
    }

    assert len({str(body) for body in bodies}) == BODIES
    assert complaints == {}


@pytest.mark.parametrize("route", [route for route in routes() if route.method == "GET"], ids=str)
def test_a_malformed_body_changes_nothing_where_none_is_read(
    tenant: Tenant, ids: Mapping[str, str], route: Route
) -> None:
    """A body has no meaning in a GET (RFC 9110, 9.3.1): at most it is refused unread."""
    path = route.path.format(**ids)
    usual = _as_anyone(tenant.admin).call("GET", path).status

    statuses = {
        _as_anyone(tenant.admin)
        .call("GET", path, body=body.body, is_base64=body.raw is not None)
        .status
        for body in malformed({"a": "b"}, ["a", "b"])
    }

    assert statuses <= {usual, 400, 413}


_PICTURE = {"url": "https://a.example/b.png", "type": "image/png"}
_CONTENTS: list[tuple[JsonObject, str]] = [
    ({"type": "hologram"}, "/content"),
    ({"type": "text"}, "/content/text"),
    ({"type": "form"}, "/content/values"),
    ({"type": "form", "values": None}, "/content/values"),
    ({"type": "form", "values": ["x"]}, "/content/values"),
    ({"type": "form", "values": {"seats": {"$gt": 0}}}, "/content/values/seats"),
    ({"type": "form", "values": {"seats": [1]}}, "/content/values/seats"),
    ({"type": "form", "values": {"seats": 2**53 + 1}}, "/content/values/seats"),
    ({"type": "form", "values": {"seats": "x" * 5_001}}, "/content/values/seats"),
    ({"type": "form", "values": {"$where": "1"}}, "/content/values/$where"),
    ({"type": "form", "values": {"a.b": "1"}}, "/content/values/a.b"),
    ({"type": "form", "values": {f"f{n}": 1 for n in range(21)}}, "/content/values"),
    ({"type": "form", "values": dict.fromkeys("abc", "x" * 4_000)}, "/content/values"),
    ({"type": "form", "values": {}, "form": {}}, "/content/form"),
    (
        {"type": "image", "media": {**_PICTURE, "size_bytes": 10_485_761}},
        "/content/media/size_bytes",
    ),
    ({"type": "image", "media": {**_PICTURE, "url": "javascript:alert(1)"}}, "/content/media/url"),
    ({"type": "audio", "media": _PICTURE}, "/content"),
    (
        {"type": "location", "location": {"latitude": 91, "longitude": 0}},
        "/content/location/latitude",
    ),
]


@pytest.mark.parametrize(("content", "pointer"), _CONTENTS, ids=str)
def test_a_content_that_is_none_is_refused_at_its_place(
    tenant: Tenant, ids: Mapping[str, str], content: JsonObject, pointer: str
) -> None:
    path = f"/conversations/{ids['conversation_id']}/messages"
    answer = _as_anyone(tenant.admin).call("POST", path, body=json.dumps({"content": content}))

    assert answer.status == 422, answer.body
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def _bad_values() -> Iterator[str]:
    yield from ("\x00", "a\x00b", "\ud800", "\x1b[31m", "\x7f", "\r\nX-Evil: 1")
    yield from ("-1", "0", "101", "1e9", "NaN", "9" * 30, "true", "[]", "{}", "%00", "'")
    yield from ("' OR '1'='1", "$ne", '{"$gt": ""}', "../../etc/passwd", "a" * 5_000)
    yield from (
        "2026-13-45",
        "2026-01-01",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
    )


def _asking(
    tenant: Tenant, ids: Mapping[str, str], route: Route, query: Mapping[str, str]
) -> Answer:
    """A valid request but for its query."""
    body = json.dumps(VALID[str(route)]) if route.method == "POST" else None
    path = route.path.format(**ids)
    return _as_anyone(tenant.admin).call(route.method, path, body=body, query=query)


def _parameters(route: Route) -> list[str]:
    operation = DESCRIPTION["paths"][route.path][route.method.lower()]
    return [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"]


@pytest.mark.parametrize(
    ("route", "parameter"),
    [(route, parameter) for route in routes() for parameter in _parameters(route)],
    ids=str,
)
def test_a_bad_query_parameter_is_never_our_error(
    tenant: Tenant, ids: Mapping[str, str], route: Route, parameter: str
) -> None:
    answers = {value: _asking(tenant, ids, route, {parameter: value}) for value in _bad_values()}

    assert {value: a.body[:200] for value, a in answers.items() if a.status >= 500} == {}
    refused = [answer for answer in answers.values() if answer.status == 422]
    assert refused
    assert all(answer.json["errors"] for answer in refused)


_FORGED_PARTS: Sequence[Any] = (
    *("x", "x\x00", "\ud800", -1, 2**31, 2**53, 2**63, 2**70, True, None, 1.5, []),
    *("2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00", "0001-01-01T00:00:00+23:59"),
    *("9999-12-31T23:59:59-23:59", "01923456-789a-7bcd-8ef0-123456789abc"),
)
"""What somebody may put into a cursor of their own making."""
_INSTANT = "2026-01-01T00:00:00Z"


def _forged_cursors() -> Iterator[str]:
    """One part, and two or three of which all but one may be what some list gives."""
    for parts in (
        *([one] for one in _FORGED_PARTS),
        *product(("after", "before", "sideways", *_FORGED_PARTS[-5:]), _FORGED_PARTS),
        *product(("-updated_at",), (_INSTANT,), _FORGED_PARTS),
        *product(("-updated_at", "name"), _FORGED_PARTS, _FORGED_PARTS[-1:]),
        *product(("name",), ("x",), _FORGED_PARTS),
        *product(("1.0",), _FORGED_PARTS),
        *product(_FORGED_PARTS, ("x",)),
    ):
        yield base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize("route", [route for route in routes() if route.method != "GET"], ids=str)
def test_a_write_is_not_done_with_a_parameter_that_it_does_not_have(
    tenant: Tenant, ids: Mapping[str, str], route: Route
) -> None:
    """Whoever writes `dryrun=true` publishes nothing."""
    answer = _asking(tenant, ids, route, {"dryrun": "true"})

    assert answer.status == 422, answer.body
    assert [error["pointer"] for error in answer.json["errors"]] == ["/query/dryrun"]


@pytest.mark.parametrize(
    ("route", "query"),
    [
        (route, query)
        for route in routes()
        if "cursor" in _parameters(route)
        for query in ({}, {"sort": "name"})
        if query.keys() <= {*_parameters(route)}
    ],
    ids=str,
)
def test_a_forged_cursor_is_refused_or_reads_on(
    tenant: Tenant, ids: Mapping[str, str], route: Route, query: dict[str, str]
) -> None:
    answers = {
        cursor: _asking(tenant, ids, route, {**query, "cursor": cursor})
        for cursor in _forged_cursors()
    }

    assert {c: a.body[:200] for c, a in answers.items() if a.status not in {200, 422}} == {}
    refused = [answer.json["errors"] for answer in answers.values() if answer.status == 422]
    assert refused
    assert {error["pointer"] for errors in refused for error in errors} == {"/query/cursor"}


@pytest.mark.parametrize("bad", ["x", "0" * 36, "%00", "\x00", "..", "ABCDEF", "a" * 3_000, "'"])
@pytest.mark.parametrize("route", [route for route in routes() if route.parameters], ids=str)
def test_an_id_that_is_none_is_not_found(
    tenant: Tenant, ids: Mapping[str, str], route: Route, bad: str
) -> None:
    name = route.parameters[0]
    path = route.path.format(**{**ids, name: bad})
    body = json.dumps(VALID[str(route)]) if route.method == "POST" else None

    answer = _as_anyone(tenant.admin).call(route.method, path, body=body, route=route)

    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "version", ["0", "1", "1.0.0.0", "latest", "1.0'", "9" * 400, "1.999999999999"]
)
def test_a_version_that_is_none_is_not_found(
    tenant: Tenant, ids: Mapping[str, str], version: str
) -> None:
    answer = tenant.api.get(f"/flows/{ids['flow_id']}/versions/{version}")

    assert answer.status == 404


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Idempotency-Key", ""),
        ("Idempotency-Key", "a b"),
        ("Idempotency-Key", "é"),
        ("Idempotency-Key", "k" * 129),
        ("Idempotency-Key", "\x00"),
        ("If-Match", "1"),
        ("If-Match", '"abc"'),
        ("If-Match", '"' + "9" * 40 + '"'),
        ("Content-Type", "Application/JSON"),
        ("Content-Type", "text/plain"),
        ("Content-Type", "multipart/form-data; boundary=x"),
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Content-Type", "application/xml"),
    ],
)
def test_a_bad_header_is_refused(
    tenant: Tenant, ids: Mapping[str, str], header: str, value: str
) -> None:
    api = replace(tenant.api, headers={header: value})

    answer = api.post(f"/flows/{ids['flow_id']}/versions", {"document": a_document("one")})

    assert answer.status in {415, 422}
    assert answer.json["errors"]


@pytest.mark.parametrize(
    "prefer", ["", "wait", "wait=", "wait=-1", "wait=x", "wait=0", "\x00", ";;,"]
)
def test_a_preference_that_says_nothing_is_no_error(
    tenant: Tenant, ids: Mapping[str, str], prefer: str
) -> None:
    """RFC 7240, 2: what is not understood is ignored."""
    api = replace(tenant.api, headers={"Prefer": prefer})

    answer = api.post(
        f"/conversations/{ids['conversation_id']}/messages",
        VALID["POST /conversations/{conversation_id}/messages"],
    )

    assert answer.status == 202
