"""The flows that random flows may call: some drawn once, some that end or call on at once."""

from functools import cache
from random import Random

from parley.domain.flows import FlowDocument
from parley.domain.json import JsonObject
from parley.engine.check import check_flow, has_errors
from parley.engine.checks.surroundings import CalledFlow, Surroundings
from parley.engine.compile import compile_flow
from parley.engine.program import Program
from tests.property.flows.documents import FLOW_BYTES, flow_of
from tests.property.flows.parts import SLOTS
from tests.unit.engine.talks import a_flow, says, state, to

_DRAWN = 8
_DEEP = 9
"""Flows that call one after another: one more than may wait for each other."""


@cache
def documents() -> dict[str, JsonObject]:
    """By name; each of them passes the check."""
    found = {f"drawn{n}": flow for n, flow in enumerate(_drawn())}
    found |= {f"deep{n}": _chained(n) for n in range(_DEEP)}
    found["done"] = _with_names(a_flow(state("done", "end", config={"status": "abandoned"})))
    found["ask"] = _with_names(a_flow(says("ask", "Well?", to("over")), state("over", "end")))
    return {name: {**flow, "name": name} for name, flow in found.items()}


def _drawn() -> list[JsonObject]:
    random = Random(_DRAWN)  # noqa: S311 -- nothing secret, the same every time
    found: list[JsonObject] = []
    while len(found) < _DRAWN:
        flow = flow_of(random.randbytes(FLOW_BYTES))
        if not has_errors(check_flow(flow)):
            found.append(flow)
    return found


def _chained(n: int) -> JsonObject:
    following = {"flow": f"deep{n + 1}" if n + 1 < _DEEP else "done", "mode": "call"}
    calls = [{"type": "trigger_flow", "config": following}]
    return _with_names(a_flow(says("down", None, entry_actions=calls)))


def _with_names(flow: JsonObject) -> JsonObject:
    return {
        **flow,
        "variables": {"n": 0, "any": None},
        "slots": {name: known for name, (known, _) in SLOTS.items()},
    }


CALLS = ("ask", "done", "deep0", *(f"drawn{n}" for n in range(_DRAWN)))
"""Those that a random flow may call."""


@cache
def programs() -> dict[str, Program]:
    """By key, which is the name."""
    made = {name: FlowDocument.model_validate(flow) for name, flow in documents().items()}
    return {name: compile_flow(document) for name, document in made.items()}


@cache
def surroundings() -> Surroundings:
    """What the check of a flow knows of them."""
    made = {name: FlowDocument.model_validate(flow) for name, flow in documents().items()}
    return Surroundings(flows={name: CalledFlow.of(document) for name, document in made.items()})
