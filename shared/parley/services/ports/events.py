"""Where what happened is kept."""

from typing import Protocol

from parley.domain.audit import ChainedEntry
from parley.domain.events import RecordedEvent
from parley.domain.ids import ConversationId, TenantId
from parley.domain.pages import Page
from parley.domain.queued import EventQueued


class Events(Protocol):
    """The event log: append only, each event once."""

    def add(self, tenant_id: TenantId, event: EventQueued) -> bool:
        """Whether it was new; a repeat changes nothing."""

    def list(self, tenant_id: TenantId, *, cursor: str | None, limit: int) -> Page[RecordedEvent]:
        """In the order recorded."""

    def list_of_conversation(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        *,
        cursor: str | None,
        limit: int,
    ) -> Page[RecordedEvent]:
        """In the order in which they happened, whatever order the queue brought them in."""


class AuditLog(Protocol):
    """The chain of audit entries; those who do something add to it with what they do."""

    def list(self, tenant_id: TenantId, *, cursor: str | None, limit: int) -> Page[ChainedEntry]:
        """Oldest first."""
