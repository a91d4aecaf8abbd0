"""`response`: says something; waits if it has a transition on input or on a timeout."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.engine.conditions import first_that_holds
from parley.engine.program import Step, Stuck
from parley.engine.sayings import Sayings

if TYPE_CHECKING:
    from parley.engine.program import StateNode
    from parley.engine.run import Run


@dataclass(frozen=True, slots=True)
class Response:
    """The message of the state."""

    sayings: Sayings

    def enter(self, run: "Run", node: "StateNode") -> Step:
        run.say(self.sayings)
        return None if node.waits or node.is_final else way_on(run, node)


def way_on(run: "Run", node: "StateNode") -> Step:
    """The transition that a state which does not wait goes on by."""
    arc = first_that_holds(run, node, node.at_once)
    return Stuck("no transition holds") if arc is None else arc
