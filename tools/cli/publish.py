"""`parley publish FILE`."""

import argparse

from tools.cli.running import as_demo_admin
from tools.local.errors import CloudError
from tools.local.places import Places
from tools.local.publish import publish


def run(arguments: argparse.Namespace) -> int:
    """Put the document live in the demo organisation."""
    try:
        source = arguments.file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise CloudError(f"cannot read {arguments.file}: {error}") from None
    live = publish(as_demo_admin(Places.from_environment()), source)
    print(f"{live.name} {live.version} is live (flow {live.flow_id}).")
    print(f"Talk to it: parley chat {live.name}")
    return 0
