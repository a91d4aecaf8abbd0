"""How much work something is, whatever the machine does besides."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

MOST_CALLS = 1_000_000
"""Calls of Python functions: about a second of one processor."""


@contextmanager
def bounded_work() -> Iterator[None]:
    """Fails if what is done inside takes more calls; a slow machine fails nothing."""
    watch, calls = sys.monitoring, [0]

    def count(*_: object) -> None:
        calls[0] += 1

    watch.use_tool_id(watch.PROFILER_ID, "laws")
    watch.register_callback(watch.PROFILER_ID, watch.events.PY_START, count)
    watch.set_events(watch.PROFILER_ID, watch.events.PY_START)
    try:
        yield
    finally:
        watch.set_events(watch.PROFILER_ID, watch.events.NO_EVENTS)
        watch.free_tool_id(watch.PROFILER_ID)
    assert calls[0] <= MOST_CALLS
