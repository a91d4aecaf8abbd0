"""Events for conversations, ready to be queued or taken."""

from datetime import datetime

from parley.domain.conversations import Conversation
from parley.domain.ids import ProviderId
from parley.domain.queued import Inbound
from parley.engine.events import Event, event_to_json


def caused(
    conversation: Conversation,
    pid: ProviderId,
    event: Event,
    at: datetime,
    *,
    request_id: str | None = None,
    sent_at: datetime | None = None,
) -> Inbound:
    """An event that reaches a conversation `at` an instant, known by `pid` if it comes again."""
    return Inbound(
        tenant_id=conversation.tenant_id,
        request_id=request_id,
        conversation_id=conversation.id,
        pid=pid,
        event=event_to_json(event),
        received_at=at,
        sent_at=sent_at,
    )
