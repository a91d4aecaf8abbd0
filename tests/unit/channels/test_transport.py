"""One call out: where it connects, what it sends, and how every kind of answer ends."""

import gzip
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpcore
import pytest

from parley.channels.transport import MAX_REPLY_BYTES, HttpIntegrations
from parley.domain.ids import ConversationId, TenantId
from parley.domain.json import Json
from parley.engine.services import IntegrationReply, IntegrationRequest

pytestmark = pytest.mark.disable_socket

TENANT, TALK = TenantId("t"), ConversationId("c")
PUBLIC = "93.184.216.34"


@dataclass
class Clock:
    """Stands still but where something waits."""

    now_s: float = 1_000.0

    def __call__(self) -> float:
        return self.now_s


class Stream(httpcore.NetworkStream):
    """A server that says `chunks`, each after `delay_s`, then hangs up."""

    def __init__(self, network: "Network") -> None:
        self._network = network
        self._chunks = iter(network.chunks)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del max_bytes
        self._network.wait(timeout)
        return next(self._chunks, b"")

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self._network.sent += buffer

    def close(self) -> None:
        self._network.is_closed = True

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        del ssl_context, timeout
        self._network.tls_names.append(server_hostname)
        return self

    def get_extra_info(self, info: str) -> Any:
        del info


@dataclass
class Network(httpcore.NetworkBackend):
    """Everything outside: a resolver, and one server at any address."""

    chunks: Iterable[bytes] = ()
    names: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    delay_s: float = 0
    clock: Clock = field(default_factory=Clock)
    resolved: list[str] = field(default_factory=list)
    connected: list[tuple[str, int]] = field(default_factory=list)
    unreachable: set[str] = field(default_factory=set)
    tls_names: list[str | None] = field(default_factory=list)
    sent: bytes = b""
    is_closed: bool = False

    def resolve(self, host: str) -> list[str]:
        self.resolved.append(host)
        if host not in self.names:
            raise OSError
        return list(self.names[host].pop(0))

    def connect_tcp(
        self, host: str, port: int, *_args: Any, **_named: Any
    ) -> httpcore.NetworkStream:
        self.connected.append((host, port))
        if host in self.unreachable:
            raise httpcore.ConnectError
        return Stream(self)

    def wait(self, timeout_s: float | None) -> None:
        assert timeout_s is not None
        if self.delay_s > timeout_s:
            self.clock.now_s += timeout_s
            raise httpcore.ReadTimeout
        self.clock.now_s += self.delay_s


def a_network(*chunks: bytes, **changes: Any) -> Network:
    names: dict[str, list[Sequence[str]]] = {"shop.example": [[PUBLIC]]}
    return Network(**({"chunks": chunks or [an_answer(b"{}")], "names": names} | changes))


def an_answer(body: bytes, status: int = 200, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def a_request(**changes: Any) -> IntegrationRequest:
    values = {
        "integration_id": "orders",
        "endpoint": "https://shop.example/orders/AB123456?x=1",
        "method": "GET",
        "body": None,
        "timeout_ms": 2_000,
    }
    return IntegrationRequest(**(values | changes))


def call(
    network: Network, *, local: dict[str, str] | None = None, **changes: Any
) -> IntegrationReply:
    integrations = HttpIntegrations(
        local_bases=local, resolve=network.resolve, backend=network, now_s=network.clock
    )
    return integrations.call(TENANT, TALK, a_request(**changes), idempotency_key="turn:0")


def test_a_call_goes_to_the_checked_address_under_the_name_it_was_given() -> None:
    network = a_network(an_answer(b'{"status": "shipped"}'))

    reply = call(network)

    assert reply == IntegrationReply("success", None, 200, {"status": "shipped"})
    assert network.connected == [(PUBLIC, 443)]
    assert network.tls_names == ["shop.example"]
    assert network.sent.startswith(b"GET /orders/AB123456?x=1 HTTP/1.1\r\n")
    assert b"Host: shop.example\r\n" in network.sent
    assert network.is_closed


def test_a_body_is_sent_as_json_with_the_key_that_makes_a_repeat_known() -> None:
    network = a_network()

    call(network, method="POST", body={"n": "\u00e9"}, headers={"X-Shop": "7"})

    head, _, body = network.sent.partition(b"\r\n\r\n")
    assert json.loads(body) == {"n": "\u00e9"}
    for header in (b"content-type: application/json", b"idempotency-key: turn:0", b"x-shop: 7"):
        assert header in head


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://2130706433/",
        "http://shop.example/",
        "https://shop.example:6379/",
        "https://user@shop.example/",
    ],
)
def test_an_address_that_is_not_taken_is_neither_resolved_nor_connected_to(endpoint: str) -> None:
    network = a_network()

    reply = call(network, endpoint=endpoint)

    assert (reply.status, reply.kind, reply.http_status) == ("error", "refused", None)
    assert (network.resolved, network.connected) == ([], [])


