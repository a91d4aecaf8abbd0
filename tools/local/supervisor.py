"""Keeps the parts running: one that ends is started again, soon at first, then less soon.

The parts are crash-only: being killed is one of the ways to end, and starting again mends.
"""

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tools.local.errors import CloudError
from tools.local.parts import Part, Running, start
from tools.local.places import Places
from tools.local.processes import Identity, stop
from tools.local.state import PartState, Phase, State

LOOK_EVERY_S = 0.05
_LONGEST_PAUSE_S = 5.0
_FIRST_PAUSE_S = 0.1
_STOPPING_ORDER = (
    {"page", "orders"},
    {"ministack"},
    {"postgresql", "mongodb", "valkey"},
)
_SETTLED_S = 10.0
"""A part that ran so long has settled: its next end is met without a pause."""

type Say = Callable[[str], None]


@dataclass(slots=True)
class _Kept:
    """A part we keep running. `due_at` is when to start it again; None while it runs.

    `is_back` is False from its restart until it answers again.
    """

    running: Running
    started_at: float
    restarts: int = 0
    pause_s: float = 0.0
    due_at: float | None = None
    is_back: bool = True


@dataclass(slots=True)
class Supervisor:
    """Starts parts, tells in `places` what runs, and starts again what ends.

    `mend` is called with a part that was started again, once it answers.
    """

    places: Places
    addresses: Mapping[str, str]
    say: Say
    mend: Callable[[Part], None]
    _kept: dict[str, _Kept] = field(default_factory=dict)
    _phase: Phase = Phase.STARTING

    def start(self, parts: Sequence[Part]) -> None:
        """Start them all, at once, and return at once."""
        for part in parts:
            self._kept[part.name] = _Kept(start(part), time.monotonic())
            self._tell()

    def wait_for(self, name: str) -> None:
        """Raises PartFailed when the part does not come to answer."""
        self._kept[name].running.wait_until_it_answers()

    def be_ready(self) -> None:
        """Tell everybody that all is up."""
        self._phase = Phase.READY
        self._tell()

    def watch(self) -> None:
        """Keep the parts running, until interrupted."""
        while True:
            for kept in self._kept.values():
                self._look_at(kept)
            time.sleep(LOOK_EVERY_S)

    def stop(self) -> None:
        """End every part: each before those that it uses."""
        self._phase = Phase.STARTING
        with ThreadPoolExecutor(max_workers=len(_STOPPING_ORDER[-1])) as pool:
            for wave in _STOPPING_ORDER:
                ending = [kept for name, kept in self._kept.items() if name in wave]
                list(pool.map(lambda kept: kept.running.stop(), ending))
        self._kept.clear()
        self._phase = Phase.STOPPED
        self._tell()

    def _look_at(self, kept: _Kept) -> None:
        if kept.due_at is None and kept.running.has_ended():
            self._plan_restart(kept)
        elif kept.due_at is not None and time.monotonic() >= kept.due_at:
            self._restart(kept)
        elif not kept.is_back and kept.running.part.answers():
            self._welcome_back(kept)

    def _plan_restart(self, kept: _Kept) -> None:
        part, ended = kept.running.part, kept.running.process.returncode
        _end_family(kept.running.pid)
        self.say(f"{part.label} ended with code {ended}; starting it again. Its log: {part.log}")
        if time.monotonic() - kept.started_at > _SETTLED_S:
            kept.pause_s = 0.0
        else:
            kept.pause_s = min(max(_FIRST_PAUSE_S, 2 * kept.pause_s), _LONGEST_PAUSE_S)
        kept.due_at = time.monotonic() + kept.pause_s

    def _restart(self, kept: _Kept) -> None:
        kept.restarts += 1
        kept.due_at = None
        kept.is_back = False
        kept.started_at = time.monotonic()
        try:
            kept.running = start(kept.running.part)
        except (CloudError, OSError) as error:  # the dead process is looked at, and planned, again
            self.say(f"{kept.running.part.label} could not be started: {error}")
        self._tell()

    def _welcome_back(self, kept: _Kept) -> None:
        part = kept.running.part
        kept.is_back = True
        try:
            self.mend(part)
        except CloudError as error:
            self.say(str(error))
        self.say(f"{part.label} answers again on {part.address}")

    def _tell(self) -> None:
        parts = tuple(
            PartState(
                name=name,
                label=kept.running.part.label,
                port=kept.running.part.port,
                log=kept.running.part.log,
                identity=kept.running.identity,
                restarts=kept.restarts,
            )
            for name, kept in self._kept.items()
        )
        State(self._phase, Identity.of(os.getpid()), parts, self.addresses).write(self.places)


def _end_family(pid: int) -> None:
    """Kill what a dead part had started: each part leads a process group of its own."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def end_left_over(state: State) -> list[str]:
    """End the parts that outlived their supervisor; their labels.

    Only the very processes that were recorded: never another one that got such a number since.
    """
    ended = []
    for part in state.left_over():
        process = part.identity.find()
        if process is not None:
            stop(process)
            ended.append(part.label)
    return ended
