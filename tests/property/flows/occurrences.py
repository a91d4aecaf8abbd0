"""What a turn shows of flows that call each other, of answers that come later, and of forms."""

from collections.abc import Iterator, Sequence

from parley.domain.conversations import Status
from parley.domain.json import JsonObject
from parley.engine.events import CallbackEvent, MessageEvent, TimerEvent
from parley.engine.state import RunState
from parley.engine.turn import Turn
from tests.property.flows.laws import ARGUMENT_TOO_MANY, went_round

OF_FLOWS = (
    *("a flow called on the way", "a flow called on entry", "a flow replaced"),
    *("a flow that waits came back completed", "a flow that waits came back abandoned"),
    *("a flow came back at once", "flows that wait for each other", "too many flows"),
    *("no such flow", "an argument too many", "a result failed"),
    *("two calls in one list", "a handoff of a called flow", "an error of a called flow"),
    *("flows in a circle", "a slot of another flow", "the first flow called again"),
)
OF_ANSWERS = (
    *("an awaited call answered", "an awaited call failed", "an awaited call timed out"),
    *("an awaited call given up", "an awaited call still awaited", "an answer too late"),
)
OF_FORMS = (
    *("a form on offer", "a form filled in", "a form refused", "a form to confirm"),
    *("a form confirmed", "a field refused", "a field not asked for", "a form not on offer"),
)


def of_flows(before: RunState | None, turn: Turn) -> Iterator[str]:
    state = turn.state
    was, now = () if before is None else before.callers, state.callers
    if len(now) > len(was):
        yield f"a flow called on {'entry' if now[-1].target is None else 'the way'}"
    if state.flow is not None and not now:
        yield "a flow replaced"
    entered = [place.rpartition("#")[0] for place in turn.trace["path"]]
    if was and len(now) < len(was) and isinstance(state.vars.get("call"), dict):
        yield f"a flow that waits came back {state.vars['call']['status']}"
    if not was and not now and any(entered) and not entered[-1]:
        yield "a flow came back at once"
    is_so = {
        "flows that wait for each other": len(now) > 1,
        "a handoff of a called flow": state.flow and state.status is Status.ESCALATED,
        "an error of a called flow": state.flow and state.status is Status.ERROR,
        "flows in a circle": went_round(turn) and len(set(entered)) > 1,
        "a slot of another flow": not state.slots.keys() <= turn.flow.slots.keys(),
        "the first flow called again": "random" in entered,
    }
    yield from (name for name, holds in is_so.items() if holds)
    for error in turn.trace["errors"]:
        yield from _of_call(error["at"], error["why"])


def _of_call(at: str, why: str) -> Iterator[str]:
    if why.endswith("flows would wait for each other"):
        yield "too many flows"
    elif why.startswith("no flow is called"):
        yield "no such flow"
    elif why == ARGUMENT_TOO_MANY:
        yield "an argument too many"
    elif why == "another flow is called here already":
        yield "two calls in one list"
    elif "/results/" in at:
        yield "a result failed"


def of_answers(before: RunState | None, turn: Turn, awaited: set[str]) -> Iterator[str]:
    """`awaited` are the calls that the conversation has ever waited for."""
    event = turn.trace["event"]
    if turn.ignored and event["kind"] == CallbackEvent.kind and event["call_id"] in awaited:
        yield "an answer too late"
    if before is None or before.awaited is None or turn.ignored:
        return
    if event["kind"] == CallbackEvent.kind:
        how = "answered" if event["data"]["status"] == "success" else "failed"
        yield f"an awaited call {how}"
    elif event["kind"] == TimerEvent.kind:
        yield "an awaited call timed out"
    elif turn.state.awaited == before.awaited:
        yield "an awaited call still awaited"
    else:
        yield "an awaited call given up"


def of_forms(turn: Turn) -> Iterator[str]:
    if turn.state.form:
        yield "a form on offer"
    if not _is_form(turn):
        return
    if turn.state.proposed is not None:
        yield "a form to confirm"
    for tried in turn.trace["tried"]:
        yield from _of_field(tried)


def _of_field(tried: JsonObject) -> Iterator[str]:
    at: str = tried["at"]
    if at == "form":
        yield "a form not on offer"
    elif at.startswith("slot "):
        yield "a form filled in" if tried["held"] else "a form refused"
    elif at.startswith("form field "):
        is_asked = tried["why"] != "the form does not ask for it"
        yield "a field refused" if is_asked else "a field not asked for"


def is_form_confirmed(turns: Sequence[Turn]) -> bool:
    """Whether somebody said yes to a value that a form gave."""
    proposed: tuple[str | None, object] | None = None
    for turn in turns:
        state = turn.state
        if proposed is not None and proposed[0] in state.slots and state.proposed is None:
            return bool(state.slots[proposed[0]] == proposed[1])
        if state.proposed is None:
            proposed = None
        elif _is_form(turn) or proposed is not None:
            proposed = (state.asked, state.proposed["value"])
    return False


def _is_form(turn: Turn) -> bool:
    event = turn.trace["event"]
    return (
        event["kind"] == MessageEvent.kind
        and event["content"].get("type") == "form"
        and not turn.ignored
    )
