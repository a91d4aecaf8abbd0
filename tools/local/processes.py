"""Start a process that cannot outlive us, know it again later, and end it.

A process id alone is not proof: the number may have gone to somebody else's process since it was
written down. So a process is remembered with its start time, and only the same one is ended.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from parley.domain.json import JsonObject

STOP_S = 15.0
"""How long a process may take to end by itself before it is killed."""
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Identity:
    """One process of this machine and no other: its id and when it started."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Self:
        """Raises `psutil.NoSuchProcess` when there is none."""
        return cls(pid, psutil.Process(pid).create_time())

    @classmethod
    def from_json(cls, document: JsonObject) -> Self:
        return cls(int(str(document["pid"])), float(str(document["started"])))

    def to_json(self) -> JsonObject:
        return {"pid": self.pid, "started": self.started}

    def find(self) -> psutil.Process | None:
        """The process, if it is still the same one and not merely waiting to be reaped."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1.0
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def die_with_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """What a child does before it runs: ask Linux for a signal when its parent ends, however.

    None elsewhere: there the next `parley up` ends what was left behind.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), death_signal)

    return ask


def environment_for_children() -> dict[str, str]:
    """Ours, less what makes Python slow: without bytecode every start compiles every package."""
    unwanted = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME"}
    return {name: value for name, value in os.environ.items() if name not in unwanted}


def launch(
    command: Sequence[str],
    *,
    folder: Path,
    log: Path,
    environment: dict[str, str],
    death_signal: signal.Signals,
) -> subprocess.Popen[bytes]:
    """Start `command` in its own session, so that Ctrl-C reaches us alone, and end it with us."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**environment_for_children(), **environment},
            start_new_session=True,
            preexec_fn=die_with_parent(death_signal),  # noqa: PLW1509 -- we start children from the one thread we have
        )


def stop(
    process: psutil.Process,
    *,
    stop_signal: signal.Signals = signal.SIGTERM,
    within_s: float = STOP_S,
) -> None:
    """End a process and all it started; first kindly, then not. Returns when they are gone."""
    try:
        family = [process, *process.children(recursive=True)]
        process.send_signal(stop_signal)
    except psutil.NoSuchProcess:
        return
    _, alive = psutil.wait_procs([process], timeout=within_s)
    for survivor in [*alive, *family[1:]]:
        kill(survivor)
    psutil.wait_procs(family, timeout=STOP_S)


def kill(process: psutil.Process) -> None:
    """SIGKILL, if it still lives."""
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


def wait_until(condition: Callable[[], bool], *, within_s: float, every_s: float = 0.02) -> bool:
    """Whether `condition` came true in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every_s)
    return True
