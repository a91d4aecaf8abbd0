"""One flow calls another: the stack of callers, what goes in, and what comes back.

A called flow runs with variables of its own; slots are the conversation's. Its states, transitions
and errors stand in the trace behind its name: `survey#/states/0`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from parley.domain.conversations import Status
from parley.domain.json import JsonObject
from parley.engine.actions import ActionFailed, kept
from parley.engine.expressions import Expression, ExpressionFailed
from parley.engine.program import Stuck
from parley.engine.state import Caller

if TYPE_CHECKING:
    from parley.engine.program import StateNode
    from parley.engine.run import Run

MAX_FLOWS = 8
"""On the stack of a conversation, its own flow included."""


@dataclass(frozen=True, slots=True)
class TriggerFlow:
    """Names the flow that runs when the list of actions is done; a second one in it fails."""

    pointer: str
    flow: str
    mode: Literal["replace", "call"]
    arguments: Mapping[str, Expression]
    results: Mapping[str, Expression]

    def perform(self, run: "Run") -> None:
        if run.called is not None:
            raise ActionFailed("another flow is called here already")
        given = _values(run, self.arguments, f"{self.pointer}/arguments")
        run.called = Called(self, given)


@dataclass(frozen=True, slots=True)
class Called:
    """A flow that is about to run, and what its variables start with."""

    trigger: TriggerFlow
    given: JsonObject


def begin(run: "Run", node: "StateNode", target: str | None) -> "StateNode | Stuck":
    """Makes the called flow the one that runs; `target` is where this one shall go on.

    The state to enter, or why the flow cannot be run.
    """
    called, state, own = run.called, run.state, run.program
    assert called is not None  # noqa: S101 -- whoever begins has looked
    run.called = None
    trigger = called.trigger
    key = own.calls.get(trigger.flow, trigger.flow)
    if run.recorder.flow(key) is None:
        return Stuck(f"no flow is called {trigger.flow!r}")
    if trigger.mode == "call":
        if len(state.callers) + 1 == MAX_FLOWS:
            return Stuck(f"more than {MAX_FLOWS} flows would wait for each other")
        caller = Caller(
            state.flow, node.name, target, trigger.pointer, state.vars, state.previous, state.left
        )
        state.callers = (*state.callers, caller)
    run.switch(key)
    program = run.program
    for name in called.given.keys() - program.variables.keys():
        run.note_error(f"/variables/{name}", "an argument that the flow has no variable for")
    state.vars = {name: called.given.get(name, start) for name, start in program.variables.items()}
    state.previous = state.left = None
    return program.states[program.initial_state]


def come_back(run: "Run", status: Status) -> tuple["StateNode", bool]:
    """Makes the caller of the flow that has ended the one that runs.

    Its state to enter; True: not anew, but where it was when it called.
    """
    state = run.state
    caller = state.callers[-1]
    state.callers = state.callers[:-1]
    run.switch(caller.flow)
    trigger = run.program.triggers[caller.action]
    results = _values(run, trigger.results, f"{trigger.pointer}/results")
    state.vars = {**caller.vars, "call": {"status": status.value}, **results}
    state.previous, state.left = caller.previous, caller.left
    run.scope.changed()
    return run.program.states[caller.target or caller.at], caller.target is None


def _values(run: "Run", expressions: Mapping[str, Expression], pointer: str) -> JsonObject:
    """What is handed over: on the variables of the flow that hands over. One that fails is not."""
    found: JsonObject = {}
    for name, expression in expressions.items():
        try:
            found[name] = kept(expression.json(run.scope))
        except (ActionFailed, ExpressionFailed) as failure:
            run.note_error(f"{pointer}/{name}", str(failure))
    return found
