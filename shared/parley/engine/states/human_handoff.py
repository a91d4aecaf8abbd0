"""`human_handoff`: a person takes over; messages pass between the user and the agent."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.domain.conversations import Status
from parley.engine.effects import HandOff
from parley.engine.sayings import Sayings
from parley.engine.words import Words

if TYPE_CHECKING:
    from parley.engine.program import StateNode, Step
    from parley.engine.run import Run


@dataclass(frozen=True, slots=True)
class HumanHandoff:
    """Who should take over and why; where the flow goes on when they return it."""

    queue: str | None
    priority: str
    reason: Words | None
    sayings: Sayings | None
    return_state: str | None

    def enter(self, run: "Run", node: "StateNode") -> "Step":
        del node
        run.state.status = Status.ESCALATED
        if self.sayings is not None:
            run.say(self.sayings)
        with run.discreetly():
            reason = run.text(self.reason) if self.reason is not None else ""
        run.effects.append(HandOff(self.queue, self.priority, reason))
        return None
