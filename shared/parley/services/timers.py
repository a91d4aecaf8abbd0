"""Time as an event: due timers and conversations gone quiet become records on `inbound`.

They run through the same queue and the same turn as a message, so nothing overtakes anything. A
record that is sent again is known by its pid; one that has become pointless is ignored by its turn.
"""

from collections.abc import Iterable
from datetime import datetime

from parley.domain.conversations import Conversation, Status, Timer
from parley.domain.errors import Unavailable
from parley.domain.history import to_rfc3339
from parley.domain.ids import ProviderId
from parley.domain.queued import Inbound
from parley.engine.events import CloseEvent, TimerEvent
from parley.services.arrivals import Arrived
from parley.services.causes import caused
from parley.services.ports.clock import Clock
from parley.services.ports.conversations import Conversations
from parley.services.ports.queues import InboundQueue

SWEEP_LIMIT = 500
_IDLE_PREFIX = "idle:"
"""Begins the pid of an event that closes a quiet conversation; its last turn's id follows."""


class TimerService:
    """Looks for what is due; run by schedules."""

    def __init__(
        self, *, conversations: Conversations, inbound: InboundQueue, clock: Clock
    ) -> None:
        self._conversations = conversations
        self._inbound = inbound
        self._clock = clock

    def fire_due(self, *, limit: int = SWEEP_LIMIT) -> int:
        """Queue the event of every timer that is due; the number queued.

        Raises Unavailable once all have been tried, if any could not be queued.
        """
        now = self._clock()
        due = self._conversations.list_due(now, limit=limit)
        return self._send_all(
            _timer_fired(conversation, timer)
            for conversation in due
            for timer in sorted(conversation.timers, key=lambda timer: timer.due_at)
            if timer.due_at <= now
        )

    def close_idle(self, *, limit: int = SWEEP_LIMIT) -> int:
        """Queue the closing of every conversation that has been quiet for too long.

        It closes none that has had a turn by the time the event is taken. Returns and raises as
        `fire_due` does.
        """
        now = self._clock()
        idle = self._conversations.list_idle(now, limit=limit)
        return self._send_all(_gone_quiet(conversation, now) for conversation in idle)

    def _send_all(self, events: Iterable[Inbound]) -> int:
        queued = 0
        failure: Unavailable | None = None
        for event in events:
            try:
                self._inbound.send(event)
                queued += 1
            except Unavailable as error:
                failure = error
        if failure is not None:
            raise failure
        return queued


def _timer_fired(conversation: Conversation, timer: Timer) -> Inbound:
    pid = ProviderId(f"timer:{timer.id}:{to_rfc3339(timer.due_at)}")
    at = timer.due_at
    return caused(conversation, pid, TimerEvent(timer.id), at, sent_at=at)


def _gone_quiet(conversation: Conversation, now: datetime) -> Inbound:
    pid = ProviderId(_IDLE_PREFIX + conversation.last_turn_id)
    return caused(conversation, pid, CloseEvent(Status.TIMEOUT), now, sent_at=now)


def is_stale_close(before: Conversation, arrived: Arrived) -> bool:
    """Whether the event closes an idle conversation that has had a turn since."""
    pid = arrived.inbound.pid
    return pid.startswith(_IDLE_PREFIX) and pid != _IDLE_PREFIX + before.last_turn_id
