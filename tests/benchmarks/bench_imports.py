"""How long each handler takes to import, beside the bare resolver.

Each import is timed in a fresh process; the figure is the median of `RUNS` of them, taken in
turns, so that a busy moment of the machine hits all alike.
"""

import os
import statistics
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUNS = 7
MOST = 1.6
"""Times the bare resolver's that `send_message` may take."""

BARE = """
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from pydantic import BaseModel

class Draft(BaseModel):
    name: str

app = APIGatewayRestResolver(enable_validation=True)

@app.post("/things")
def create(draft: Draft) -> Draft:
    return draft
"""

_TIMED = """
import sys, time
started = time.process_time()
{code}
print((time.process_time() - started) * 1_000, len(sys.modules))
"""


@dataclass(frozen=True)
class Cost:
    """Milliseconds of processor time, and how many modules were loaded at the end."""

    ms: float
    modules: int


def costs(runs: int = RUNS) -> dict[str, Cost]:
    """Of the bare resolver, and of each handler by its module's name."""
    handlers = sorted((ROOT / "functions").glob("*/*.py"))
    code = {"bare resolver": BARE} | {
        f"{file.parent.name}.{file.stem}": f"import {file.parent.name}.{file.stem}"
        for file in handlers
    }
    taken: dict[str, list[Cost]] = defaultdict(list)
    for _ in range(runs):
        for name, statement in code.items():
            taken[name].append(_timed(statement))
    return {
        name: Cost(statistics.median(one.ms for one in each), each[0].modules)
        for name, each in taken.items()
    }


def _timed(code: str) -> Cost:
    done = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-c", _TIMED.format(code=code)],
        env={**os.environ, "PYTHONPATH": f"{ROOT}/shared:{ROOT}/functions"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    ms, modules = done.stdout.split()
    return Cost(float(ms), int(modules))


def main() -> int:
    """Print a table; 1 if `send_message` takes longer than it may."""
    found = costs()
    bare = found["bare resolver"]
    lines = [
        f"Imports: median of {RUNS} fresh processes, processor time",
        f"{'':44} {'ms':>6} {'x bare':>7} {'modules':>8}",
        *(
            f"{name:44} {cost.ms:6.0f} {cost.ms / bare.ms:7.2f} {cost.modules:8}"
            for name, cost in sorted(found.items(), key=lambda item: item[1].ms)
        ),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(found["messages.send_message"].ms > MOST * bare.ms)


if __name__ == "__main__":
    sys.exit(main())
