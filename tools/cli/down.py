"""`parley down`."""

import argparse

from tools.local.places import Places
from tools.local.processes import stop
from tools.local.state import Phase, State
from tools.local.supervisor import end_left_over


def run(_: argparse.Namespace) -> int:
    """Stop the supervisor and with it every part; or what a killed one left behind."""
    return stop_all(Places.from_environment())


def stop_all(places: Places) -> int:
    """The same for a given laptop cloud."""
    state = State.read(places)
    was_up = state.phase is not Phase.STOPPED
    supervisor = None if state.supervisor is None else state.supervisor.find()
    if supervisor is not None:
        stop(supervisor, within_s=60)
    left_over = end_left_over(state)
    print("Stopped." if was_up or left_over else "It was not up.")
    return 0
