"""`parley deploy`."""

import argparse
import time

from tools.cli.running import the_running
from tools.local.deploy import Deployer
from tools.local.places import Places
from tools.local.plan import Plan


def run(_: argparse.Namespace) -> int:
    """Bring what was edited into the running cloud, and say what that was."""
    places = Places.from_environment()
    the_running(places)
    started = time.monotonic()
    plan = Plan.of_running(places)
    done = Deployer(places, plan.ports["ministack"], plan.parameters()).deploy()
    print(f"{done.change}: {', '.join(done.functions)}" if done.functions else done.change, end=" ")
    print(f"({time.monotonic() - started:.1f} s)")
    return 0
