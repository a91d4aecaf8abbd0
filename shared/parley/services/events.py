"""The event log: what happened, each thing once."""

from parley.domain.queued import EventQueued
from parley.services.ports.events import Events


class EventService:
    """Keeps what the `events` queue brings."""

    def __init__(self, events: Events) -> None:
        self._events = events

    def record(self, event: EventQueued) -> bool:
        """Whether it was new; recording it again, as queues do, changes nothing."""
        return self._events.add(event.tenant_id, event)
