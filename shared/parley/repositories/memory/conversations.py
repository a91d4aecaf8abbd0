"""Conversations in this process: the port's meaning, without a store."""

import threading
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from parley.domain.conversations import (
    RING_SIZE,
    Arrival,
    Conversation,
    ConversationQuery,
    FlowPin,
    Pending,
)
from parley.domain.ids import ConversationId, TenantId, TurnId


@dataclass(slots=True)
class _Stored:
    conversation: Conversation
    ring: deque[Arrival] = field(default_factory=lambda: deque(maxlen=RING_SIZE))


class MemoryConversations:
    """`services.ports.conversations.Conversations`; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stored: dict[tuple[TenantId, ConversationId], _Stored] = {}

    def find(self, tenant_id: TenantId, conversation_id: ConversationId) -> Conversation | None:
        stored = self._stored.get((tenant_id, conversation_id))
        return stored.conversation if stored else None

    def add(self, conversation: Conversation, arrival: Arrival | None) -> bool:
        key = (conversation.tenant_id, conversation.id)
        with self._lock:
            if key in self._stored:
                return False
            self._stored[key] = _Stored(conversation)
            self._remember(self._stored[key], arrival)
            return True

    def replace(self, before: Conversation, after: Conversation, arrival: Arrival | None) -> bool:
        with self._lock:
            stored = self._stored.get((before.tenant_id, before.id))
            if stored is None or stored.conversation.rev != before.rev:
                return False
            if arrival and any(known.turn_id == arrival.turn_id for known in stored.ring):
                return False
            stored.conversation = after
            self._remember(stored, arrival)
            return True

    def find_arrival(
        self, tenant_id: TenantId, conversation_id: ConversationId, turn_id: TurnId
    ) -> Arrival | None:
        stored = self._stored.get((tenant_id, conversation_id))
        ring = stored.ring if stored else ()
        return next((known for known in ring if known.turn_id == turn_id), None)

    def mark(
        self,
        conversation: Conversation,
        pending: Pending,  # noqa: ARG002 -- the port's: other stores spare a write by it
        *,
        sent: Collection[str],
        projected: Collection[str],
    ) -> Pending | None:
        with self._lock:
            stored = self._stored.get((conversation.tenant_id, conversation.id))
            if stored is None:
                return None
            now = stored.conversation
            items = tuple(item for item in now.outbox.items if item.oid not in sent)
            stored.conversation = replace(
                now,
                rev=now.rev + 1,
                outbox=replace(now.outbox, items=items),
                tail=tuple(row for row in now.tail if row["id"] not in projected),
            )
            return stored.conversation.pending

    def list(
        self,
        tenant_id: TenantId,
        query: ConversationQuery,
        *,
        after: tuple[datetime, ConversationId] | None,
        limit: int,
    ) -> Sequence[Conversation]:
        found = [
            stored.conversation
            for (owner, _), stored in list(self._stored.items())
            if owner == tenant_id and _matches(stored.conversation, query)
        ]
        found.sort(key=lambda one: one.id)
        found.sort(key=lambda one: one.last_activity_at, reverse=True)
        if after is not None:
            at, last = after
            found = [
                one
                for one in found
                if one.last_activity_at < at or (one.last_activity_at == at and one.id > last)
            ]
        return found[:limit]

    def list_on_other_versions(
        self,
        tenant_id: TenantId,
        flow: FlowPin,
        *,
        after: ConversationId | None,
        limit: int,
    ) -> Sequence[Conversation]:
        found = [
            one
            for (owner, _), stored in list(self._stored.items())
            if owner == tenant_id and _is_elsewhere(one := stored.conversation, flow)
        ]
        found.sort(key=lambda one: one.id)
        return [one for one in found if after is None or one.id > after][:limit]

    def list_unsent(self, now: datetime, *, limit: int) -> Sequence[Conversation]:
        def since(one: Conversation) -> datetime | None:
            return None if one.pending.is_empty else one.outbox.lease_until

        return self._due(since, now, limit)

    def list_due(self, now: datetime, *, limit: int) -> Sequence[Conversation]:
        def since(one: Conversation) -> datetime | None:
            return min((timer.due_at for timer in one.timers), default=None)

        return self._due(since, now, limit)

    def list_idle(self, now: datetime, *, limit: int) -> Sequence[Conversation]:
        return self._due(lambda one: one.idle_at, now, limit)

    def _due(
        self, since: Callable[[Conversation], datetime | None], now: datetime, limit: int
    ) -> Sequence[Conversation]:
        due = [
            (at, conversation)
            for conversation in [stored.conversation for stored in list(self._stored.values())]
            if (at := since(conversation)) is not None and at <= now
        ]
        due.sort(key=lambda one: one[0])
        return _shared([conversation for _, conversation in due], limit)

    @staticmethod
    def _remember(stored: _Stored, arrival: Arrival | None) -> None:
        if arrival is not None:
            stored.ring.append(arrival)


def _shared(due: Sequence[Conversation], limit: int) -> Sequence[Conversation]:
    """`limit` of them, the tenants by turns."""
    by_tenant: dict[TenantId, list[Conversation]] = {}
    for conversation in due:
        by_tenant.setdefault(conversation.tenant_id, []).append(conversation)
    ranked = [
        (rank, order, conversation)
        for order, owned in enumerate(by_tenant.values())
        for rank, conversation in enumerate(owned)
    ]
    ranked.sort(key=lambda one: one[:2])
    return [conversation for _, _, conversation in ranked[:limit]]


def _is_elsewhere(conversation: Conversation, flow: FlowPin) -> bool:
    pin = conversation.flow
    return conversation.status.is_open and pin.id == flow.id and pin.version != flow.version


def _matches(conversation: Conversation, query: ConversationQuery) -> bool:
    wanted = (
        (query.status, conversation.status),
        (query.channel, conversation.channel),
        (query.user_id, conversation.user_id),
        (query.flow_id, conversation.flow.id),
    )
    if any(value is not None and value != actual for value, actual in wanted):
        return False
    at = conversation.last_activity_at
    return (query.since is None or at >= query.since) and (query.until is None or at < query.until)
