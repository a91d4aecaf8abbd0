"""`Idempotency-Key`, on a real Valkey: the same request again gives the same answer."""

import threading
import uuid
from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from parley.domain.access import Caller, Role
from parley.domain.errors import Conflict, Invalid, NotFound, StillRunning, Unavailable
from parley.domain.ids import TenantId, UserId
from parley.domain.json import JsonObject
from parley.repositories.redis.client import probe, redis_client
from parley.runtime.idempotency import Keyed, answered_once, keyed
from tests.invocations import a_context
from tests.tenants import a_tenant_id


class Counting:
    """An answer that knows how often it was worked out."""

    def __init__(self, status: int = 201) -> None:
        self.times = 0
        self.status = status

    def __call__(self) -> JsonObject:
        self.times += 1
        return {"status": self.status, "body": f"answer {self.times}", "headers": {}}


@pytest.fixture
def client(redis_url: str) -> Iterator[Redis]:
    with redis_client(redis_url) as client:
        yield client


@pytest.fixture
def caller() -> Caller:
    return Caller(a_tenant_id(), UserId("ada"), Role.ADMIN)


def once(client: Redis, request: Keyed, answer: Callable[[], JsonObject]) -> JsonObject:
    return answered_once(
        client, request, a_context(), answer, is_kept=lambda kept: kept["status"] < 400
    )


def test_the_same_request_gives_the_first_answer_again(client: Redis, caller: Caller) -> None:
    answer = Counting()
    request = keyed(caller, "k-1", "POST", "/flows", "{}")

    answers = [once(client, request, answer) for _ in range(3)]

    assert answers == [{"status": 201, "body": "answer 1", "headers": {}}] * 3
    assert answer.times == 1


@pytest.mark.parametrize(
    "other",
    [
        ("POST", "/flows", "[]"),
        ("POST", "/other", "{}"),
        ("POST", "/flows", "{}", '{"dry_run": ["true"]}'),
    ],
)
def test_another_request_under_the_same_key_is_a_conflict(
    client: Redis, caller: Caller, other: tuple[str, ...]
) -> None:
    answer = Counting()
    once(client, keyed(caller, "k-1", "POST", "/flows", "{}"), answer)

    with pytest.raises(Conflict, match="stands for another request"):
        once(client, keyed(caller, "k-1", *other), answer)

    assert answer.times == 1


@pytest.mark.parametrize(
    "other",
    [
        Caller(TenantId("t-2"), UserId("ada"), Role.ADMIN),
        Caller(TenantId("same"), UserId("bob"), Role.ADMIN),
        Caller(TenantId("same"), UserId("ada"), Role.ADMIN, key_id="key-1"),
    ],
)
def test_a_key_is_its_callers_own(client: Redis, other: Caller) -> None:
    answer, key = Counting(), uuid.uuid4().hex
    mine = Caller(TenantId("same"), UserId("ada"), Role.ADMIN)
    once(client, keyed(mine, key, "POST", "/flows", "{}"), answer)

    assert once(client, keyed(other, key, "POST", "/flows", "{}"), answer)["body"] == "answer 2"


def test_of_two_at_once_one_is_told_to_wait(client: Redis, caller: Caller) -> None:
    request = keyed(caller, "k-1", "POST", "/flows", "{}")
    begun, go_on = threading.Event(), threading.Event()
    first: list[JsonObject] = []

    def slowly() -> JsonObject:
        begun.set()
        assert go_on.wait(10)
        return Counting()()

    thread = threading.Thread(target=lambda: first.append(once(client, request, slowly)))
    thread.start()
    assert begun.wait(10)
    second = Counting()

    with pytest.raises(StillRunning):
        once(client, request, second)

    go_on.set()
    thread.join(10)
    assert (len(first), second.times) == (1, 0)
    assert once(client, request, second) == first[0]


def test_an_answer_that_refuses_is_given_and_forgotten(client: Redis, caller: Caller) -> None:
    request = keyed(caller, "k-1", "POST", "/flows", "{}")

    assert once(client, request, Counting(status=422))["status"] == 422
    assert once(client, request, Counting())["status"] == 201


def test_an_error_frees_the_key(client: Redis, caller: Caller) -> None:
    request = keyed(caller, "k-1", "POST", "/flows", "{}")

    def fail() -> JsonObject:
        raise NotFound("flow", "f-1")

    with pytest.raises(NotFound):
        once(client, request, fail)

    assert once(client, request, Counting())["status"] == 201


def test_a_request_that_died_is_run_again_once_its_time_is_up(
    client: Redis, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R13: crash in the middle; the retry completes once."""
    request = keyed(caller, "k-1", "POST", "/flows", "{}")

    class Died(BaseException):
        """As if the process had been killed: nothing is tidied up."""

    def die() -> JsonObject:
        raise Died

    monkeypatch.setattr(Redis, "delete", lambda *_: 0)
    with pytest.raises(Died):
        answered_once(client, request, a_context(left_ms=0), die, is_kept=lambda _: True)

    answer = Counting()
    assert once(client, request, answer)["status"] == 201
    assert once(client, request, answer)["body"] == "answer 1"


def test_an_answer_is_kept_for_a_day_under_the_tenants_name(client: Redis, caller: Caller) -> None:
    once(client, keyed(caller, "secret-key", "POST", "/flows", "{}"), Counting())

    (key,) = client.scan_iter(f"{{{caller.tenant_id}}}:idempotency:ada#*")

    assert 86_000 < client.ttl(key) <= 86_400
    assert "secret-key" not in str(key)


@pytest.mark.parametrize("answer", [Counting(), Counting(status=404)])
def test_without_redis_a_request_runs_all_the_same_and_once(
    caller: Caller, answer: Counting
) -> None:
    away = redis_client("redis://127.0.0.1:1")
    request = keyed(caller, "k-1", "POST", "/flows", "{}")

    assert once(away, request, answer)["body"] == "answer 1"
    assert answer.times == 1


@pytest.mark.parametrize("is_refused", [False, True])
def test_a_redis_that_goes_away_meanwhile_makes_nothing_run_twice(
    client: Redis, caller: Caller, *, is_refused: bool
) -> None:
    request = keyed(caller, "k-1", "POST", "/flows", "{}")
    answer = Counting(status=422 if is_refused else 201)

    def cut() -> JsonObject:
        client.connection_pool.connection_kwargs["port"] = 1
        client.connection_pool.reset()
        return answer()

    assert once(client, request, cut)["body"] == "answer 1"
    assert answer.times == 1
    with pytest.raises(Unavailable):
        probe(client)


def test_an_error_is_told_even_when_redis_has_gone_away(client: Redis, caller: Caller) -> None:
    request = keyed(caller, "k-1", "POST", "/flows", "{}")

    def cut() -> JsonObject:
        client.connection_pool.connection_kwargs["port"] = 1
        client.connection_pool.reset()
        raise NotFound("flow", "f-1")

    with pytest.raises(NotFound):
        once(client, request, cut)


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "k" * 129, "\x00", "a\n"])
def test_a_key_is_visible_ascii(caller: Caller, key: str) -> None:
    with pytest.raises(Invalid):
        keyed(caller, key, "POST", "/flows", "{}")
