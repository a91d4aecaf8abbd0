"""`parley publish FILE`."""

import argparse

from tools.cli.running import as_demo_admin
from tools.local.places import Places
from tools.local.publish import draft_of, publish


def run(arguments: argparse.Namespace) -> int:
    """Put the document live in the demo organisation."""
    live = publish(as_demo_admin(Places.from_environment()), draft_of(arguments.file))
    print(f"{live.name} {live.version} is live (flow {live.flow_id}).")
    print(f"Talk to it: parley chat {live.name}")
    return 0
