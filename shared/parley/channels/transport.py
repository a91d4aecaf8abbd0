"""HTTP out to the systems of a tenant: one call, checked address, one deadline, bounded size.

No redirects, no proxies, no cookies, nothing from the environment; where a call may go is the
guard's (`guard.py`), how it gets there and no further is `sockets.py`.
"""

import json
import re
import ssl
import zlib
from collections.abc import Iterable, Mapping
from functools import cached_property
from time import monotonic

import certifi
import httpcore

from parley.channels.guard import Refused, checked_path, checked_url
from parley.channels.sockets import (
    CheckedBackend,
    Deadline,
    Monotonic,
    PublicAddresses,
    Resolve,
    loopback_addresses,
    resolve,
)
from parley.domain.ids import ConversationId, TenantId
from parley.domain.json import Json
from parley.domain.strict_json import NotJson, read_json
from parley.engine.services import IntegrationReply, IntegrationRequest

MAX_CALL_S = 10.0
"""The longest a call may take, whatever its flow says: a turn has 30 s in all."""
MAX_REQUEST_BYTES = 256 * 1024
MAX_REPLY_BYTES = 1024 * 1024
"""Of the answer as it travels, and again of what it unpacks to."""

_METHODS = frozenset({"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"})
_NEVER_A_FLOWS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "idempotency-key",
        "keep-alive",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that decide whom we talk to, and where a message ends."""
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
_HEADER_VALUE = re.compile(r"[ -~]{0,4096}")

type Headers = list[tuple[str, str]]


class HttpIntegrations:
    """The port `Integrations`, over HTTP.

    `local_bases` maps an integration's id to the address of a server on this machine: the example's
    stub. It is the only way past the guard, to loopback only, and wiring leaves it empty anywhere
    but in the laptop cloud.
    """

    def __init__(
        self,
        *,
        local_bases: Mapping[str, str] | None = None,
        resolve: Resolve = resolve,
        backend: httpcore.NetworkBackend | None = None,
        ssl_context: ssl.SSLContext | None = None,
        now_s: Monotonic = monotonic,
    ) -> None:
        self._local_bases = dict(local_bases or {})
        self._public_addresses = PublicAddresses(resolve)
        self._backend = backend or httpcore.SyncBackend()
        self._given_ssl_context = ssl_context
        self._now_s = now_s

    def call(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        request: IntegrationRequest,
        *,
        idempotency_key: str,
    ) -> IntegrationReply:
        """One call, never repeated here. All that can go wrong is a reply with its `kind`."""
        # Which hosts a tenant may call is not configured yet: any public one.
        del tenant_id, conversation_id
        deadline = Deadline(min(request.timeout_ms / 1000, MAX_CALL_S), self._now_s)
        try:
            url, backend = self._route(request, deadline)
            headers, content = _headers(request, idempotency_key), _content(request.body)
            status, body = self._exchange(request.method, url, headers, content, backend)
        except Refused as error:
            return _failed("refused", str(error))
        except (httpcore.TimeoutException, TimeoutError):
            return _failed("timeout", f"no answer within {deadline.total_s:g} s")
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError):
            return _failed("refused", "the other side could not be reached, or broke off")
        return _reply(status, body)

    def _route(
        self, request: IntegrationRequest, deadline: Deadline
    ) -> tuple[str, httpcore.NetworkBackend]:
        base = self._local_bases.get(request.integration_id)
        if base is not None and "://" not in request.endpoint:
            url = base.rstrip("/") + checked_path(request.endpoint)
            return url, CheckedBackend(self._backend, loopback_addresses, deadline)
        if "://" not in request.endpoint:
            raise Refused(f"no integration is called {request.integration_id!r}")
        url = checked_url(request.endpoint)._replace(fragment="").geturl()
        return url, CheckedBackend(self._backend, self._public_addresses, deadline)

    def _exchange(
        self,
        method: str,
        url: str,
        headers: Headers,
        content: bytes,
        backend: httpcore.NetworkBackend,
    ) -> tuple[int, bytes]:
        if method not in _METHODS:
            raise Refused(f"the method {method!r} is none of {', '.join(sorted(_METHODS))}")
        pool = httpcore.ConnectionPool(
            ssl_context=self._ssl_context, max_connections=1, network_backend=backend
        )
        with pool, pool.stream(method, url, headers=headers, content=content) as response:
            return response.status, _read(response.iter_stream(), _encoding(response))

    @cached_property
    def _ssl_context(self) -> ssl.SSLContext:
        return self._given_ssl_context or ssl.create_default_context(cafile=certifi.where())


def _headers(request: IntegrationRequest, idempotency_key: str) -> Headers:
    own = {name.lower(): value for name, value in request.headers.items()}
    for name, value in own.items():
        if name in _NEVER_A_FLOWS:
            raise Refused(f"a flow may not set the header {name!r}")
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise Refused(f"the header {name!r} is not one, or too long")
    defaults = {"accept": "application/json", "user-agent": "Parley"}
    if request.body is not None:
        defaults["content-type"] = "application/json"
    always = {"accept-encoding": "gzip", "idempotency-key": idempotency_key}
    return list((defaults | own | always).items())


def _content(body: Json) -> bytes:
    if body is None:
        return b""
    try:
        content = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, TypeError) as error:
        raise Refused("the request is no JSON") from error
    if len(content) > MAX_REQUEST_BYTES:
        raise Refused(f"the request is larger than {MAX_REQUEST_BYTES} bytes")
    return content


def _encoding(response: httpcore.Response) -> str:
    said = [value for name, value in response.headers if name.lower() == b"content-encoding"]
    return b",".join(said).lower().decode("latin-1") or "identity"


def _read(chunks: Iterable[bytes], encoding: str) -> bytes:
    """The whole body, unpacked. Raises Refused as soon as it is too large, packed or unpacked."""
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise Refused(f"the answer is packed as {encoding[:40]!r}, which was not asked for")
    unpack = None if encoding == "identity" else zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    received, body = 0, bytearray()
    for chunk in chunks:
        received += len(chunk)
        try:
            room = MAX_REPLY_BYTES + 1 - len(body)
            body += unpack.decompress(chunk, room) if unpack else chunk
        except zlib.error as error:
            raise Refused("the answer is not packed as it says") from error
        if max(received, len(body)) > MAX_REPLY_BYTES:
            raise Refused(f"the answer is larger than {MAX_REPLY_BYTES} bytes")
    if unpack and received and not unpack.eof:
        raise Refused("the answer broke off")
    return bytes(body)


def _reply(status: int, body: bytes) -> IntegrationReply:
    if 300 <= status < 400:  # noqa: PLR2004 -- RFC 9110, 15.4
        return _failed("refused", "redirects are not followed", status)
    try:
        data = read_json(body, is_foreign=True) if body else None
    except NotJson as error:
        if status < 400:  # noqa: PLR2004 -- RFC 9110, 15.5
            return _failed("refused", f"the answer is no JSON: {error}", status)
        data = None
    if status < 300:  # noqa: PLR2004 -- RFC 9110, 15.3
        return IntegrationReply(status="success", http_status=status, data=data)
    kind = "http_4xx" if status < 500 else "http_5xx"  # noqa: PLR2004 -- RFC 9110, 15.6
    return _failed(kind, f"the other side answered {status}", status, data)


def _failed(
    kind: str, error: str, http_status: int | None = None, data: Json = None
) -> IntegrationReply:
    return IntegrationReply("error", kind, http_status, data, error)
