"""A process is known again by more than its number, and ends with whoever started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tools.local.processes import Identity, environment_for_children, launch, stop, wait_until

SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")


def a_process(folder: Path, *command: str) -> subprocess.Popen[bytes]:
    return launch(
        command or SLEEPER,
        folder=folder,
        log=folder / "log",
        environment={},
        death_signal=signal.SIGTERM,
    )


def test_a_process_is_found_again_until_it_ends(tmp_path: Path) -> None:
    process = a_process(tmp_path)
    identity = Identity.from_json(Identity.of(process.pid).to_json())

    found = identity.find()
    assert found is not None
    stop(found)
    process.wait()

    assert identity.find() is None


def test_another_process_with_the_number_is_not_the_same() -> None:
    mine = Identity.of(os.getpid())

    assert Identity(mine.pid, mine.started - 3600).find() is None


def test_a_process_that_does_not_want_to_end_is_killed(tmp_path: Path) -> None:
    program = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(60)
"""
    stubborn = a_process(tmp_path, sys.executable, "-c", program)
    identity = Identity.of(stubborn.pid)
    assert wait_until(lambda: b"deaf" in (tmp_path / "log").read_bytes(), within_s=10)

    stop(psutil.Process(stubborn.pid), within_s=0.2)
    stubborn.wait()

    assert identity.find() is None


def test_what_a_process_started_ends_with_it(tmp_path: Path) -> None:
    parent = f"import subprocess, time; subprocess.Popen({list(SLEEPER)!r}); time.sleep(60)"
    process = a_process(tmp_path, sys.executable, "-c", parent)
    family = psutil.Process(process.pid)
    assert wait_until(lambda: bool(family.children()), within_s=10)
    (child,) = family.children()

    stop(family)
    process.wait()

    assert not child.is_running()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next start ends what is left")
def test_a_process_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = f"""
import signal, time
from pathlib import Path
from tools.local.processes import launch
child = launch({SLEEPER!r}, folder=Path({str(tmp_path)!r}), log=Path({str(tmp_path / "c")!r}),
               environment={{}}, death_signal=signal.SIGTERM)
print(child.pid, flush=True)
time.sleep(60)
"""
    parent = a_process(tmp_path, sys.executable, "-c", program)
    log = tmp_path / "log"
    assert wait_until(lambda: log.read_bytes().endswith(b"\n"), within_s=10), log.read_text()
    child = psutil.Process(int(log.read_text()))

    parent.kill()
    parent.wait()

    assert wait_until(lambda: not child.is_running(), within_s=5)


def test_children_write_bytecode_whatever_our_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    assert "PYTHONDONTWRITEBYTECODE" not in environment_for_children()


def test_waiting_gives_up_in_time() -> None:
    began = time.monotonic()

    assert not wait_until(lambda: False, within_s=0.05, every_s=0.01)
    assert time.monotonic() - began < 1
