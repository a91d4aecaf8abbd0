"""The twelve conditions: for each, why a transition does not hold, or None if it does."""

from typing import TYPE_CHECKING

from parley.domain.flow_transitions import PREVIOUS, Condition
from parley.domain.json import JsonObject
from parley.engine.events import MessageEvent, TimerEvent
from parley.engine.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from parley.engine.program import Arc, StateNode


def first_that_holds(run: Run, node: "StateNode", arcs: "Sequence[Arc]") -> "Arc | None":
    """The first of `arcs`, which are in order, that holds; every one tried is noted."""
    tried, prefix = run.tried, run.prefix
    for arc in arcs:
        why = arc.test(run, node, arc)
        if why is None and arc.guard is not None and not run.is_true(arc.guard, arc.pointer):
            why = "its expression is not true"
        if why is None and arc.target == PREVIOUS and run.state.previous is None:
            why = "there is no previous state"
        if why is None:
            tried.append({"at": prefix + arc.pointer, "held": True})
            return arc
        tried.append({"at": prefix + arc.pointer, "held": False, "why": why})
    return None


def _any_input(run: Run, node: "StateNode", arc: "Arc") -> str | None:
    del node, arc
    return None if isinstance(run.scope.event, MessageEvent) else "no message came in"


def _intent_match(run: Run, node: "StateNode", arc: "Arc") -> str | None:
    intent = run.scope.intent()
    is_sure = intent["confidence"] >= node.threshold
    if is_sure and intent["name"] == arc.value:
        return None
    if not is_sure and arc.value == node.fallback_intent:
        return None
    return _found(intent)


def _intent_confidence(run: Run, node: "StateNode", arc: "Arc") -> str | None:
    del node
    intent = run.scope.intent()
    return None if intent["confidence"] >= arc.value else _found(intent)


def _low_confidence(run: Run, node: "StateNode", arc: "Arc") -> str | None:
    del arc
    intent = run.scope.intent()
    return None if intent["confidence"] < node.threshold else _found(intent)


def _found(intent: JsonObject) -> str:
    return f"the intent is {intent['name']} at {intent['confidence']:.2f}"


def _slot_filled(run: Run, node: "StateNode", arc: "Arc") -> str | None:
    del node
    return None if arc.value in run.state.slots else "the slot is not filled"


def _all_slots_filled(run: Run, node: "StateNode", arc: "Arc") -> str | None:
    del arc
    slots = run.state.slots
    missing = [name for name in node.required if name not in slots]
    return f"{missing[0]} is missing" if missing else None


def _user_choice(run: Run, node: "StateNode", arc: "Arc") -> str | None:
    del node
    chosen = run.scope.chosen()
    return None if chosen == arc.value else f"the choice is {chosen!r}"


def _integration_success(run: Run, node: "StateNode", arc: "Arc") -> str | None:
    del node, arc
    return None if run.scope.integration["status"] == "success" else "the call did not succeed"


def _integration_error(run: Run, node: "StateNode", arc: "Arc") -> str | None:
    del node
    reply = run.scope.integration
    if reply["status"] != "error":
        return "the call did not fail"
    if arc.value is None or str(arc.value) in (reply["kind"], str(reply.get("http_status"))):
        return None
    return f"the kind of error is {reply['kind']}"


def _timeout(run: Run, node: "StateNode", arc: "Arc") -> str | None:
    del node, arc
    return None if isinstance(run.scope.event, TimerEvent) else "no timer fired"


def _expression(run: Run, node: "StateNode", arc: "Arc") -> str | None:
    """Nothing but the guard, which every transition with an expression has."""
    del run, node, arc
    return None


def _fallback(run: Run, node: "StateNode", arc: "Arc") -> str | None:
    """Tried last, and only for a message that nothing else took."""
    del run, node, arc
    return None


TESTS: "dict[Condition, Callable[[Run, StateNode, Arc], str | None]]" = {
    Condition.ANY_INPUT: _any_input,
    Condition.INTENT_MATCH: _intent_match,
    Condition.INTENT_CONFIDENCE: _intent_confidence,
    Condition.LOW_CONFIDENCE: _low_confidence,
    Condition.SLOT_FILLED: _slot_filled,
    Condition.ALL_SLOTS_FILLED: _all_slots_filled,
    Condition.USER_CHOICE: _user_choice,
    Condition.INTEGRATION_SUCCESS: _integration_success,
    Condition.INTEGRATION_ERROR: _integration_error,
    Condition.TIMEOUT: _timeout,
    Condition.EXPRESSION: _expression,
    Condition.FALLBACK: _fallback,
}