@pytest.mark.parametrize(
    "addresses", [["169.254.169.254"], [PUBLIC, "10.0.0.1"], ["::ffff:127.0.0.1"], ["64:ff9b::1"]]
)
def test_a_name_for_a_private_address_is_not_connected_to(addresses: list[str]) -> None:
    network = a_network(names={"shop.example": [addresses]})

    reply = call(network)

    assert reply.kind == "refused"
    assert (network.resolved, network.connected) == (["shop.example"], [])


def test_a_name_is_resolved_once_so_that_it_cannot_change_its_mind() -> None:
    network = a_network(names={"shop.example": [[PUBLIC], ["169.254.169.254"]]})

    assert call(network).status == "success"
    assert network.resolved == ["shop.example"]
    assert network.connected == [(PUBLIC, 443)]


def test_the_next_address_is_tried_when_one_is_not_reached() -> None:
    network = a_network(names={"shop.example": [["2606:4700::1111", PUBLIC]]})
    network.unreachable.add("2606:4700::1111")

    assert call(network).status == "success"
    assert network.connected == [("2606:4700::1111", 443), (PUBLIC, 443)]


def test_a_name_nobody_knows_is_refused() -> None:
    assert call(a_network(names={})).kind == "refused"


def test_a_server_that_is_not_reached_is_refused() -> None:
    network = a_network()
    network.unreachable.add(PUBLIC)

    assert call(network).kind == "refused"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    network = a_network(an_answer(b"", status, Location="https://169.254.169.254/"))

    reply = call(network)

    assert (reply.kind, reply.http_status) == ("refused", status)
    assert len(network.connected) == 1


@pytest.mark.parametrize(
    ("status", "kind"), [(400, "http_4xx"), (404, "http_4xx"), (500, "http_5xx"), (503, "http_5xx")]
)
def test_an_error_of_the_other_side_keeps_its_status_and_its_json(status: int, kind: str) -> None:
    reply = call(a_network(an_answer(b'{"why": "x"}', status)))

    assert (reply.status, reply.kind, reply.http_status) == ("error", kind, status)
    assert reply.data == {"why": "x"}


def test_an_error_page_that_is_no_json_is_left_out() -> None:
    reply = call(a_network(an_answer(b"<html>", 502)))

    assert (reply.kind, reply.http_status, reply.data) == ("http_5xx", 502, None)


@pytest.mark.parametrize("body", [b"<html>", b"NaN", b'{"a":1,"a":2}', b"[" * 100_000, b"\xff"])
def test_a_success_that_is_no_json_is_refused(body: bytes) -> None:
    reply = call(a_network(an_answer(body)))

    assert (reply.status, reply.kind, reply.http_status) == ("error", "refused", 200)


def test_an_empty_success_has_no_data() -> None:
    assert call(a_network(an_answer(b"", 204))) == IntegrationReply("success", None, 204, None)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "169.254.169.254"},
        {"host": "evil.example"},
        {"Content-Length": "0"},
        {"Transfer-Encoding": "chunked"},
        {"Connection": "upgrade"},
        {"Idempotency-Key": "mine"},
        {"X\r\nHost": "evil.example"},
        {"X": "a\r\nHost: evil.example"},
        {"X": "\u00fc"},
        {"X": "a" * 5_000},
        {"": "x"},
        {"a b": "x"},
    ],
)
def test_a_flow_cannot_write_headers_that_say_where_or_how_long(headers: dict[str, str]) -> None:
    network = a_network()

    assert call(network, headers=headers).kind == "refused"
    assert network.connected == []


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "OPTIONS", "get", "GET / HTTP/1.1\r\n"])
def test_a_method_is_one_of_those_integrations_have(method: str) -> None:
    network = a_network()

    assert call(network, method=method).kind == "refused"
    assert network.connected == []


