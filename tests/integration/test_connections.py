"""Who watches what, on a real server; and pushing to them."""

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from redis import Redis

from parley.domain.errors import Unavailable
from parley.domain.ids import ConversationId, TenantId, UserId
from parley.repositories.redis.client import redis_client
from parley.repositories.redis.connections import MAX_WATCHERS, RedisConnections
from parley.repositories.redis.keys import CONNECTION_EXPIRY_S, connection_key, watchers_key
from parley.runtime.live import ANSWER_WITHIN_S, PAUSE_S, PUSH_WITHIN_S, ApiGatewayLive

ID = ConversationId("c")
type Stopwatch = Callable[[], float]


@pytest.fixture
def tenant() -> TenantId:
    return TenantId(str(uuid4()))


@pytest.fixture
def client(redis_url: str) -> Iterator[Redis]:
    with redis_client(redis_url) as found:
        yield found


@pytest.fixture
def connections(client: Redis) -> RedisConnections:
    return RedisConnections(client)


def test_watchers_are_those_who_registered(connections: RedisConnections, tenant: TenantId) -> None:
    for connection_id in ("k1", "k2", "k1"):
        connections.add(tenant, ID, connection_id)

    assert sorted(connections.list(tenant, ID)) == ["k1", "k2"]


def test_another_tenant_s_watchers_are_not_seen(connections: RedisConnections) -> None:
    connections.add(TenantId("a"), ID, "k1")

    assert connections.list(TenantId("b"), ID) == []


def test_one_who_left_watches_nothing_any_more(
    connections: RedisConnections, client: Redis, tenant: TenantId
) -> None:
    other = ConversationId("c-2")
    connections.add(tenant, ID, "k3")
    connections.add(tenant, other, "k3")
    connections.add(tenant, other, "k4")

    connections.remove("k3")

    assert (connections.list(tenant, ID), connections.list(tenant, other)) == ([], ["k4"])
    assert client.exists(connection_key("k3")) == 0


def test_one_nobody_knows_may_leave(connections: RedisConnections) -> None:
    connections.remove("nobody")


def test_a_watcher_is_forgotten_when_its_time_is_up(
    connections: RedisConnections, client: Redis, tenant: TenantId
) -> None:
    connections.add(tenant, ID, "k1")
    connections.add(tenant, ID, "k2")
    client.zadd(watchers_key(tenant, ID), {"k1": 1})

    assert connections.list(tenant, ID) == ["k2"]
    connections.add(tenant, ID, "k2")
    assert client.zscore(watchers_key(tenant, ID), "k1") is None


def test_nothing_of_it_stays_for_ever(
    connections: RedisConnections, client: Redis, tenant: TenantId
) -> None:
    connections.add(tenant, ID, "k1")

    for key in (watchers_key(tenant, ID), connection_key("k1")):
        assert 0 < client.ttl(key) <= CONNECTION_EXPIRY_S


def test_a_conversation_has_so_many_watchers_and_no_more(
    connections: RedisConnections, tenant: TenantId
) -> None:
    for n in range(MAX_WATCHERS + 5):
        connections.add(tenant, ID, f"k{n:03}")

    assert len(connections.list(tenant, ID)) == MAX_WATCHERS


def test_a_server_that_is_gone_is_unavailable() -> None:
    connections = RedisConnections(redis_client("redis://127.0.0.1:1/0"))

    for attempt in (
        lambda: connections.add(TenantId("t"), ID, "k"),
        lambda: connections.list(TenantId("t"), ID),
        lambda: connections.remove("k"),
    ):
        with pytest.raises(Unavailable):
            attempt()


@dataclass
class Gateway:
    """API Gateway's management API: some connections have gone, some cannot be reached."""

    gone: set[str] = field(default_factory=set)
    cut_off: set[str] = field(default_factory=set)
    told: list[tuple[str, bytes]] = field(default_factory=list)

    class exceptions:  # noqa: N801 -- boto3 calls it so
        class GoneException(ClientError):  # type: ignore[misc]  # boto3 has no types
            pass

    def post_to_connection(self, *, ConnectionId: str, Data: bytes) -> None:  # noqa: N803 -- as above
        if ConnectionId in self.gone:
            raise self.exceptions.GoneException({"Error": {"Code": "GoneException"}}, "Post")
        if ConnectionId in self.cut_off:
            raise EndpointConnectionError(endpoint_url="x")
        self.told.append((ConnectionId, Data))


