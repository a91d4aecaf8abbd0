"""`EventService` over memory."""

from parley.domain.queued import EventQueued
from parley.repositories.memory.events import MemoryEvents
from parley.services.events import EventService
from tests.tenants import NOW, a_tenant_id


def test_an_event_the_queue_brings_twice_is_recorded_once() -> None:
    events = MemoryEvents()
    service = EventService(events)
    event = EventQueued(tenant_id=a_tenant_id(), id="t:0", name="x", at=NOW, data={})

    outcomes = [service.record(event), service.record(event)]

    assert outcomes == [True, False]
    (recorded,) = events.list(event.tenant_id, cursor=None, limit=10).items
    assert recorded.event == event
