"""`end`: last words, and the flow is over."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.domain.conversations import Status
from parley.engine.program import Ended
from parley.engine.sayings import Sayings

if TYPE_CHECKING:
    from parley.engine.program import StateNode
    from parley.engine.run import Run


@dataclass(frozen=True, slots=True)
class End:
    """How it closes, and what is said."""

    status: Status
    sayings: Sayings | None

    def enter(self, run: "Run", node: "StateNode") -> Ended:
        del node
        if self.sayings is not None:
            run.say(self.sayings)
        return Ended(self.status)
