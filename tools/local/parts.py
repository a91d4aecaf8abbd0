"""A part of the laptop cloud: one process that listens on one port."""

import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tools.local.errors import PartFailed
from tools.local.ports import HOST
from tools.local.processes import Identity, launch, stop, wait_until

START_S = 60.0
"""How long a part may take until it answers; a laptop under load is slow, not broken."""


def nothing_to_prepare() -> None:
    """For parts that need nothing before they start."""


@dataclass(frozen=True, slots=True)
class Part:
    """How to start one part, how to see that it answers, and how to end it."""

    name: str
    label: str
    port: int
    command: tuple[str, ...]
    folder: Path
    log: Path
    answers: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = nothing_to_prepare
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"


@dataclass(slots=True)
class Running:
    """A part and the process that now is it."""

    part: Part
    process: subprocess.Popen[bytes]
    identity: Identity

    @property
    def pid(self) -> int:
        return self.process.pid

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def wait_until_it_answers(self) -> None:
        """Raises PartFailed when it ends first, or does not answer in time."""
        wait_until(lambda: self.has_ended() or self.part.answers(), within_s=START_S)
        if self.has_ended():
            raise PartFailed(
                f"{self.part.label} ended with code {self.process.returncode} as it started",
                self.part.log,
            )
        if not self.part.answers():
            raise PartFailed(
                f"{self.part.label} did not answer on {self.part.address} in {START_S:.0f} s",
                self.part.log,
            )

    def stop(self) -> None:
        """End it and what it started, and collect it."""
        if not self.has_ended():
            stop(psutil.Process(self.pid), stop_signal=self.part.stop_signal)
        self.process.wait()


def start(part: Part) -> Running:
    """Start it and return at once; `wait_until_it_answers` says when it can be used."""
    part.log.parent.mkdir(parents=True, exist_ok=True)
    part.folder.mkdir(parents=True, exist_ok=True)
    part.prepare()
    process = launch(
        part.command,
        folder=part.folder,
        log=part.log,
        environment=dict(part.environment),
        death_signal=part.stop_signal,
    )
    return Running(part, process, Identity.of(process.pid))
