"""Hostile flows: refused by the check, or a failed step of a turn; at once, and memory flat."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.property.hostile.programs import TRIES
from tests.property.hostile.trial import LIMIT_S, QUICK_S, Verdict

ROOT = Path(__file__).parents[2]
MEGABYTES = 64


pytestmark = pytest.mark.xdist_group("hostile")


def python(*arguments: str) -> str:
    """What a process of its own prints."""
    folders = os.pathsep.join((str(ROOT / "shared"), str(ROOT)))
    done = subprocess.run(  # noqa: S603 -- our own code
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": folders},
        capture_output=True,
        text=True,
        timeout=4 * LIMIT_S,
        check=True,
    )
    print(done.stderr)  # noqa: T201 -- shown with a test that fails
    return done.stdout


@pytest.fixture(scope="module")
def verdicts() -> dict[str, Verdict]:
    """Of every program."""
    lines = python("-m", "tests.property.hostile.trial").splitlines()
    found = [Verdict(**json.loads(line)) for line in lines]
    return {verdict.name: verdict for verdict in found}


@pytest.mark.parametrize("name", TRIES)
def test_a_hostile_flow_ends_as_it_should_at_once_and_memory_stays_flat(
    name: str, verdicts: dict[str, Verdict]
) -> None:
    verdict, idle = verdicts[name], verdicts["nothing"]
    assert verdict.ended_well
    assert verdict.cpu_s < QUICK_S
    assert verdict.most_kb - idle.most_kb < MEGABYTES * 1024


def test_a_trial_sees_what_fails_what_is_slow_and_what_is_large() -> None:
    """Else every program would pass."""
    source = (
        "from tests.property.hostile.trial import once; import json, time\n"
        "def fails(): assert False\n"
        "def grows(): bytearray(b'x') * 200_000_000\n"
        "def burns():\n"
        "    while time.process_time() < 2: pass\n"
        "for one in (fails, grows, burns):\n"
        "    found = once('x', one)\n"
        "    print(json.dumps([found.ended_well, found.most_kb > 200_000, found.cpu_s > 1.5]))\n"
    )
    assert [json.loads(line) for line in python("-c", source).splitlines()] == [
        [False, False, False],
        [True, True, False],
        [True, False, True],
    ]
