"""Processes that stop at every call of a port, so that a test decides what happens next.

The code under test is the real one, unchanged and synchronous. Each process runs on a greenlet of
its own and yields before and after each port call: a new call in the code is a new place to stop,
without a word changed here.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from greenlet import greenlet  # type: ignore[import-untyped]  # it comes without types

from parley.domain.errors import Unavailable

LAST_COUNTED = 3


class Crashed(BaseException):
    """The process dies here: nothing in the code may catch it."""


class Fault(Enum):
    """What may happen at a boundary."""

    CRASH = "crash"
    CUT = "cut"
    """The connection breaks: before the call nothing is done, after it the answer is lost."""


@dataclass(frozen=True, order=True)
class Boundary:
    """One side of the `n`th call of an operation by one process; the last `n` is "or later"."""

    port: str
    op: str
    n: int
    side: str


class Process:
    """A piece of work under way; `at` is the boundary it waits at.

    `again` makes the process that follows if this one dies: a caller who asks once more.
    """

    def __init__(
        self, name: str, work: Callable[[], None], again: "Callable[[], Process] | None" = None
    ) -> None:
        self.name = name
        self.again = again
        self.at: Boundary | None = None
        self.has_crashed = False
        self._work = work
        self._calls: Counter[tuple[str, str]] = Counter()
        self._greenlet = greenlet(self._run)

    @property
    def is_over(self) -> bool:
        return bool(self._greenlet.dead)

    def step(self, fault: Fault | None = None) -> None:
        """Go on to the next boundary, or to the end; `fault` happens first."""
        self._greenlet.switch(fault)

    def finish(self) -> None:
        while not self.is_over:
            self.step()

    def call(self, port: str, op: str, method: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """A call of a port, by this process, with its two boundaries."""
        n = min(self._calls[port, op], LAST_COUNTED)
        self._calls[port, op] += 1
        self._stop(Boundary(port, op, n, "before"))
        answer = method(*args, **named)
        self._stop(Boundary(port, op, n, "after"))
        return answer

    def _run(self, _fault: Fault | None) -> None:
        try:
            self._work()
        except Crashed:
            self.has_crashed = True
        self.at = None

    def _stop(self, boundary: Boundary) -> None:
        self.at = boundary
        fault = self._greenlet.parent.switch()
        if fault is Fault.CRASH:
            raise Crashed
        if fault is Fault.CUT:
            raise Unavailable(f"cut {boundary}")


class Watched:
    """A port whose calls by a process stop at their boundaries; from outside they pass."""

    def __init__(self, name: str, port: Any, current: Callable[[], Process | None]) -> None:
        self._name = name
        self._port = port
        self._current = current

    def __getattr__(self, op: str) -> Any:
        method = getattr(self._port, op)

        def call(*args: Any, **named: Any) -> Any:
            process = self._current()
            if process is None:
                return method(*args, **named)
            return process.call(self._name, op, method, *args, **named)

        return call
