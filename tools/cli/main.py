"""`parley`: run, look at, change and talk to the laptop cloud; prepare a deployment to AWS.

Exit codes: 0 done, 1 it failed and said why, 2 the command line is wrong, 130 interrupted.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.cli import flow
from tools.local.errors import CloudError

FAILED = 1
INTERRUPTED = 130


def parser() -> argparse.ArgumentParser:
    """Every command, with the module of tools.cli that carries it out."""
    top = argparse.ArgumentParser(prog="parley", description=__doc__.partition("\n")[0])
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, help_: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=help_, description=help_)
        added.set_defaults(module=name)
        return added

    up = command("up", "start the laptop cloud, deploy to it and keep it running")
    up.add_argument("--detach", action="store_true", help="return once it is up")
    command("down", "stop it; what it keeps stays")
    status = command("status", "addresses, ports, process ids, the demo's log-in, health")
    status.add_argument("--json", action="store_true", help="for programs")
    reset = command("reset", "stop it and forget everything it keeps")
    reset.add_argument("--yes", action="store_true", help="do not ask")
    logs = command("logs", "what functions and servers wrote")
    logs.add_argument(
        "name", nargs="?", help="a function (TakeTurn) or part (postgresql); else all functions"
    )
    logs.add_argument("--follow", "-f", action="store_true", help="go on as more is written")
    command("deploy", "bring edited code or an edited template into the running cloud")
    chat = command("chat", "talk to a flow; from a pipe, one message a line")
    chat.add_argument("flow", nargs="?", help="a published flow's name or id (the demo's)")
    publish = command("publish", "put a flow document live in the demo organisation")
    publish.add_argument(
        "file", type=Path, help="YAML or JSON; its .test.yaml beside it goes along"
    )
    command("migrate", "bring a deployment's PostgreSQL and MongoDB to what this code expects")
    keys = command("keys", "make a key for signing tokens, in front of those of PARLEY_TOKEN_KEYS")
    keys.add_argument("kid", help="its name, for example the month: 2026-11")
    replay = command("replay", "run a past conversation again, and compare; 1 if it differs")
    replay.add_argument("conversation", help="its id")
    replay.add_argument("--flow", type=Path, metavar="FILE", help="on a changed flow")
    flow.add_to(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command; its exit code."""
    chosen = parser().parse_args(arguments)
    try:
        code: int = importlib.import_module(f"tools.cli.{chosen.module}").run(chosen)
    except CloudError as error:
        print(f"parley: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read what we print has gone
        sys.stderr.close()
        return FAILED
    return code


if __name__ == "__main__":
    sys.exit(main())
