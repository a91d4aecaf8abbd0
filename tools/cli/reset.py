"""`parley reset`."""

import argparse
import shutil
import sys

from tools.cli.down import stop_all
from tools.local.errors import CloudError
from tools.local.places import Places


def run(arguments: argparse.Namespace) -> int:
    """Stop everything and remove the folder in which it keeps what it keeps."""
    places = Places.from_environment()
    if not arguments.yes and sys.stdin.isatty():
        print(f"This forgets every conversation, flow and log in {places.home}.")
        if input("Go on? [y/N] ").strip().lower() not in {"y", "yes"}:
            raise CloudError("nothing was removed")
    stop_all(places)
    shutil.rmtree(places.home, ignore_errors=True)
    print(f"Removed {places.home}.")
    return 0
