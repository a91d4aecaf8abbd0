"""The sample events are real: each runs through its handler's own parsing to the use case."""

import importlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from parley.domain.access import Caller, Role
from parley.domain.errors import Unavailable
from parley.domain.ids import TenantId, UserId
from parley.domain.json import JsonObject
from parley.runtime.wiring import services
from tests.deployment.stack import Handler, functions, handlers, routes_of
from tests.invocations import a_context

PUBLIC_WITHOUT_SERVICE = {"docs/serve_openapi", "docs/show_docs", "health/report_health"}
ASKS_NOBODY = PUBLIC_WITHOUT_SERVICE | {"live/connect"}


class Reached(Unavailable):
    """The use case was called; nothing more is to be shown."""

    code = 9999


@dataclass
class UseCases:
    """Stands for any service: notes what is called, then answers or fails as it was told."""

    answer: object = 0
    calls: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        def call(*_args: object, **_named: object) -> object:
            self.calls.append(name)
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

        return call


@dataclass
class Unlimited:
    """A limiter that never has enough."""

    def take(self, *_args: object) -> None:
        return None


@pytest.fixture
def use_cases(monkeypatch: pytest.MonkeyPatch) -> Iterator[UseCases]:
    """The process's services, all of them the one that is returned."""
    monkeypatch.setenv("PARLEY_STAGE", "local")
    services.cache_clear()
    found = UseCases()
    members = (
        "access",
        "callbacks",
        "conversations",
        "delivery",
        "events",
        "flows",
        "health",
        "live",
    )
    for name in (*members, "organizations", "outbox", "timers", "turns"):
        vars(services())[name] = found
    vars(services())["limiter"] = Unlimited()
    yield found
    services.cache_clear()


def sent_to(handler: Handler) -> JsonObject:
    """What the function answers to its sample event."""
    module = importlib.import_module(handler.name.replace("/", "."))
    answer: JsonObject = module.handler(json.loads(handler.event_file.read_text()), a_context())
    return answer


def in_folder(*folders: str) -> pytest.MarkDecorator:
    chosen = [h for h in handlers() if h.file.parent.name in folders]
    return pytest.mark.parametrize("handler", chosen, ids=lambda handler: handler.name)


ROUTED = pytest.mark.parametrize(
    "handler", [h for h in handlers() if h.route], ids=lambda handler: handler.name
)


@ROUTED
def test_a_sample_request_is_for_its_function_s_route(handler: Handler) -> None:
    event = json.loads(handler.event_file.read_text())

    (route,) = routes_of(functions()[handler.logical_id])
    assert (event["httpMethod"], event["resource"]) == (route["Method"], route["Path"])
    path = event["resource"].format(**event["pathParameters"] or {})
    assert event["path"] == path


@ROUTED
def test_a_sample_request_reaches_the_use_case(handler: Handler, use_cases: UseCases) -> None:
    use_cases.answer = Reached("this far")

    answer = sent_to(handler)

    if handler.name in PUBLIC_WITHOUT_SERVICE:
        assert answer["statusCode"] == 200
    else:
        assert len(use_cases.calls) == 1
        assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (503, 9999)


@in_folder("consumers")
def test_a_sample_batch_is_worked_on_record_by_record(
    handler: Handler, use_cases: UseCases
) -> None:
    records = json.loads(handler.event_file.read_text())["Records"]

    answer = sent_to(handler)

    assert answer == {"batchItemFailures": []}
    assert len(use_cases.calls) == len(records)


@in_folder("schedules")
def test_a_sample_tick_does_what_is_due(handler: Handler, use_cases: UseCases) -> None:
    use_cases.answer = 3

    assert sent_to(handler) == {"done": 3}
    assert len(use_cases.calls) == 1


@pytest.mark.parametrize("name", ["auth/authorize", "live/authorize_connection"])
def test_a_sample_credential_is_proven(name: str, use_cases: UseCases) -> None:
    (handler,) = (handler for handler in handlers() if handler.name == name)
    use_cases.answer = Caller(TenantId("t"), UserId("u"), Role.AGENT)

    answer = sent_to(handler)

    assert use_cases.calls == ["authenticate"]
    assert answer["context"] == {"tenant_id": "t", "user_id": "u", "role": "agent"}


@pytest.mark.parametrize("name", ["connect", "disconnect", "receive"])
def test_a_sample_of_the_websocket_is_taken(name: str, use_cases: UseCases) -> None:
    (handler,) = (handler for handler in handlers() if handler.name == f"live/{name}")
    use_cases.answer = "m-1"

    answer = sent_to(handler)

    calls = {"connect": [], "disconnect": ["leave"], "receive": ["send"]}
    assert answer["statusCode"] == 200
    assert use_cases.calls == calls[name]


def test_every_handler_is_of_a_kind_that_is_tried_here() -> None:
    tried = {h.name for h in handlers() if h.route}
    tried |= {h.name for h in handlers() if h.file.parent.name in ("consumers", "schedules")}
    tried |= {"auth/authorize", "live/authorize_connection"}
    tried |= {"live/connect", "live/disconnect", "live/receive"}

    assert tried == {handler.name for handler in handlers()}