def a_live(
    connections: Any, gateway: Gateway, stopwatch: Stopwatch = time.monotonic
) -> ApiGatewayLive:
    live = ApiGatewayLive("http://gateway", connections, stopwatch=stopwatch)
    vars(live)["_gateway"] = gateway
    return live


def test_a_push_reaches_everyone_who_watches_and_forgets_those_who_are_gone(
    connections: RedisConnections, tenant: TenantId
) -> None:
    gateway = Gateway(gone={"gone"}, cut_off={"cut"})
    live = a_live(connections, gateway)
    for connection_id in ("k1", "gone", "cut", "k2"):
        live.subscribe(tenant, ID, connection_id=connection_id, user_id=UserId("u"))

    reached = live.push(tenant, ID, {"event": "message", "text": "\u00fc"})

    body = '{"event":"message","text":"\u00fc"}'.encode()
    assert reached == 2
    assert sorted(gateway.told) == [("k1", body), ("k2", body)]
    assert sorted(connections.list(tenant, ID)) == ["cut", "k1", "k2"]


def test_a_push_nobody_watches_reaches_nobody(
    connections: RedisConnections, tenant: TenantId
) -> None:
    assert a_live(connections, Gateway()).push(tenant, ID, {}) == 0


def test_a_push_that_cannot_know_who_watches_says_so() -> None:
    away = RedisConnections(redis_client("redis://127.0.0.1:1/0"))

    with pytest.raises(Unavailable):
        a_live(away, Gateway()).push(TenantId("t"), ID, {})


@dataclass
class SlowGateway(Gateway):
    """Takes `seconds` of its own clock for each post, whether it comes to anything or not."""

    seconds: float = 2.0
    at: float = 0.0
    posts: int = 0

    def post_to_connection(self, *, ConnectionId: str, Data: bytes) -> None:  # noqa: N803 -- as above
        self.at += self.seconds
        self.posts += 1
        super().post_to_connection(ConnectionId=ConnectionId, Data=Data)

    def now(self) -> float:
        return self.at


def a_watched(
    connections: RedisConnections, tenant: TenantId, gateway: SlowGateway
) -> ApiGatewayLive:
    """Fifty watchers, whom a slow gateway has to tell."""
    live = a_live(connections, gateway, gateway.now)
    for n in range(MAX_WATCHERS):
        live.subscribe(tenant, ID, connection_id=f"k{n}", user_id=UserId("u"))
    return live


@pytest.mark.parametrize("is_cut_off", [False, True])
def test_telling_fifty_watchers_through_a_gateway_that_hangs_takes_seconds(
    connections: RedisConnections, tenant: TenantId, *, is_cut_off: bool
) -> None:
    names = {f"k{n}" for n in range(MAX_WATCHERS)}
    gateway = SlowGateway(cut_off=names if is_cut_off else set())
    live = a_watched(connections, tenant, gateway)

    with pytest.raises(Unavailable, match="late"):
        live.push(tenant, ID, {})

    assert gateway.at <= PUSH_WITHIN_S + gateway.seconds
    assert (gateway.posts, len(gateway.told)) == (2, 0 if is_cut_off else 2)


def test_once_a_push_came_too_late_the_next_ones_are_left_out_for_a_while(
    connections: RedisConnections, tenant: TenantId
) -> None:
    gateway = SlowGateway()
    live = a_watched(connections, tenant, gateway)
    with pytest.raises(Unavailable):
        live.push(tenant, ID, {})
    posts = gateway.posts

    with pytest.raises(Unavailable):
        live.push(tenant, ID, {})

    assert gateway.posts == posts

    gateway.at += PAUSE_S
    gateway.seconds = 0.01
    assert live.push(tenant, ID, {}) == MAX_WATCHERS


def test_a_gateway_that_does_not_answer_holds_up_one_post_for_three_seconds_at_most(
    connections: RedisConnections, tenant: TenantId, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "x")
    connections.add(tenant, ID, "k1")
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        live = ApiGatewayLive(f"http://127.0.0.1:{deaf.getsockname()[1]}", connections)
        began = time.monotonic()

        assert live.push(tenant, ID, {}) == 0

    assert ANSWER_WITHIN_S <= time.monotonic() - began < ANSWER_WITHIN_S + 2


def test_a_reply_to_one_who_is_gone_is_no_error_even_while_the_cache_is_away() -> None:
    away = RedisConnections(redis_client("redis://127.0.0.1:1/0"))

    a_live(away, Gateway(gone={"k"})).reply("k", {})
