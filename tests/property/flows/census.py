"""What occurred in random conversations, so that a law cannot hold for want of examples."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

from parley.domain.conversations import Status
from parley.domain.flow_slots import Slot
from parley.domain.flow_transitions import Condition
from parley.domain.json import Json, JsonObject
from parley.engine.effects import SendMessage
from parley.engine.events import AgentAction
from parley.engine.state import RunState
from parley.engine.turn import Turn
from tests.property.flows.families import OWN
from tests.property.flows.laws import Taken, went_round
from tests.property.flows.occurrences import (
    OF_ANSWERS,
    OF_FLOWS,
    OF_FORMS,
    is_form_confirmed,
    of_answers,
    of_flows,
    of_forms,
)
from tests.property.flows.parts import ACTIONS

_STATES = (
    *("response", "intent", "slot_filling", "integration", "condition", "wait", "end", "error"),
    "human_handoff",
)
_FAILED = ("timeout", "http_4xx", "http_5xx", "circuit_open", "refused", "unknown")
EXPECTED = frozenset(
    {
        *(f"state {kind}" for kind in _STATES),
        *(f"{condition} holds" for condition in Condition),
        *(f"{condition} does not hold" for condition in Condition),
        *(f"action {kind}" for kind in ACTIONS),
        *(f"a slot of type {kind}" for kind in get_args(Slot.model_fields["type"].annotation)),
        *(f"filled by {mode}" for mode in ("sequential", "parallel", "adaptive")),
        *(f"choosing by {mode}" for mode in ("first_match", "priority", "all_match")),
        *(f"event {kind}" for kind in ("start", "message", "timer", "callback", "close")),
        *(f"agent {action}" for action in get_args(AgentAction)),
        *(f"{kind} ignored" for kind in ("message", "timer", "agent", "callback", "close")),
        *(f"reply {kind}" for kind in (None, *_FAILED)),
        *(f"said {part}" for part in ("text", "media", "location", "carousel", "form")),
        *(f"said {part}" for part in ("quick_replies", "buttons")),
        *(f"comes to rest {status}" for status in Status),
        *("a retry", "a miss", "too many retries", "too many misses", "a value to confirm"),
        *("a global transition", "back to $previous", "a timer", "another language", "a note"),
        *("an expression failed", "a text failed", "an action failed", "`until` gave no time"),
        *OF_FLOWS,
        *OF_ANSWERS,
        *OF_FORMS,
        *("a dead end", "a loop", "a flow that passes", "a flow with errors"),
    }
)
"""All that has to occur, each by the engine's own account of it."""


class Census:
    """Counts what occurs; `met[name]` is in how many turns, or flows."""

    def __init__(self) -> None:
        self.met: Counter[str] = Counter()
        self.flows = 0

    def missing(self) -> list[str]:
        return sorted(EXPECTED - self.met.keys())

    def share(self, name: str) -> float:
        """Of all flows."""
        return self.met[name] / self.flows

    def count_flow(self, *, passes: bool) -> None:
        self.flows += 1
        self.met["a flow that passes" if passes else "a flow with errors"] += 1

    def count(self, drawn: Mapping[str, JsonObject], taken: Sequence[Taken]) -> None:
        """A conversation in flows of these documents, by name."""
        awaited: set[str] = set()
        for one in taken:
            before = None if one.before is None else RunState.from_json(json.loads(one.before))
            self.met.update({*_of_turn(drawn, one.turn), *_of_rare(before, one.turn, awaited)})
            awaited |= {one.turn.state.awaited or ""}
        self.met["a form confirmed"] += is_form_confirmed([one.turn for one in taken])
        self.met[f"comes to rest {taken[-1].turn.state.status}"] += 1


def _of_rare(before: RunState | None, turn: Turn, awaited: set[str]) -> Iterator[str]:
    yield from of_flows(before, turn)
    yield from of_answers(before, turn, awaited)
    yield from of_forms(turn)


def _of_turn(drawn: Mapping[str, JsonObject], turn: Turn) -> Iterator[str]:
    event = turn.trace["event"]
    if turn.ignored:
        yield f"{event['kind']} ignored"
        return
    yield f"event {event['kind']}"
    if event["kind"] == "agent":
        yield f"agent {event['action']}"
    for entered in turn.trace["path"]:
        flow, name = _where(drawn, entered)
        yield from _of_state(next(s for s in flow["states"] if s["name"] == name), turn)
    for tried in turn.trace["tried"]:
        flow, at = _where(drawn, tried["at"])
        yield from _of_transition(flow, tried["held"], at)
    for call in turn.trace["services"].get("calls", ()):
        yield f"reply {call['kind']}"
    yield from _of_effects(turn)
    yield from _of_errors(turn.trace["errors"])
    yield from _of_result(drawn[turn.flow.name], turn.state)


def _where(drawn: Mapping[str, JsonObject], place: str) -> tuple[JsonObject, str]:
    """The flow in which a place of a trace is, and the place there."""
    name, _, there = place.rpartition("#")
    return drawn[name or OWN.name], there


def _of_state(state: JsonObject, turn: Turn) -> Iterator[str]:
    yield f"state {state['type']}"
    if state["type"] == "condition":
        yield f"choosing by {state['config']['evaluation_mode']}"
    if not turn.trace["errors"]:
        yield from (f"action {done['type']}" for done in state.get("entry_actions", ()))


def _of_transition(flow: JsonObject, held: bool, at: str) -> Iterator[str]:  # noqa: FBT001 -- as traced
    if "/transitions/" not in at and not at.startswith("/global_transitions/"):
        return
    transition = _found(flow, at)
    yield f"{transition['condition']} {'holds' if held else 'does not hold'}"
    if held and at.startswith("/global_transitions/"):
        yield "a global transition"
    if held and transition["target_state"] == "$previous":
        yield "back to $previous"


def _found(flow: JsonObject, pointer: str) -> Json:
    here: Json = flow
    for part in pointer.split("/")[1:]:
        here = here[int(part)] if isinstance(here, list) else here[part]
    return here


def _of_effects(turn: Turn) -> Iterator[str]:
    if went_round(turn):
        yield "a loop"
    for effect in turn.effects:
        if isinstance(effect, SendMessage):
            yield from (f"said {part}" for part in effect.content)


def _of_errors(errors: Sequence[JsonObject]) -> Iterator[str]:
    for error in errors:
        at, why = error["at"], error["why"]
        yield from (
            name for name in ("too many retries", "too many misses") if why.startswith(name)
        )
        if why == "no transition holds":
            yield "a dead end"
        elif why == "`until` gave no time":
            yield why
        elif at.endswith("/expression") or ("/transitions/" in at and "/actions/" not in at):
            yield "an expression failed"
        elif "_actions/" in at or "/actions/" in at:
            yield "an action failed"
        elif "templates" in at or "prompt" in at or "_text" in at:
            yield "a text failed"


def _of_result(flow: JsonObject, state: RunState) -> Iterator[str]:
    yield from (
        f"a slot of type {flow['slots'][name].get('type', 'string')}"
        for name in state.slots.keys() & flow["slots"].keys()
    )
    here = next(s for s in flow["states"] if s["name"] == state.current_state)
    if here["type"] == "slot_filling" and state.slots.keys() & here["config"]["required_slots"]:
        yield f"filled by {here['config']['collect_mode']}"
    occurred = {
        "a retry": state.misses,
        "a miss": state.fallback_count,
        "a value to confirm": state.proposed,
        "a timer": state.timers,
        "another language": state.language,
        "a note": state.context,
    }
    yield from (name for name, is_so in occurred.items() if is_so)
