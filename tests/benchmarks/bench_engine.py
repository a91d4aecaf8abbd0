"""Turns a second on one core, in memory: `python -m tests.benchmarks.bench_engine`.

The reference dialogue of `examples/flows/order_status.yaml`, trace and classification included,
measured in CPU time of many short rounds: the best, which nothing disturbed, and their median.
Beside it a floor: to write the states and traces of the same turns as JSON, and read them again.
Then the same dialogue in flows of 10, 100 and 1,000 states, as ratios of the smallest. What is
compared is run in turn, so that a busy machine slows it alike. Last, what a flow of 1,000 states
costs to compile, check and keep.
"""

# ruff: noqa: T201 -- a benchmark prints its figures

import copy
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from parley.domain.flows import FlowDocument, IntentScore
from parley.domain.json import Json, JsonObject
from parley.engine.compile import compile_flow
from parley.engine.events import Event, MessageEvent, StartEvent
from parley.engine.formats import load_flow
from parley.engine.program import Program
from parley.engine.services import IntegrationReply, IntegrationRequest
from parley.engine.turn import run_turn
from parley.nlu.matcher import IntentMatcher
from tests.benchmarks.large_flows import report

FLOW = Path(__file__).parents[2] / "examples" / "flows" / "order_status.yaml"
SAID = ("hi", "where is my order", "12", "AB123456", "no thanks", "5")
DIALOGUE: tuple[Event, ...] = (
    StartEvent(),
    *(MessageEvent({"type": "text", "text": text}) for text in SAID),
)
ROUNDS = 9
SHORT_ROUNDS = 300
DIALOGUES_A_ROUND = 20
"""So few that some rounds are over before anything else on the machine disturbs them."""


class Bench:
    """Services that answer at once: the matcher is real, the shop's system a constant."""

    def __init__(self, document: JsonObject) -> None:
        self.now = datetime(2026, 1, 31, 12, tzinfo=UTC)
        self.seed = 1
        self.user: JsonObject = {"first_name": "Ada", "language": "en"}
        self.conversation: JsonObject = {"id": "c", "channel": "web"}
        self.tenant: JsonObject = {"name": "Shop"}
        self._matcher = IntentMatcher.train(document["intents"])

    def classify(self, text: str, among: Sequence[str]) -> list[IntentScore]:
        return self._matcher.classify(text, among)

    def flow(self, key: str) -> None:
        del key

    def call(self, request: IntegrationRequest) -> IntegrationReply:
        del request
        data = {"status": "shipped", "carrier": "DHL", "eta": "2026-02-03"}
        return IntegrationReply("success", None, 200, data)


def enlarged(document: JsonObject, states: int) -> JsonObject:
    """The flow with as many more states as it takes, each with a way on to the next."""
    larger = copy.deepcopy(document)
    for n in range(states - len(document["states"])):
        extra = copy.deepcopy(document["states"][0])
        extra["name"] = f"more_{n}"
        larger["states"].append(extra)
    return larger


def seconds(program: Program, services: Bench, dialogues: int = DIALOGUES_A_ROUND) -> float:
    """CPU seconds of that many dialogues."""
    began = time.process_time()
    for _ in range(dialogues):
        state = None
        for event in DIALOGUE:
            state = run_turn(program, state, event, services).state
    return time.process_time() - began


def left(program: Program, services: Bench) -> list[Json]:
    """The states and traces that a dialogue leaves."""
    made, state = [], None
    for event in DIALOGUE:
        turn = run_turn(program, state, event, services)
        state = turn.state
        made.append([state.to_json(), turn.trace])
    return made


def floor_seconds(documents: list[Json]) -> float:
    """CPU seconds to write and read what as many dialogues leave."""
    began = time.process_time()
    for _ in range(DIALOGUES_A_ROUND):
        for document in documents:
            json.loads(json.dumps(document))
    return time.process_time() - began


def main() -> None:
    document = load_flow(FLOW.read_text())
    services = Bench(document)
    program = compile_flow(FlowDocument.model_validate(document))
    seconds(program, services, 50)
    documents = left(program, services)
    both = [(seconds(program, services), floor_seconds(documents)) for _ in range(SHORT_ROUNDS)]
    rates = [DIALOGUES_A_ROUND * len(DIALOGUE) / spent for spent, _ in both]
    undisturbed, usual = max(rates), median(rates)
    print(f"turns a second, one core: {undisturbed:,.0f} undisturbed, median {usual:,.0f}")
    ratio = median(spent / floor for spent, floor in both)
    print(f"a turn: {ratio:.2f} x the time of its state and trace as JSON, written and read")
    sizes = (len(document["states"]), 100, 1_000)
    programs = [compile_flow(FlowDocument.model_validate(enlarged(document, n))) for n in sizes]
    spent = [[seconds(program, services, 100) for program in programs] for _ in range(ROUNDS)]
    for n, size in enumerate(sizes[1:], start=1):
        ratio = median(times[n] / times[0] for times in spent)
        print(f"{size:,} states: {ratio:.2f} x the time of {sizes[0]}")
    report()


if __name__ == "__main__":
    main()
