"""`HealthService`: every store asked at once, none waited for beyond the deadline."""

import threading
import time
from datetime import timedelta

import pytest

from parley.domain.errors import Unavailable
from parley.domain.health import OverallStatus, StoreStatus
from parley.services.health import HealthService, Probes
from parley.services.ports.health import Probe


def _up() -> None:
    return


def _down() -> None:
    raise Unavailable("away")


def _service(probes: Probes, deadline: timedelta = timedelta(seconds=2)) -> HealthService:
    return HealthService(probes, stopwatch=time.monotonic, deadline=deadline)


@pytest.mark.parametrize(
    ("postgresql", "redis", "status", "is_ready"),
    [
        (_up, _up, OverallStatus.OK, True),
        (_up, _down, OverallStatus.DEGRADED, True),
        (_down, _up, OverallStatus.DOWN, False),
        (_down, _down, OverallStatus.DOWN, False),
    ],
)
def test_the_platform_goes_on_without_its_cache_and_not_without_its_stores(
    postgresql: Probe, redis: Probe, status: OverallStatus, *, is_ready: bool
) -> None:
    report = _service(Probes({"postgresql": postgresql}, {"redis": redis})).check()

    assert (report.status, report.is_ready) == (status, is_ready)
    assert {name: store.status for name, store in report.stores.items()} == {
        "postgresql": StoreStatus.UP if postgresql is _up else StoreStatus.DOWN,
        "redis": StoreStatus.UP if redis is _up else StoreStatus.DOWN,
    }


def test_stores_are_asked_all_at_once() -> None:
    """Each waits for the others to have been asked: one after the other, none would answer."""
    together = threading.Barrier(3, timeout=5)

    def ask() -> None:
        together.wait()

    report = _service(Probes({"a": ask, "b": ask, "c": ask})).check()

    assert report.status is OverallStatus.OK


def test_a_store_that_hangs_is_not_waited_for_beyond_the_deadline() -> None:
    release = threading.Event()
    started = time.monotonic()

    report = _service(
        Probes({"hangs": lambda: void(release.wait(30)), "answers": _up}),
        deadline=timedelta(milliseconds=50),
    ).check()

    took = time.monotonic() - started
    release.set()
    assert took < 5
    assert report.stores["hangs"].status is StoreStatus.TIMEOUT
    assert report.stores["hangs"].ms == 50.0
    assert report.stores["answers"].status is StoreStatus.UP
    assert not report.is_ready


def void(answer: object) -> None:
    """Nothing, whatever was answered."""
    del answer


def test_the_time_an_answer_took_is_told() -> None:
    report = _service(Probes({"slow": lambda: time.sleep(0.02)})).check()

    assert 20 <= report.stores["slow"].ms < 2_000
