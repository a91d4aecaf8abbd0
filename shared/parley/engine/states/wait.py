"""`wait`: sleeps until its timer or a message."""

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from parley.domain.conversations import Timer
from parley.engine.expressions import Expression, ExpressionFailed, instant
from parley.engine.program import Step, Stuck

if TYPE_CHECKING:
    from parley.engine.program import StateNode
    from parley.engine.run import Run


@dataclass(frozen=True, slots=True)
class Wait:
    """`until` gives a time; one that has passed is due at once."""

    until: Expression | None

    def enter(self, run: "Run", node: "StateNode") -> Step:
        if self.until is None:
            return None
        try:
            due_at = instant(str(self.until.json(run.scope))).astimezone(UTC)
        except (ExpressionFailed, ValueError, OverflowError) as failure:
            run.note_error(f"{node.pointer}/config/until", str(failure))
            return Stuck("`until` gave no time")
        run.state.timers = (Timer(str(run.state.entries), max(due_at, run.scope.now)),)
        return None
