"""`condition`: chooses the next state by expressions."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.engine.expressions import Expression
from parley.engine.program import Goto, Step
from parley.engine.states.response import way_on

if TYPE_CHECKING:
    from parley.engine.program import StateNode
    from parley.engine.run import Run


@dataclass(frozen=True, slots=True)
class Branch:
    """One way on."""

    pointer: str
    expression: Expression
    target: str


@dataclass(frozen=True, slots=True)
class Condition:
    """`branches` are in the order to try; with `needs_all` the first target counts if all hold."""

    branches: tuple[Branch, ...]
    needs_all: bool
    default: str | None

    def enter(self, run: "Run", node: "StateNode") -> Step:
        target = self._all(run) if self.needs_all else self._first(run)
        if target is None and self.default is not None:
            at = f"{run.prefix}{node.pointer}/config/default_state"
            run.tried.append({"at": at, "held": True})
            target = self.default
        return way_on(run, node) if target is None else Goto(target)

    def _first(self, run: "Run") -> str | None:
        for branch in self.branches:
            if self._holds(run, branch):
                return branch.target
        return None

    def _all(self, run: "Run") -> str | None:
        held = all(self._holds(run, branch) for branch in self.branches)
        return self.branches[0].target if held else None

    def _holds(self, run: "Run", branch: Branch) -> bool:
        held = run.is_true(branch.expression, branch.pointer)
        run.tried.append({"at": run.prefix + branch.pointer, "held": held})
        return held
