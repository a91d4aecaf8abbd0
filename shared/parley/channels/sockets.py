"""Connections out that go only where they may, and wait for nothing past a deadline.

httpcore's own extension point: it asks a backend for a connection to a name, then speaks TLS and
HTTP over it under that name. So the name is resolved here, once, and what was checked is what is
called, while `Host` and TLS keep the name.
"""

import socket
import ssl
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from time import monotonic

import httpcore

from parley.channels.guard import HTTPS_PORT, IpAddress, Refused, checked_addresses

type Resolve = Callable[[str], list[str]]
"""The addresses a host name stands for. Raises OSError."""
type Monotonic = Callable[[], float]
"""Seconds since some instant; only differences mean something."""
type Find = Callable[[str, float], list[IpAddress]]
"""The addresses a name may be called at, within so many seconds. Raises Refused, TimeoutError."""


def resolve(host: str) -> list[str]:
    """What the system's resolver says, in its order of preference."""
    found = socket.getaddrinfo(host, HTTPS_PORT, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class PublicAddresses:
    """Resolves names, each time anew and once; gives out addresses of the public internet only."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._workers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="resolve")

    def __call__(self, host: str, timeout_s: float) -> list[IpAddress]:
        answer = self._workers.submit(self._resolve, host)  # a resolver knows no time limit
        failure = answer.exception(timeout_s)
        if isinstance(failure, OSError):
            raise Refused(f"{host} is not known") from failure
        return checked_addresses(host, answer.result())


def loopback_addresses(host: str, timeout_s: float) -> list[IpAddress]:
    """This machine, for its own stub servers. Raises Refused for any other."""
    del timeout_s
    address = ip_address("127.0.0.1" if host == "localhost" else host)
    if not address.is_loopback:
        raise Refused("a local integration stands on this machine")
    return [address]


class Deadline:
    """An instant from which on nothing is waited for."""

    def __init__(self, total_s: float, now_s: Monotonic = monotonic) -> None:
        self.total_s = total_s
        self._now_s = now_s
        self._end_s = now_s() + total_s

    def left_s(self) -> float:
        """Seconds until it. Raises TimeoutError once there are none."""
        left = self._end_s - self._now_s()
        if left <= 0:
            raise TimeoutError
        return left


class CheckedBackend(httpcore.NetworkBackend):
    """Connects to an address that `find` lets through, and to nothing else."""

    def __init__(self, backend: httpcore.NetworkBackend, find: Find, deadline: Deadline) -> None:
        self._backend = backend
        self._find = find
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        del timeout, local_address, socket_options
        failure: Exception = httpcore.ConnectError()
        for address in self._find(host, self._deadline.left_s()):
            try:
                stream = self._backend.connect_tcp(str(address), port, self._deadline.left_s())
            except httpcore.ConnectError as error:
                failure = error
            else:
                return _Bounded(stream, self._deadline)
        raise failure


class _Bounded(httpcore.NetworkStream):
    """A connection whose every wait ends at the deadline, however slowly the other side drips."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        return self._stream.read(max_bytes, self._deadline.left_s())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self._stream.write(buffer, self._deadline.left_s())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        del timeout
        left_s = self._deadline.left_s()
        stream = self._stream.start_tls(ssl_context, server_hostname, left_s)
        return _Bounded(stream, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
