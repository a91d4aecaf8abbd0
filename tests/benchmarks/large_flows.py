"""What a flow of 1,000 states costs to read, check and compile, and to keep in memory."""

# ruff: noqa: T201 -- a benchmark prints its figures

import gc
import json
import resource
import time
import tracemalloc
from collections.abc import Callable
from statistics import median

from parley.domain.flows import MAX_FLOW_BYTES, MAX_STATES, FlowDocument
from parley.domain.json import JsonObject
from parley.engine.check import check_flow, has_errors
from parley.engine.compile import compile_flow
from parley.engine.formats import dump_flow, load_flow

ROUNDS = 5
KEPT = 20
"""Programs kept at once to measure the memory of one: what is shared counts once."""


def large_flow(states: int = MAX_STATES) -> JsonObject:
    """A sound flow of states of four types, each with a text, a guard or a slot of its own."""
    made = [_state(n, states) for n in range(states - 1)]
    return {
        "schema": "parley/1",
        "name": "large",
        "initial_state": "s0",
        "variables": {"v": 0},
        "slots": {"amount": {"type": "integer"}},
        "states": [*made, {"name": f"s{states - 1}", "type": "end"}],
    }


def _state(n: int, states: int) -> JsonObject:
    name, following = f"s{n}", f"s{n + 1}"
    match n % 4:
        case 0:
            return {
                "name": name,
                "type": "response",
                "config": {"response_templates": {"en": f"Question {n}: {{{{ vars.v }}}}?"}},
                "transitions": [{"condition": "any_input", "target_state": following}],
            }
        case 1:
            choice = {"expression": f"vars.v > {n}", "target_state": f"s{(n * 7) % states}"}
            config = {"conditions": [choice], "default_state": following}
            return {"name": name, "type": "condition", "config": config}
        case 2:
            return {
                "name": name,
                "type": "slot_filling",
                "config": {"required_slots": ["amount"]},
                "transitions": [{"condition": "all_slots_filled", "target_state": following}],
            }
        case _:
            text = f"Noted as number {n}: {{{{ slots.amount }}}}."
            way = {"condition": "expression", "expression": "true", "target_state": following}
            return {
                "name": name,
                "type": "response",
                "config": {"response_templates": {"en": text}},
                "transitions": [way],
            }


def milliseconds(work: Callable[[], object]) -> float:
    """Of the processor, the median of some rounds after one that warms up."""
    work()
    spent = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return median(spent) * 1_000


def megabytes(document: FlowDocument) -> tuple[float, float]:
    """Of one program: Python's objects, and what the process grew by, native memory included."""
    compile_flow(document)
    gc.collect()
    resident = _resident()
    kept = [compile_flow(document) for _ in range(KEPT)]
    grown = (_resident() - resident) / len(kept)
    kept.clear()
    gc.collect()
    tracemalloc.start()
    program = compile_flow(document)
    objects = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del program
    return objects / 1024**2, grown


def _resident() -> float:
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 -- a kernel's file
        return int(statm.read().split()[1]) * resource.getpagesize() / 1024**2


def report() -> None:
    """Prints the figures."""
    flow = large_flow()
    as_json, as_yaml = json.dumps(flow), dump_flow(flow)
    if len(as_json) > MAX_FLOW_BYTES or has_errors(check_flow(flow)):
        raise ValueError("the large flow is too large, or not sound")
    document = FlowDocument.model_validate(flow)
    size = f"{len(flow['states']):,} states"
    print(f"{size}: compile {milliseconds(lambda: compile_flow(document)):.0f} ms")
    print(f"{size}: check {milliseconds(lambda: check_flow(flow)):.0f} ms")
    print(f"{size}: check of {len(as_json) // 1024} KB of JSON ", end="")
    print(f"{milliseconds(lambda: check_flow(as_json)):.0f} ms")
    print(f"{size}: read {len(as_yaml) // 1024} KB of YAML ", end="")
    print(f"{milliseconds(lambda: load_flow(as_yaml)):.0f} ms")
    objects, grown = megabytes(document)
    print(f"{size}: {objects:.1f} MB of objects, {grown:.1f} MB of the process")


if __name__ == "__main__":
    report()
