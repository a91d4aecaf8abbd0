"""`parley logs [NAME] [--follow]`: what functions wrote to their group, servers to their files."""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from parley.domain.json import JsonObject
from tools.cli.running import the_running
from tools.local.aws import client
from tools.local.errors import CloudError
from tools.local.places import Places, read_json

_LOOK_EVERY_S = 0.5
_LAST_LINES = 200
_LAMBDA_S_OWN = ("START RequestId", "END RequestId", "REPORT RequestId", "INIT_START")
_SHOWN_ELSEWHERE = {"level", "message", "timestamp", "function_name", "exception"}
_EVERYWHERE_ALIKE = {
    "location",
    "service",
    "cold_start",
    "function_memory_size",
    "function_arn",
    "function_request_id",
    "xray_trace_id",
    "exception_name",
    "stack_trace",
}


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
    group = read_json(places.deployed)["outputs"]["LogGroup"]
    reader = _Reader(group, read_json(places.ports)["ministack"], functions)
    while True:
        yield from reader.new_lines(only=name)
        if not follow:
            return
        time.sleep(_LOOK_EVERY_S)


@dataclass(slots=True)
class _Reader:
    """Reads a log group again and again; each event is given once."""

    group: str
    port: int
    functions: dict[str, str]
    seen: set[str] = field(default_factory=set)
    writers: dict[str, str] = field(default_factory=dict)
    """Which function writes to a stream: its JSON lines say so, the others do not."""

    def new_lines(self, *, only: str | None) -> Iterator[str]:
        events = self._events()
        for event in events:
            self._learn_writer(event)
        for event in events:
            writer = self.writers.get(event["logStreamName"], "?")
            if event["eventId"] not in self.seen and only in {None, writer}:
                yield from _lines(event, writer)
        self.seen.update(event["eventId"] for event in events)

    def _events(self) -> list[JsonObject]:
        pages = client("logs", self.port).get_paginator("filter_log_events")
        answered = [
            event for page in pages.paginate(logGroupName=self.group) for event in page["events"]
        ]
        return sorted(answered, key=lambda event: int(event["timestamp"]))

    def _learn_writer(self, event: JsonObject) -> None:
        full_name = (_parsed(event["message"]) or {}).get("function_name")
        for logical, name in self.functions.items():
            if name == full_name:
                self.writers[event["logStreamName"]] = logical


def _lines(event: JsonObject, writer: str) -> Iterator[str]:
    """The event for people: who, when, what; nothing of what Lambda itself writes."""
    message: str = event["message"].rstrip()
    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
    entry = _parsed(message)
    if entry is None:
        if message and not message.startswith(_LAMBDA_S_OWN):
            yield f"{at}          {writer:<22} {message}"
    elif "_aws" not in entry:
        more = entry.keys() - _SHOWN_ELSEWHERE - _EVERYWHERE_ALIKE
        facts = " ".join(f"{key}={entry[key]}" for key in sorted(more) if entry[key] is not None)
        yield f"{at} {entry.get('level', ''):<8} {writer:<22} {entry.get('message', '')} {facts}"
        if "exception" in entry:
            yield str(entry["exception"])


def _parsed(message: str) -> JsonObject | None:
    """A structured log line, or a metric in the embedded format (`_aws`); None for plain text."""
    try:
        entry = json.loads(message)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
