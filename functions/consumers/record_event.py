"""Queue `events`: write what happened into the event log, each event once."""

from parley.domain.queued import EventQueued
from parley.runtime.queue import queue_handler
from parley.runtime.wiring import Services


def record_event(event: EventQueued, services: Services) -> None:
    services.events.record(event)


handler = queue_handler(EventQueued, record_event)
