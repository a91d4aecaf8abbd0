"""`parley up [--detach]`."""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from tools.local.places import Places
from tools.local.processes import environment_for_children
from tools.local.state import Phase, State
from tools.local.up import run as run_supervisor

_LOOK_EVERY_S = 0.05


def run(arguments: argparse.Namespace) -> int:
    """In the foreground until Ctrl-C, or until another process has it up."""
    places = Places.from_environment()
    if arguments.detach:
        return _detached(places)
    print("Starting the laptop cloud.", flush=True)
    run_supervisor(places, lambda line: print(line, flush=True))
    return 0


def _detached(places: Places) -> int:
    """Start `parley up` in a session of its own, and show its lines until it is up, or is not."""
    if State.read(places).phase is Phase.READY:
        print("It is up already. See `parley status`.")
        return 0
    log = places.log("supervisor")
    log.parent.mkdir(parents=True, exist_ok=True)
    begin = log.stat().st_size if log.exists() else 0
    with log.open("ab") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "tools.cli.main", "up"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment_for_children(),
            start_new_session=True,
        )
    shown = begin
    while True:
        ended = supervisor.poll() is not None
        ready = _is_ready(places, supervisor.pid)
        shown = _show(log, shown)
        if ended:  # its last lines, now shown, say why
            return supervisor.returncode or 1
        if ready:
            return 0
        time.sleep(_LOOK_EVERY_S)


def _is_ready(places: Places, pid: int) -> bool:
    state = State.read(places)
    is_ours = state.supervisor is not None and state.supervisor.pid == pid
    return is_ours and state.phase is Phase.READY


def _show(log: Path, begin: int) -> int:
    """Print what the log has from `begin`; where it ends."""
    with log.open("rb") as written:
        written.seek(begin)
        text = written.read()
    sys.stdout.write(text.decode(errors="replace"))
    sys.stdout.flush()
    return begin + len(text)
