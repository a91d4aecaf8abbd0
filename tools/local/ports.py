"""Which TCP ports of 127.0.0.1 the parts listen on."""

import random
import socket
from collections.abc import Collection

HOST = "127.0.0.1"
BELOW_EPHEMERAL = range(20_000, 32_000)
"""Where free ports are sought: the kernel hands out source ports above it (RFC 6056 and Linux's
default), so no outgoing connection can take the port of a server that is down for a moment."""


def listening(port: int, *, timeout_s: float = 0.2) -> bool:
    """Whether something accepts connections there."""
    try:
        socket.create_connection((HOST, port), timeout_s).close()
    except OSError:
        return False
    return True


def is_free(port: int) -> bool:
    """Whether a server could be started there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return not listening(port)


def free_port(*, wanted: int | None = None, taken: Collection[int] = ()) -> int:
    """`wanted` if it is free and not in `taken`, else a random free port."""
    if wanted is not None and wanted not in taken and is_free(wanted):
        return wanted
    for _ in range(1000):
        port = random.choice(BELOW_EPHEMERAL)  # noqa: S311 -- two clouds must not pick alike; no secret
        if port not in taken and is_free(port):
            return port
    raise OSError(f"no free port on {HOST} between {BELOW_EPHEMERAL[0]} and {BELOW_EPHEMERAL[-1]}")
