"""What functions wrote to their log group, line by line, for people."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from parley.domain.json import JsonObject
from tools.local.aws import client
from tools.local.places import Places, read_json

_LAMBDA_S_OWN = ("START RequestId", "END RequestId", "REPORT RequestId", "INIT_START")
_SHOWN_ELSEWHERE = {"level", "message", "timestamp", "function_name"}
_PLACES = 6
"""How much of a traceback is shown: the end, where it happened."""
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


@dataclass(slots=True)
class FunctionLogs:
    """Reads the functions' log group again and again; each event is given once."""

    group: str
    port: int
    functions: dict[str, str]
    seen: set[tuple[str, int, str]] = field(default_factory=set)
    writers: dict[str, str] = field(default_factory=dict)
    """Which function writes to a stream: its JSON lines say so, the others do not."""

    @classmethod
    def of(cls, places: Places) -> Self:
        """The logs of the last deployment's functions."""
        deployed = read_json(places.deployed)
        port: int = read_json(places.ports)["ministack"]
        return cls(deployed["outputs"]["LogGroup"], port, deployed["names"])

    def new_lines(self, *, only: str | None = None) -> Iterator[str]:
        """What was not yet given, in order; of the function `only`, if that is said."""
        events = self._events()
        for event in events:
            self._learn_writer(event)
        for event in events:
            writer = self.writers.get(event["logStreamName"], "?")
            if _identity(event) not in self.seen and only in {None, writer}:
                yield from _lines(event, writer)
        self.seen.update(_identity(event) for event in events)

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


def _identity(event: JsonObject) -> tuple[str, int, str]:
    """What tells one event from another: the emulator gives them no ids."""
    return event["logStreamName"], event["timestamp"], event["message"]


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
        if "exception_name" in entry:
            yield f"    {entry['exception_name']}"
            yield from (f"    {place}" for place in entry.get("stack_trace", [])[-_PLACES:])


def _parsed(message: str) -> JsonObject | None:
    """A structured log line, or a metric in the embedded format (`_aws`); None for plain text."""
    try:
        entry = json.loads(message)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
