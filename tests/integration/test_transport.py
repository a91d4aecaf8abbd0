"""Calls over real sockets and real TLS: the address is pinned, the name still has to be proven."""

import datetime as dt
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from parley.channels.transport import HttpIntegrations
from parley.domain.ids import ConversationId, TenantId
from parley.engine.services import IntegrationReply, IntegrationRequest

PUBLIC = "93.184.216.34"
SHOP = "shop.example"


class Orders(BaseHTTPRequestHandler):
    """A shop's order look-up that notes how it was called."""

    seen: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers.get("Host")))
        body = json.dumps({"status": "shipped"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return None


class PublicInternet(httpcore.SyncBackend):
    """Connects to the server at `port` of this machine when a public address is asked for."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.asked: list[tuple[str, int]] = []

    def connect_tcp(self, host: str, port: int, *args: Any, **named: Any) -> httpcore.NetworkStream:
        self.asked.append((host, port))
        return super().connect_tcp("127.0.0.1", self._port, *args, **named)


def certificate_for(name: str, folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server that proves to be `name`, and the certificate that one has to trust for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain, private = folder / "certificate.pem", folder / "key.pem"
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, private)
    return context, chain


@pytest.fixture
def trusted(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's side and the client's side of a certificate for the shop."""
    server, chain = certificate_for(SHOP, tmp_path)
    return server, ssl.create_default_context(cafile=str(chain))


@pytest.fixture
def shop(trusted: tuple[ssl.SSLContext, ssl.SSLContext]) -> Iterator[int]:
    """The port of a TLS server that proves to be the shop."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Orders)
    server.socket = trusted[0].wrap_socket(server.socket, server_side=True)
    yield from serving(server)


@pytest.fixture
def plain() -> Iterator[int]:
    """The port of a server without TLS, such as the example's stub."""
    yield from serving(ThreadingHTTPServer(("127.0.0.1", 0), Orders))


def serving(server: ThreadingHTTPServer) -> Iterator[int]:
    Orders.seen.clear()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def call(
    integrations: HttpIntegrations, endpoint: str, timeout_ms: int = 5_000
) -> IntegrationReply:
    request = IntegrationRequest("orders", endpoint, "GET", None, timeout_ms)
    return integrations.call(TenantId("t"), ConversationId("c"), request, idempotency_key="k")


def test_a_name_is_called_at_its_public_address_and_proves_to_be_that_name(
    shop: int, trusted: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    internet = PublicInternet(shop)
    integrations = HttpIntegrations(
        resolve=lambda _: [PUBLIC], backend=internet, ssl_context=trusted[1]
    )

    reply = call(integrations, f"https://{SHOP}/orders/1")

    assert reply == IntegrationReply("success", None, 200, {"status": "shipped"})
    assert internet.asked == [(PUBLIC, 443)]
    assert Orders.seen == [("/orders/1", SHOP)]


def test_a_server_that_proves_another_name_is_not_talked_to(
    shop: int, trusted: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    integrations = HttpIntegrations(
        resolve=lambda _: [PUBLIC], backend=PublicInternet(shop), ssl_context=trusted[1]
    )

    assert call(integrations, "https://other.example/orders/1").kind == "refused"
    assert Orders.seen == []


def test_a_server_that_nobody_vouches_for_is_not_talked_to(shop: int) -> None:
    integrations = HttpIntegrations(resolve=lambda _: [PUBLIC], backend=PublicInternet(shop))

    assert call(integrations, f"https://{SHOP}/orders/1").kind == "refused"
    assert Orders.seen == []


def test_a_server_without_tls_is_not_talked_to(plain: int) -> None:
    integrations = HttpIntegrations(resolve=lambda _: [PUBLIC], backend=PublicInternet(plain))

    assert call(integrations, f"https://{SHOP}/orders/1").kind == "refused"
    assert Orders.seen == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "0x7f.1", "2130706433"])
def test_this_machine_is_not_reached_under_any_name(plain: int, host: str) -> None:
    for scheme in ("http", "https"):
        assert call(HttpIntegrations(), f"{scheme}://{host}:{plain}/").kind == "refused"
    assert Orders.seen == []


def test_a_name_that_resolves_to_this_machine_is_not_reached(
    shop: int, trusted: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    internet = PublicInternet(shop)
    integrations = HttpIntegrations(
        resolve=lambda _: ["127.0.0.1"], backend=internet, ssl_context=trusted[1]
    )

    assert call(integrations, f"https://{SHOP}/").kind == "refused"
    assert (internet.asked, Orders.seen) == ([], [])


def test_the_example_s_own_server_is_reached_when_it_was_named(plain: int) -> None:
    integrations = HttpIntegrations(local_bases={"orders": f"http://127.0.0.1:{plain}"})

    assert call(integrations, "/orders/1").data == {"status": "shipped"}


def test_proxies_of_the_environment_are_not_asked(
    plain: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    integrations = HttpIntegrations(local_bases={"orders": f"http://127.0.0.1:{plain}"})

    assert call(integrations, "/orders/1").status == "success"


def test_a_server_that_says_nothing_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        base = f"http://127.0.0.1:{silent.getsockname()[1]}"
        started_s = time.monotonic()

        reply = call(HttpIntegrations(local_bases={"orders": base}), "/x", timeout_ms=300)

    assert reply.kind == "timeout"
    assert 0.25 < time.monotonic() - started_s < 3


def test_a_resolver_that_says_nothing_is_left_at_the_deadline() -> None:
    answered = threading.Event()

    def resolve(_host: str) -> list[str]:
        answered.wait(5)
        return [PUBLIC]

    started_s = time.monotonic()
    reply = call(HttpIntegrations(resolve=resolve), f"https://{SHOP}/", timeout_ms=300)
    took_s = time.monotonic() - started_s
    answered.set()

    assert reply.kind == "timeout"
    assert took_s < 3
