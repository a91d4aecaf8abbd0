"""`parley logs [NAME] [--follow]`: what functions wrote to their group, servers to their files."""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

from tools.cli.running import the_running
from tools.local.errors import CloudError
from tools.local.function_logs import FunctionLogs
from tools.local.places import Places, read_json

_LOOK_EVERY_S = 0.5
_LAST_LINES = 200


def run(arguments: argparse.Namespace) -> int:
    """Print what there is, and with --follow what comes."""
    places = Places.from_environment()
    name = arguments.name
    log = places.log(name) if name else None
    if log is not None and log.exists():
        lines = _of_file(log, follow=arguments.follow)
    else:
        lines = _of_functions(places, name, follow=arguments.follow)
    for line in lines:
        print(line, flush=arguments.follow)
    return 0


def _of_file(log: Path, *, follow: bool) -> Iterator[str]:
    """The last lines of a server's log, then those that come."""
    with log.open(errors="replace") as written:
        yield from (line.rstrip("\n") for line in written.readlines()[-_LAST_LINES:])
        while follow:
            if line := written.readline():
                yield line.rstrip("\n")
            else:
                time.sleep(_LOOK_EVERY_S)


def _of_functions(places: Places, name: str | None, *, follow: bool) -> Iterator[str]:
    the_running(places)
    functions: dict[str, str] = read_json(places.deployed)["names"]
    if name is not None and name not in functions:
        parts = sorted(log.stem for log in places.log("any").parent.glob("*.log"))
        raise CloudError(
            f"no function or part is called {name!r}",
            remedy=f"functions: {', '.join(sorted(functions))}; parts: {', '.join(parts)}",
        )
    reader = FunctionLogs.of(places)
    while True:
        yield from reader.new_lines(only=name)
        if not follow:
            return
        time.sleep(_LOOK_EVERY_S)
