"""`error`: says what went wrong; goes on, waits, or closes the conversation."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.domain.conversations import Status
from parley.engine.conditions import first_that_holds
from parley.engine.effects import LogEvent
from parley.engine.sayings import Sayings

if TYPE_CHECKING:
    from parley.engine.program import StateNode, Step
    from parley.engine.run import Run


@dataclass(frozen=True, slots=True)
class Error:
    """Without a message of its own it says the flow's error text."""

    sayings: Sayings | None
    notify: bool

    def enter(self, run: "Run", node: "StateNode") -> "Step":
        self.say(run)
        if self.notify:
            run.effects.append(LogEvent("flow.error_state_entered", {"state": node.name}))
        if node.waits or node.is_final:
            return None
        arc = first_that_holds(run, node, node.at_once)
        if arc is None:
            run.close(Status.ERROR)
        return arc

    def say(self, run: "Run") -> None:
        """The state's message."""
        if self.sayings is not None:
            run.say(self.sayings)
        else:
            run.say_words(run.program.error_text)
