"""Whether the stores answer, asked all at once and not waited for longer than a deadline."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from queue import Empty, SimpleQueue

from parley.domain.errors import PlatformError
from parley.domain.health import HealthReport, OverallStatus, StoreHealth, StoreStatus
from parley.services.ports.health import Probe

DEADLINE = timedelta(seconds=2)

type Stopwatch = Callable[[], float]
"""Seconds of a clock that never jumps."""


@dataclass(frozen=True, slots=True)
class Probes:
    """How to ask each store, by name; without the `optional` ones the platform goes on."""

    required: Mapping[str, Probe]
    optional: Mapping[str, Probe] = field(default_factory=dict)


class HealthService:
    """What `GET /health` shows."""

    def __init__(
        self, probes: Probes, *, stopwatch: Stopwatch, deadline: timedelta = DEADLINE
    ) -> None:
        self._probes = probes
        self._stopwatch = stopwatch
        self._deadline_s = deadline.total_seconds()

    def check(self) -> HealthReport:
        """Every store's answer; takes as long as the slowest, at most the deadline.

        A store that hangs keeps its thread, which does not keep the process.
        """
        probes = {**self._probes.required, **self._probes.optional}
        answers: SimpleQueue[tuple[str, StoreHealth]] = SimpleQueue()
        started = self._stopwatch()
        for name, probe in probes.items():
            threading.Thread(
                target=self._ask, args=(name, probe, answers, started), daemon=True
            ).start()
        stores: dict[str, StoreHealth] = {}
        while len(stores) < len(probes):
            try:
                name, health = answers.get(
                    timeout=max(0.0, self._deadline_s - (self._stopwatch() - started))
                )
            except Empty:
                break
            stores[name] = health
        silent = StoreHealth(StoreStatus.TIMEOUT, round(self._deadline_s * 1_000, 1))
        stores = {name: stores.get(name, silent) for name in probes}
        return HealthReport(self._overall(stores), stores)

    def _ask(
        self,
        name: str,
        probe: Probe,
        answers: SimpleQueue[tuple[str, StoreHealth]],
        started: float,
    ) -> None:
        try:
            probe()
        except PlatformError:
            status = StoreStatus.DOWN
        else:
            status = StoreStatus.UP
        answers.put((name, StoreHealth(status, round((self._stopwatch() - started) * 1_000, 1))))

    def _overall(self, stores: Mapping[str, StoreHealth]) -> OverallStatus:
        away = {name for name, health in stores.items() if health.status is not StoreStatus.UP}
        if away & self._probes.required.keys():
            return OverallStatus.DOWN
        return OverallStatus.DEGRADED if away else OverallStatus.OK