@pytest.mark.parametrize("body", ["x" * 300_000, float("nan"), {"a": {1, 2}}])
def test_a_request_is_json_and_no_larger_than_it_may_be(body: Json) -> None:
    network = a_network()

    assert call(network, method="POST", body=body).kind == "refused"
    assert network.connected == []


def test_an_answer_that_does_not_end_is_cut_off() -> None:
    def chunks() -> Iterable[bytes]:
        yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        while True:
            yield b"10000\r\n" + b"x" * 65_536 + b"\r\n"
            read.append(65_536)

    read: list[int] = []
    reply = call(a_network(chunks=chunks()))

    assert (reply.kind, "larger" in (reply.error or "")) == ("refused", True)
    assert sum(read) <= MAX_REPLY_BYTES + 65_536


def test_a_bomb_is_not_unpacked_past_the_limit() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b"0" * 2**20) for _ in range(64)) + packer.flush()

    reply = call(a_network(an_answer(bomb, Content_Encoding="gzip")))

    assert len(bomb) < 100_000
    assert (reply.kind, "larger" in (reply.error or "")) == ("refused", True)


def test_a_packed_answer_is_unpacked() -> None:
    body = gzip.compress(b'{"status": "shipped"}')

    reply = call(a_network(an_answer(body, Content_Encoding="GZIP")))

    assert reply.data == {"status": "shipped"}


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
def test_an_answer_packed_in_a_way_nobody_asked_for_is_refused(encoding: str) -> None:
    assert call(a_network(an_answer(b"{}", Content_Encoding=encoding))).kind == "refused"


@pytest.mark.parametrize("body", [b"{}", gzip.compress(b"{}", mtime=0)[:-9]])
def test_an_answer_that_is_not_packed_as_it_says_is_refused(body: bytes) -> None:
    assert call(a_network(an_answer(body, Content_Encoding="gzip"))).kind == "refused"


@pytest.mark.parametrize(
    "chunks",
    [[b""], [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"], [b"\x16\x03\x01 nonsense"]],
)
def test_a_server_that_breaks_off_or_speaks_no_http_is_refused(chunks: list[bytes]) -> None:
    assert call(a_network(chunks=chunks)).kind == "refused"


def test_a_server_that_drips_its_headers_is_left_at_the_deadline() -> None:
    dripping = [bytes([byte]) for byte in an_answer(b"{}")]
    network = a_network(chunks=dripping, delay_s=0.3)
    started_s = network.clock.now_s

    reply = call(network, timeout_ms=2_000)

    assert reply.kind == "timeout"
    assert network.clock.now_s - started_s <= 2.3


def test_a_call_takes_ten_seconds_at_most_whatever_its_flow_says() -> None:
    network = a_network(delay_s=60)
    started_s = network.clock.now_s

    assert call(network, timeout_ms=30_000).kind == "timeout"
    assert network.clock.now_s - started_s == 10


def test_a_resolver_that_does_not_answer_is_not_waited_for() -> None:
    network = a_network()

    def never(_host: str) -> list[str]:
        raise TimeoutError

    integrations = HttpIntegrations(resolve=never, backend=network, now_s=network.clock)

    assert integrations.call(TENANT, TALK, a_request(), idempotency_key="k").kind in (
        "timeout",
        "refused",
    )
    assert network.connected == []


def test_an_integration_nobody_configured_is_refused() -> None:
    reply = call(a_network(), endpoint="/orders/AB123456")

    assert (reply.kind, reply.error) == ("refused", "no integration is called 'orders'")


def test_a_local_integration_is_called_on_this_machine() -> None:
    network = a_network(an_answer(b"{}"))

    reply = call(network, endpoint="/orders/1", local={"orders": "http://127.0.0.1:8401/"})

    assert reply.status == "success"
    assert network.connected == [("127.0.0.1", 8401)]
    assert (network.resolved, network.tls_names) == ([], [])
    assert network.sent.startswith(b"GET /orders/1 HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("base", "endpoint"),
    [
        ("http://10.0.0.1:80", "/x"),
        ("http://127.0.0.1:8401", "//evil.example/x"),
        ("http://127.0.0.1:8401", "/../x"),
        ("http://127.0.0.1:8401", "http://127.0.0.1:8402/x"),
    ],
)
def test_a_local_integration_leads_nowhere_else(base: str, endpoint: str) -> None:
    network = a_network()

    assert call(network, endpoint=endpoint, local={"orders": base}).kind == "refused"
    assert network.connected == []
