"""What a turn changes in its conversation's document: values in, values out."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from parley.domain.conversations import (
    MAX_DOCUMENT_BYTES,
    MAX_STATE_BYTES,
    RESTING_STAGE,
    RING_SIZE,
    Conversation,
    ItemKind,
    Status,
    Timer,
)
from parley.domain.turns import Outcome
from parley.engine.events import CloseEvent, MigrateEvent, TimerEvent
from parley.services.arrivals import Arrived, Result, whole_ms
from parley.services.journal import without_turn
from parley.services.outbox import taken
from parley.services.telling import Told, refusal_told, size_bytes

_RESERVED_BYTES = 10 * 1024
"""Of the document, for the ring and the fields of known size."""


class TooLarge(Exception):
    """The document would outgrow its bound with this turn; the message says by what."""


def after_turn(
    before: Conversation, arrived: Arrived, result: Result, now: datetime
) -> Conversation:
    """The document with the turn in it. Raises TooLarge.

    Whoever adds to an outbox that was empty owns it from `now`, by a new epoch.
    """
    told = Told(before, arrived)
    told.tell(result)
    status = _status(before, arrived, result)
    closed = not status.is_open
    wants_agent = _wants_agent(before, status, result)
    at = max(before.last_activity_at, arrived.at)
    after = replace(
        before,
        rev=before.rev + 1,
        flow=result.flow or before.flow,
        status=status,
        stage=RESTING_STAGE[status],
        timers=() if closed else _timers(before, arrived, result),
        last_seq=max(before.last_seq, arrived.seq),
        ring_marks=_ring_marks(before, at),
        turn_no=before.turn_no + 1,
        last_turn_id=arrived.turn,
        message_no=told.message_no,
        journal=without_turn(before.journal, arrived.turn),
        wants_agent=wants_agent,
        last_activity_at=before.last_activity_at if _is_silent(arrived) else at,
        closed_at=(before.closed_at or at) if closed else None,
        idle_at=None if closed or wants_agent else _idle_at(before, result),
        **_state_fields(result),
    )
    return _with_pending(before, after, told.finish(after, result), now)


def after_refusal(
    before: Conversation, arrived: Arrived, turn_no: int, now: datetime
) -> Conversation:
    """The document with an event to tell: what came had the id of another, of turn `turn_no`."""
    outbox = replace(before.outbox, items=(*before.outbox.items, refusal_told(arrived, turn_no)))
    if before.pending.is_empty:
        outbox = taken(outbox, now)
    return replace(before, rev=before.rev + 1, outbox=outbox)


def _with_pending(
    before: Conversation, after: Conversation, told: Told, now: datetime
) -> Conversation:
    outbox = replace(before.outbox, items=(*before.outbox.items, *told.items))
    if before.pending.is_empty:
        outbox = taken(outbox, now)
    after = replace(after, outbox=outbox, tail=(*before.tail, *told.rows))
    _require_bounded(after)
    return after


def _require_bounded(after: Conversation) -> None:
    state = size_bytes(after.state)
    if state > MAX_STATE_BYTES:
        raise TooLarge(f"the state has {state} bytes, at most {MAX_STATE_BYTES} are allowed")
    events = [item.body for item in after.outbox.items if item.kind is ItemKind.EVENT]
    rest = size_bytes([after.tail, events, after.user, after.journal])
    if state + rest + _RESERVED_BYTES > MAX_DOCUMENT_BYTES:
        raise TooLarge(f"the turn and what is not yet sent have {rest} bytes beside the state")


def _status(before: Conversation, arrived: Arrived, result: Result) -> Status:
    if result.state is not None:
        return result.state.status
    if isinstance(arrived.event, CloseEvent) and before.status.is_open:
        return arrived.event.status
    if before.turn_no == 0:
        return Status.ERROR
    return before.status


def _timers(before: Conversation, arrived: Arrived, result: Result) -> tuple[Timer, ...]:
    """Those of the new state; one whose own turn failed stays away, or it would fire for ever."""
    if result.state is None:
        fired = arrived.event.timer_id if isinstance(arrived.event, TimerEvent) else None
        return tuple(timer for timer in before.timers if timer.id != fired)
    gone = {timer["id"] for timer in before.state.get("timers", ())}
    gone -= {timer.id for timer in before.timers}
    return tuple(
        Timer(timer.id, whole_ms(timer.due_at))
        for timer in result.state.timers
        if timer.id not in gone
    )


def _is_silent(arrived: Arrived) -> bool:
    """Whether nobody said or did anything: a quiet conversation stays as quiet as it was."""
    return isinstance(arrived.event, MigrateEvent)


def _ring_marks(before: Conversation, at: datetime) -> tuple[datetime, ...]:
    if (before.turn_no + 1) % (RING_SIZE // 2):
        return before.ring_marks
    return (*before.ring_marks[-1:], at)


def _wants_agent(before: Conversation, status: Status, result: Result) -> bool:
    if status is Status.ESCALATED or result.outcome in {Outcome.FAILED, Outcome.QUARANTINED}:
        return True
    return before.wants_agent and before.status is not Status.ESCALATED and status.is_open


def _idle_at(before: Conversation, result: Result) -> datetime | None:
    """When it closes for want of events; who waits for a person is never closed for being quiet."""
    return before.idle_at if result.state is None else result.idle_at


def _state_fields(result: Result) -> dict[str, Any]:
    state = result.state
    if state is None:
        return {}
    return {
        "state": state.to_json(),
        "current_state": state.current_state,
        "language": state.language,
    }
