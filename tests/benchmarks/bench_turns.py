"""A persisted turn, taken apart: `python -m tests.benchmarks.bench_turns`.

Real services on a real server (`PARLEY_MONGODB_URI`, else the laptop's own): conversations at the
10th, 100th and 1,000th turn, then flows of 10, 100 and 1,000 states, each kind in turn so that a
busy machine slows them alike. After each turn the very commands it sent are sent again, straight
through the driver, on a copy of the same documents: the store's bare round trips. The queue is in
memory: what a send costs is the queue's.
"""

# ruff: noqa: T201 -- a benchmark prints its figures

import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from uuid import uuid4

from bson import encode
from pymongo import monitoring

from parley.domain.conversations import Conversation
from parley.domain.json import JsonObject
from parley.domain.queued import Inbound
from parley.repositories.mongo.conversations import MongoConversations
from parley.repositories.mongo.database import MongoDatabase, connect, create_indexes
from parley.repositories.mongo.documents import key
from parley.repositories.mongo.messages import MongoMessages
from parley.runtime.chance import new_id, now
from tests.builders import A_PIN, A_TENANT, ECHO, FixedPrograms, World, a_flow, a_world, an_inbound
from tests.cloud import running
from tools.local.mongodb import mongodb, mongodb_uri
from tools.local.ports import free_port

TURNS = (10, 100, 1_000)
STATES = (10, 100, 1_000)
ROUNDS = 60
PARTS = ("read", "run", "commit", "flush")
_OWNERS = {"find": "read", "replace": "commit", "mark": "flush", "project": "flush"}
_NOT_OURS = ("lsid", "txnNumber", "$db", "$clusterTime", "$readPreference")


class Commands(monitoring.CommandListener):
    """Keeps what goes over the wire."""

    def __init__(self) -> None:
        self._sent: list[Any] = []
        self._replies: list[Any] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self._sent.append(event.command)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        self._replies.append(event.reply)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        raise RuntimeError(event.failure)

    def take(self) -> tuple[Sequence[JsonObject], int]:
        """The commands since the last time, and the bytes of them and of their replies."""
        sent = [{k: v for k, v in one.items() if k not in _NOT_OURS} for one in self._sent]
        size = sum(len(encode(one)) for one in (*sent, *self._replies))
        self._sent, self._replies = [], []
        return sent, size


