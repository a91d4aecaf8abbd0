"""The event log and the audit log in this process's memory.

tenant_id -> RecordedEvent, in the order recorded
tenant_id -> ChainedEntry, one chain
"""

import threading

from parley.domain.audit import AuditEntry, ChainedEntry, chained
from parley.domain.cursors import decode_cursor, encode_cursor
from parley.domain.events import RecordedEvent, event_ordinal
from parley.domain.ids import ConversationId, TenantId
from parley.domain.pages import Page
from parley.domain.queued import EventQueued


class MemoryEvents:
    """The port `Events`."""

    def __init__(self) -> None:
        self._events: dict[tuple[TenantId, str], RecordedEvent] = {}
        self._lock = threading.Lock()

    def add(self, tenant_id: TenantId, event: EventQueued) -> bool:
        with self._lock:
            if (tenant_id, event.id) in self._events:
                return False
            recorded = RecordedEvent(event, len(self._events) + 1)
            self._events[tenant_id, event.id] = recorded
            return True

    def list(self, tenant_id: TenantId, *, cursor: str | None, limit: int) -> Page[RecordedEvent]:
        after = decode_cursor(cursor, int)[0] if cursor else 0
        found = [event for event in self._of(tenant_id) if event.position > after]
        page = found[:limit]
        return Page(page, encode_cursor(page[-1].position) if len(found) > limit else None)

    def list_of_conversation(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        *,
        cursor: str | None,
        limit: int,
    ) -> Page[RecordedEvent]:
        number = int(decode_cursor(cursor, int)[0]) if cursor else 0
        found = sorted(
            (
                recorded
                for recorded in self._of(tenant_id)
                if recorded.event.conversation_id == conversation_id
            ),
            key=lambda recorded: (
                recorded.event.at,
                event_ordinal(recorded.event.id),
                recorded.position,
            ),
        )
        page = found[number : number + limit]
        has_more = len(found) > number + limit
        return Page(page, encode_cursor(number + limit) if has_more else None)

    def _of(self, tenant_id: TenantId) -> tuple[RecordedEvent, ...]:
        with self._lock:
            return tuple(
                recorded for (owner, _), recorded in self._events.items() if owner == tenant_id
            )


class MemoryAuditLog:
    """The port `AuditLog`; the other repositories of this package append to it."""

    def __init__(self) -> None:
        self._chains: dict[TenantId, list[ChainedEntry]] = {}
        self._lock = threading.Lock()

    def append(self, entry: AuditEntry) -> None:
        """Add an entry at the end of its tenant's chain."""
        with self._lock:
            chain = self._chains.setdefault(entry.tenant_id, [])
            chain.append(chained(entry, after=chain[-1] if chain else None))

    def list(self, tenant_id: TenantId, *, cursor: str | None, limit: int) -> Page[ChainedEntry]:
        after = decode_cursor(cursor, int)[0] if cursor else 0
        found = [link for link in self._chains.get(tenant_id, []) if link.number > after]
        page = found[:limit]
        return Page(page, encode_cursor(page[-1].number) if len(found) > limit else None)
