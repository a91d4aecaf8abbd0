"""`intent`: waits for a message; what it is about decides the way on."""

from typing import TYPE_CHECKING

from parley.domain.json import JsonObject
from parley.engine.scope import NO_INTENT

if TYPE_CHECKING:
    from parley.engine.program import StateNode, Step
    from parley.engine.run import Run


class Intent:
    """Nothing to do on entry: its transitions do the work."""

    __slots__ = ()

    def enter(self, run: "Run", node: "StateNode") -> "Step":
        del run, node
        return None


def listen(run: "Run", node: "StateNode") -> None:
    """Lets the scope find out the intent of this turn's message as `node` hears it, once.

    That may be asked for when another flow runs already: it is the flow that heard it who knows.
    """
    found: list[JsonObject] = []
    flow = run.state.flow

    def intent() -> JsonObject:
        if not found:
            found.append(_classified(run, node, flow))
        return found[0]

    run.scope.intent = intent


def _classified(run: "Run", node: "StateNode", flow: str | None) -> JsonObject:
    """The best intent; of those that are equally sure, one that a transition names."""
    text = run.scope.input()["text"]
    if run.scope.filled_in is not None or not text.strip():
        return NO_INTENT
    scores = run.recorder.classify(text, node.competing, flow)
    if not scores:
        return NO_INTENT
    best = scores[0]
    for score in scores:
        if score.confidence == best.confidence and score.name in node.named_intents:
            best = score
            break
    return {"name": best.name, "confidence": best.confidence}