class Timed:
    """A port whose calls are timed."""

    def __init__(self, port: Any, spent: dict[str, float]) -> None:
        self._port = port
        self._spent = spent

    def __getattr__(self, op: str) -> Any:
        method = getattr(self._port, op)

        def call(*args: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return method(*args, **named)
            finally:
                self._spent[_OWNERS.get(op, "read")] += time.perf_counter() - began

        return call


class Metered:
    """A collection of the driver; the CPU of its calls is the driver's, not a turn's own."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection
        self.cpu = 0.0

    def __getattr__(self, op: str) -> Any:
        method = getattr(self._collection, op)

        def call(*args: Any, **named: Any) -> Any:
            began = time.process_time()
            try:
                return method(*args, **named)
            finally:
                self.cpu += time.process_time() - began

        return call


@dataclass
class Samples:
    """What turns of one kind took, in milliseconds, and the bytes they moved."""

    parts: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    total: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    own_cpu: list[float] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    commands: set[tuple[str, ...]] = field(default_factory=set)


class Bench:
    """The services on a database, and a copy of its documents for the bare commands."""

    def __init__(self, uri: str, flow: JsonObject = ECHO) -> None:
        self._commands = Commands()
        monitoring.register(self._commands)
        name = f"bench-{uuid4().hex[:8]}"
        self._database = connect(uri, database=name)
        self._spent: dict[str, float] = defaultdict(float)
        create_indexes(self._database)
        monitoring._LISTENERS.command_listeners.clear()  # the bare commands are not listened to
        self._bare: MongoDatabase = connect(uri, database=name)
        conversations, messages = MongoConversations(self._database), MongoMessages(self._database)
        self._driver = [Metered(conversations._collection), Metered(messages._collection)]
        conversations._collection, messages._collection = self._driver  # type: ignore[assignment]  # they pass all on
        self.world: World = a_world(
            conversations=Timed(conversations, self._spent),
            messages=Timed(messages, self._spent),
            programs=FixedPrograms({A_PIN: a_flow(flow)}),
            clock=now,
        )
        self._n = 0

    def conversation(self, turns: int) -> Conversation:
        """One that has had this many turns."""
        started = self.world.starts(key=uuid4().hex)
        for n in range(turns - 1):
            if n % 50 == 0:
                self._forget_history()
            self.world.turns.take(self._message(started))
        self._forget_history()
        self._copy(started)
        return started

    def _forget_history(self) -> None:
        """No turn reads it, and the laptop's server inserts the slower the more there is."""
        self._database["messages"].drop()
        create_indexes(self._database)

    def _copy(self, conversation: Conversation) -> None:
        """Let the bare commands find the document as it is."""
        wanted = {"_id": key(A_TENANT, conversation.id)}
        document = self._database["conversations"].find_one(wanted)
        assert document is not None
        self._bare["conversations"].insert_one(_copied(document))
        self._commands.take()

    def sample(self, conversation: Conversation, samples: Samples) -> None:
        """One turn, measured, and its commands again, bare."""
        message = self._message(conversation)
        self._commands.take()
        self._spent.clear()
        driver = sum(one.cpu for one in self._driver)
        took, cpu = _measured(lambda: self.world.turns.take(message))
        driver = (sum(one.cpu for one in self._driver) - driver) * 1_000
        spent = dict(self._spent)
        sent, size = self._commands.take()
        calls = [self._call(_copied(one)) for one in sent]
        bare, _ = _measured(lambda: [call() for call in calls])
        for part in ("read", "commit", "flush"):
            samples.parts[part].append(spent[part] * 1_000)
        samples.parts["run"].append(took - sum(spent.values()) * 1_000)
        samples.total.append(took)
        samples.bare.append(bare)
        samples.own_cpu.append(cpu - driver)
        samples.size.append(size)
        samples.commands.add(tuple(next(iter(one)) for one in sent))

    def _call(self, command: JsonObject) -> Callable[[], object]:
        """The command as a call of the driver."""
        match command:
            case {"find": name, "filter": wanted, "projection": fields}:
                return lambda: self._bare[name].find_one(wanted, fields)
            case {"findAndModify": name, "query": wanted, "update": update, "fields": fields}:
                after = command.get("new", False)
                return lambda: self._bare[name].find_one_and_update(
                    wanted, update, projection=fields, return_document=after
                )
            case {"insert": name, "documents": documents}:
                return lambda: self._bare[name].insert_many(documents, ordered=False)
            case _:
                raise NotImplementedError(command)

    def _message(self, conversation: Conversation) -> Inbound:
        self._n += 1
        pid, at = f"web:{new_id()}", now()
        return an_inbound(f"{self._n:06}", pid=pid, conversation_id=conversation.id, at=at)


def main() -> None:
    with _server() as uri:
        _print_header()
        bench = Bench(uri)
        aged = {turns: bench.conversation(turns) for turns in TURNS}
        by_age = {turns: Samples() for turns in TURNS}
        for n in range(ROUNDS):
            if n % 5 == 0:
                aged[TURNS[0]] = bench.conversation(TURNS[0])
            for turns, samples in by_age.items():
                bench.sample(aged[turns], samples)
        for turns, samples in by_age.items():
            _print_row(f"turn {turns:,}", samples)
        _print_growth(by_age)
        benches = {states: Bench(uri, _round_of(states)) for states in STATES}
        begun = {states: bench.conversation(5) for states, bench in benches.items()}
        by_size = {states: Samples() for states in STATES}
        for _ in range(ROUNDS):
            for states, samples in by_size.items():
                benches[states].sample(begun[states], samples)
        for states, samples in by_size.items():
            _print_row(f"{states:,} states", samples)


def _measured(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of the wall and of this process's CPU."""
    began, cpu = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - began) * 1_000, (time.process_time() - cpu) * 1_000


def _copied(value: Any) -> Any:
    """The same, for the copy: it belongs to a tenant of its own."""
    match value:
        case str():
            return value.replace(A_TENANT, "t-copy")
        case dict():
            return {name: _copied(part) for name, part in value.items()}
        case list():
            return [_copied(part) for part in value]
        case _:
            return value


def _round_of(states: int) -> JsonObject:
    """A flow whose states follow one another in a round."""
    return {
        "schema": "parley/1",
        "name": "round",
        "initial_state": "s0",
        "states": [
            {
                "name": f"s{n}",
                "type": "response",
                "config": {"response_templates": {"en": f"{n}: {{{{ input.text }}}}"}},
                "transitions": [{"condition": "any_input", "target_state": f"s{(n + 1) % states}"}],
            }
            for n in range(states)
        ],
    }


@contextmanager
def _server() -> Iterator[str]:
    if uri := os.environ.get("PARLEY_MONGODB_URI"):
        yield uri
        return
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as name:
        folder = Path(name)
        with running(mongodb(folder / "mongodb", free_port(), folder / "log")) as server:
            yield mongodb_uri(server.part.port)


def _print_header() -> None:
    print("A persisted turn, milliseconds: p50 (p99); own CPU is this process's without the")
    print("driver's; x is the turn over the same commands sent bare, by their medians.\n")
    print(f"{'':14}" + "".join(f"{part:>16}" for part in (*PARTS, "turn", "bare")), end="")
    print(f"{'x':>7}{'own CPU':>9}{'bytes':>8}  commands")


def _print_row(name: str, samples: Samples) -> None:
    columns = [samples.parts[part] for part in PARTS] + [samples.total, samples.bare]
    cells = "".join(f"{_spread(column):>16}" for column in columns)
    ratio = median(samples.total) / median(samples.bare)
    commands = " | ".join(" ".join(one) for one in sorted(samples.commands))
    print(f"{name:14}{cells}{ratio:7.2f}{median(samples.own_cpu):9.2f}", end="")
    print(f"{median(samples.size):8.0f}  {commands}")


def _print_growth(by_age: dict[int, Samples]) -> None:
    young, old = by_age[TURNS[0]], by_age[TURNS[-1]]
    size = median(old.size) / median(young.size) - 1
    took = median(old.total) / median(young.total) - 1
    cpu = median(old.own_cpu) / median(young.own_cpu) - 1
    print(f"{'growth':14}turn {TURNS[-1]:,} beside turn {TURNS[0]}: bytes {size:+.1%},", end=" ")
    print(f"time {took:+.1%}, own CPU {cpu:+.1%}\n")


def _spread(values: Sequence[float]) -> str:
    return f"{median(values):.2f} ({quantiles(values, n=100)[98]:.1f})"


if __name__ == "__main__":
    main()
