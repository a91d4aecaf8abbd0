"""Telling the world what a conversation's turns have committed, in order, by one owner at a time.

Whoever adds to an empty outbox owns it, by an epoch that the same write has raised. The owner sends
and projects all that is pending, marks it, and goes on while others add. If the owner dies, the
sweeper takes over by compare-and-set, once the lease has run out. No clock makes this safe: a lease
only decides how long a dead owner's messages wait, and how seldom a live one's are sent twice.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from parley.domain.conversations import Conversation, Outbox, Pending
from parley.domain.errors import Unavailable
from parley.domain.queued import OutboundTurn
from parley.services.arrivals import whole_ms
from parley.services.ports.clock import Clock
from parley.services.ports.conversations import Conversations, Messages
from parley.services.ports.queues import OutboundQueue

LEASE = timedelta(seconds=30)
"""How long the owner of an outbox has to empty it before the sweeper does."""
SEND_TIMEOUT = timedelta(seconds=10)
"""What a send may take at most: an owner with less time left stops."""
SWEEP_LIMIT = 100

type Failure = Unavailable | None
type Attempt = Callable[[], Failure]
type Together = Callable[[Attempt, Attempt], tuple[Failure, Failure]]
"""Makes both attempts, side by side if it can, and returns how both ended."""


class OutboxService:
    """Flushes outboxes: a turn's own at its end, and those that an owner has left behind."""

    def __init__(
        self,
        *,
        conversations: Conversations,
        messages: Messages,
        outbound: OutboundQueue,
        clock: Clock,
        together: Together | None = None,
    ) -> None:
        self._conversations = conversations
        self._messages = messages
        self._outbound = outbound
        self._clock = clock
        self._together = together or side_by_side

    def flush(self, conversation: Conversation, *, request_id: str | None = None) -> bool:
        """Tell all that is pending; `conversation` is as its owner wrote it.

        False when something is left for the next owner. Raises Unavailable when it cannot send:
        nothing is marked then. Costs one send and, beside it, one projection; then one mark.
        """
        epoch = conversation.outbox.epoch
        pending: Pending | None = conversation.pending
        while pending is not None and self._is_mine(pending.outbox, epoch):
            if pending.is_empty:
                return True
            if not self._has_time(pending.outbox):
                return False
            is_projected = self._tell(conversation, pending, request_id)
            pending = self._conversations.mark(
                conversation,
                pending,
                sent=[item.oid for item in pending.outbox.items],
                projected=[row["id"] for row in pending.tail] if is_projected else [],
            )
            if not is_projected:
                return False
        return False

    def flush_stuck(self, now: datetime | None = None, *, limit: int = SWEEP_LIMIT) -> int:
        """Take over the outboxes whose lease has run out; the number of those emptied."""
        now = now or self._clock()
        stuck = self._conversations.list_unsent(now, limit=limit)
        return sum(self._empty(conversation) for conversation in stuck)

    def take_over(self, before: Conversation) -> Conversation | None:
        """The document with its outbox in new hands, to be flushed by them.

        None if somebody has written since `before` was read. Raises Unavailable.
        """
        outbox = taken(before.outbox, self._clock())
        after = replace(before, rev=before.rev + 1, outbox=outbox)
        return after if self._conversations.replace(before, after, None) else None

    def _empty(self, stuck: Conversation) -> bool:
        try:
            mine = self.take_over(stuck)
            return mine is not None and self.flush(mine)
        except Unavailable:
            return False

    def _is_mine(self, outbox: Outbox, epoch: int) -> bool:
        return outbox.epoch == epoch

    def _has_time(self, outbox: Outbox) -> bool:
        return outbox.lease_until is None or self._clock() + SEND_TIMEOUT < outbox.lease_until

    def _tell(self, conversation: Conversation, pending: Pending, request_id: str | None) -> bool:
        """Send and project side by side; whether the rows are projected. Raises Unavailable."""
        outbound = OutboundTurn(
            tenant_id=conversation.tenant_id,
            request_id=request_id,
            conversation_id=conversation.id,
            channel=conversation.channel,
            user_id=conversation.user_id,
            items=pending.outbox.items,
        )

        def send() -> Failure:
            return _failure(lambda: self._outbound.send(outbound)) if outbound.items else None

        def project() -> Failure:
            tenant_id, rows = conversation.tenant_id, pending.tail
            return _failure(lambda: self._messages.project(tenant_id, conversation.id, rows))

        unsent, unprojected = self._together(send, project)
        if unsent is not None:
            raise unsent
        return unprojected is None


def taken(outbox: Outbox, now: datetime) -> Outbox:
    """The outbox with a new owner, from `now`."""
    return replace(outbox, epoch=outbox.epoch + 1, lease_until=whole_ms(now + LEASE))


def side_by_side(first: Attempt, second: Attempt) -> tuple[Failure, Failure]:
    """The first on a thread of its own while the second runs here."""
    running = _threads().submit(first)
    ended = second()
    return running.result(), ended


def one_by_one(first: Attempt, second: Attempt) -> tuple[Failure, Failure]:
    """One after the other: for those who replay a run step by step."""
    return first(), second()


def _failure(work: Callable[[], None]) -> Failure:
    try:
        work()
    except Unavailable as error:
        return error
    return None


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=4, thread_name_prefix="outbox")
