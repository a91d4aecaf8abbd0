"""`parley flow ...`: check, test, talk to and draw flows, without any cloud."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 -- argparse has no public name for it


def add_to(commands: "Commands") -> None:
    """The commands, with the modules of tools.cli that carry them out."""
    flow = commands.add_parser("flow", help=__doc__.partition(": ")[2].rstrip("."))
    below = flow.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, help_: str) -> argparse.ArgumentParser:
        added = below.add_parser(name, help=help_, description=help_)
        added.set_defaults(module=f"flow_{name}")
        return added

    check = command("check", "say what is wrong with flows; 1 if one has an error")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE", help="YAML or JSON")
    check.add_argument("--json", action="store_true", help="for programs")
    check.add_argument("--strict", action="store_true", help="warnings count as errors")
    test = command("test", "run the tests of flows; 1 if one fails")
    test.add_argument("files", nargs="+", type=Path, metavar="FILE", help="for example x.test.yaml")
    test.add_argument("--junit", type=Path, metavar="XML", help="write a report there, too")
    test.add_argument(
        "--coverage-min", type=percent, default=0.0, metavar="PERCENT",
        help="fail below this share of transitions reached",
    )  # fmt: skip
    chat = command("chat", "talk to a flow; from a pipe, one message a line")
    chat.add_argument("file", type=Path, metavar="FILE", help="the flow")
    chat.add_argument("--script", type=Path, metavar="FILE", help="play a test file's steps")
    chat.add_argument("--test", metavar="NAME", help="of the script, this test alone")
    chat.add_argument("--trace", action="store_true", help="say how each turn was decided")
    graph = command("graph", "draw a flow: Mermaid, or a picture")
    graph.add_argument("file", type=Path, metavar="FILE", help="the flow")
    graph.add_argument("--svg", action="store_true", help="a picture instead of Mermaid")
    graph.add_argument("--output", "-o", type=Path, metavar="FILE", help="write there")


def percent(text: str) -> float:
    """A number from 0 to 100. Raises ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:  # noqa: PLR2004 -- what a percentage is
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 100")
    return value
