"""A conversation's first turn: on its flow, or on the one that stands in where that fails to start.

A flow fails to start if it cannot be loaded, if its first turn fails, or if that ends closed with
status error. Nothing of such a turn is committed but the event that says so: what the fallback does
is the turn. It happens within the one turn of the start event, so it happens exactly once.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from parley.domain.conversations import Conversation, FlowPin, Status
from parley.domain.turns import Outcome
from parley.engine.effects import LogEvent
from parley.services.arrivals import Result
from parley.services.ports.programs import Programs

MAX_FALLBACKS = 3
"""In a row: a fallback that fails to start may have its own."""

type Turned = tuple[Conversation, Result]
"""The document with a turn in it, and what running it came to."""

type TurnOn = Callable[[FlowPin, Sequence[LogEvent]], Turned]
"""Takes the first turn on a flow, as if nothing had been before but the events."""


def started(programs: Programs, before: Conversation, turn_on: TurnOn) -> Turned:
    """The first turn, on the flow that starts; where none does, on the last that was tried.

    Raises Unavailable.
    """
    tried = [before.flow]
    events: list[LogEvent] = []
    after, result = turn_on(before.flow, events)
    while (why := _why_not_started(after, result)) and len(tried) <= MAX_FALLBACKS:
        fallback = programs.fallback(before.tenant_id, tried[-1])
        if fallback is None or fallback.pin.id in {pin.id for pin in tried}:
            break
        data = {"flow": fallback.of, "fallback": fallback.name, "why": why}
        events.append(LogEvent("flow.fell_back", data))
        tried.append(fallback.pin)
        after, result = turn_on(fallback.pin, events)
    return after, result


def pinned(document: Conversation, flow: FlowPin) -> Conversation:
    """The document, on `flow`."""
    return document if document.flow is flow else replace(document, flow=flow)


def _why_not_started(after: Conversation, result: Result) -> str | None:
    """By type only, as in `services.failures`; None for a flow that has started."""
    if result.outcome is Outcome.FAILED:
        return str(result.trace["error"])
    if result.outcome is Outcome.COMMITTED and after.status is Status.ERROR:
        return "its first turn ended with status error"
    return None
