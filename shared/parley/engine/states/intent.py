"""`intent`: waits for a message; what it is about decides the way on."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parley.engine.program import StateNode, Step
    from parley.engine.run import Run


class Intent:
    """Nothing to do on entry: its transitions do the work."""

    __slots__ = ()

    def enter(self, run: "Run", node: "StateNode") -> "Step":
        del run, node
        return None
