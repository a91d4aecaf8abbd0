"""Frames in, answers out: nothing a client sends makes the function fail."""

import json
import time
from collections.abc import Iterator

import pytest

from parley.channels.web import Frame
from parley.domain.errors import LimitExceeded, NotFound, PlatformError, Unavailable
from parley.domain.json import JsonObject
from parley.domain.rates import Rate
from parley.repositories.memory.rates import MemoryRates
from parley.runtime.frames import Connection, frame_handler
from parley.runtime.limits import Limiter, Limits
from parley.runtime.live import connection_handler
from parley.runtime.wiring import Services, services
from tests.invocations import a_context

pytestmark = pytest.mark.disable_socket

PROVEN = {"tenant_id": "t", "user_id": "u", "role": "customer", "principalId": "u"}
TYPING = json.dumps({"action": "typing", "conversation_id": "c"})


@pytest.fixture(autouse=True)
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PARLEY_STAGE", "local")
    services.cache_clear()
    counts = MemoryRates(lambda: 0)
    vars(services())["limiter"] = Limiter(
        lambda _tenant_id: counts, customers=Limits(caller=Rate("customer", 3, 60))
    )
    yield
    services.cache_clear()


class Left:
    """Stands for the live service: which connections it was told to forget."""

    def __init__(self) -> None:
        self.connections: list[str] = []

    def leave(self, connection_id: str) -> None:
        self.connections.append(connection_id)


def test_frames_count_as_calls_do() -> None:
    """A customer's connection is no way around their limit."""
    codes = [
        json.loads(answered(an_event(), {"event": "x"})["body"]).get("problem", {}).get("code")
        for _ in range(5)
    ]

    assert codes == [None, None, None, 3003, 3003]


def test_a_connection_outlives_its_token_and_is_told_so() -> None:
    left = vars(services())["live"] = Left()
    past, future = (str(int(time.time()) + seconds) for seconds in (-1, 60))

    expired = answered(an_event(authorizer=PROVEN | {"expires_at": past}), {"event": "x"})
    valid = answered(an_event(authorizer=PROVEN | {"expires_at": future}), {"event": "x"})

    problem = json.loads(expired["body"])["problem"]
    assert (problem["status"], problem["code"], expired["seen"]) == (401, 1003, [])
    assert json.loads(valid["body"]) == {"event": "x"}
    assert left.connections == ["k"]


def an_event(body: str | None = TYPING, authorizer: JsonObject | None = None) -> JsonObject:
    context = {
        "connectionId": "k",
        "requestId": "r",
        "authorizer": authorizer or PROVEN,
        "identity": {"sourceIp": "203.0.113.7"},
    }
    return {"requestContext": context, "body": body, "isBase64Encoded": False}


def answered(event: JsonObject, outcome: JsonObject | Exception | None = None) -> JsonObject:
    seen: list[tuple[Frame, Connection]] = []

    def receive(frame: Frame, connection: Connection, _services: Services) -> JsonObject | None:
        seen.append((frame, connection))
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    answer = frame_handler(receive)(event, a_context())
    return answer | {"seen": seen}


def test_a_frame_comes_with_who_sent_it_over_which_connection() -> None:
    answer = answered(an_event(), {"event": "x"})

    ((frame, connection),) = answer["seen"]
    assert frame.conversation_id == "c"
    assert (connection.id, connection.request_id) == ("k", "r")
    assert (connection.caller.tenant_id, connection.caller.user_id) == ("t", "u")
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"event": "x"})


def test_where_there_is_nothing_to_say_nothing_is_said() -> None:
    answer = answered(an_event())

    assert "body" not in answer


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFound("conversation", "c"), 404, 3001),
        (LimitExceeded("slow down", limit="l", retry_after_s=1), 429, 3003),
        (Unavailable("away"), 503, 5002),
        (ZeroDivisionError("secret"), 500, 5001),
    ],
)
def test_an_error_is_an_answer_with_a_problem(error: PlatformError, status: int, code: int) -> None:
    answer = answered(an_event(), error)

    told = json.loads(answer["body"])
    assert answer["statusCode"] == 200
    assert (told["event"], told["problem"]["status"], told["problem"]["code"]) == (
        "error",
        status,
        code,
    )
    assert told["problem"]["instance"] == "r"
    assert "secret" not in answer["body"]


@pytest.mark.parametrize(
    "body",
    [None, "", "{", "[]", '{"action":"shout","conversation_id":"c"}', "x" * 40_000, "\ud800"],
)
def test_a_frame_that_cannot_be_taken_is_told_so(body: str | None) -> None:
    answer = answered(an_event(body))

    told = json.loads(answer["body"])
    assert answer["seen"] == []
    assert (told["event"], told["problem"]["status"]) == ("error", 422)


def test_whoever_is_not_proven_is_told_so() -> None:
    answer = answered(an_event(authorizer={"principalId": "nobody"}))

    assert json.loads(answer["body"])["problem"]["status"] == 401
    assert answer["seen"] == []


def test_a_connection_that_comes_or_goes_is_named() -> None:
    seen: list[str] = []

    answer = connection_handler(lambda connection_id, _services: seen.append(connection_id))(
        an_event(), a_context()
    )

    assert (answer, seen) == ({"statusCode": 200}, ["k"])
