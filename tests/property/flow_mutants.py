"""What breaks a sound flow in one place, with the code and the place that have to be found."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from parley.engine.checks.surroundings import Surroundings


@dataclass(frozen=True)
class Mutant:
    """A flow and what has to be found in it."""

    code: str
    pointer: str
    flow: Any
    around: Surroundings = field(default_factory=Surroundings)


type Operator = Callable[[Any], Iterator[Mutant]]
OPERATORS: list[Operator] = []


def operator(function: Operator) -> Operator:
    """Adds it to all operators."""
    OPERATORS.append(function)
    return function


def mutant(code: str, pointer: str, flow: Any, change: Any, around: Any = None) -> Mutant:
    """A copy of the flow, changed."""
    broken = copy.deepcopy(flow)
    change(broken)
    return Mutant(code, pointer, broken, around or Surroundings())


def transitions(flow: Any) -> Iterator[tuple[int, int, Any]]:
    for n, state in enumerate(flow["states"]):
        for m, transition in enumerate(state.get("transitions", ())):
            yield n, m, transition


def states(flow: Any, *kinds: str) -> Iterator[tuple[int, Any]]:
    for n, state in enumerate(flow["states"]):
        if not kinds or state["type"] in kinds:
            yield n, state


def is_async(state: Any) -> bool:
    """Whether it is a call that waits for its callback."""
    return bool(state.get("config", {}).get("async"))


def put(*way: Any) -> Callable[[Any], None]:
    """Sets the value that stands last at the path before it."""
    *path, last, value = way

    def change(flow: Any) -> None:
        here = flow
        for part in path:
            here = here[part] if isinstance(here, list) else here.setdefault(part, {})
        here[last] = value

    return change


def drop(*way: Any) -> Callable[[Any], None]:
    *path, last = way

    def change(flow: Any) -> None:
        here = flow
        for part in path:
            here = here[part]
        del here[last]

    return change


def acting(n: int, action: Any) -> Callable[[Any], None]:
    """One more entry action, the last."""

    def change(flow: Any) -> None:
        flow["states"][n].setdefault("entry_actions", []).append(action)

    return change


def entry(flow: Any, n: int) -> str:
    return f"/states/{n}/entry_actions/{len(flow['states'][n].get('entry_actions', ()))}"
