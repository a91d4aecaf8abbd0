"""Tries every hostile program in a process of its own: how it ended, its time and its memory.

    python -m tests.property.hostile.trial

One line of JSON each. A process forked from a warm one starts at once, and the system itself counts
its processor time and the most memory it had, whatever it gave back in between.
"""

import json
import os
import signal
import sys
import traceback
from dataclasses import asdict, dataclass

from tests.property.hostile.programs import TRIES, Try, nothing, warm_up

QUICK_S = 1.0
"""Of the processor."""
LIMIT_S = 60
"""Of the clock: what still runs then hangs."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`cpu_s` are seconds of the processor, `most_kb` the largest the process has been."""

    name: str
    ended_well: bool
    cpu_s: float
    most_kb: int


def tried(name: str, what: Try) -> Verdict:
    """The first try that is quick enough; what is slow by itself is slow each time."""
    for _ in range(2):
        verdict = once(name, what)
        if verdict.cpu_s < QUICK_S:
            return verdict
    return once(name, what)


def once(name: str, what: Try) -> Verdict:
    pid = os.fork()
    if pid == 0:
        signal.alarm(LIMIT_S)
        os._exit(_exit_code(what))
    _, status, usage = os.wait4(pid, 0)
    return Verdict(name, status == 0, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


def _exit_code(what: Try) -> int:
    try:
        what()
    except BaseException:  # noqa: BLE001 -- the process ends here, and says why
        traceback.print_exc()
        sys.stderr.flush()
        return 1
    return 0


def main() -> None:
    warm_up()
    for name, what in {"nothing": nothing, **TRIES}.items():
        sys.stdout.write(json.dumps(asdict(tried(name, what))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
