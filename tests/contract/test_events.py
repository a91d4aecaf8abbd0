"""The ports `Events` and `AuditLog`: memory and PostgreSQL behave alike."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from parley.domain.audit import ChainedEntry, first_break
from parley.domain.errors import Invalid
from parley.domain.ids import ConversationId, TenantId
from parley.domain.queued import EventQueued
from tests.contract.stores import KINDS, Stores, opened
from tests.tenants import NOW, a_flow, a_version, an_entry, new_id


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    yield from opened(request)


@pytest.fixture
def tenant_id(stores: Stores) -> TenantId:
    return stores.tenant()


def _event(tenant_id: TenantId, event_id: str, **changes: Any) -> EventQueued:
    fields: dict[str, Any] = {
        "tenant_id": tenant_id,
        "id": event_id,
        "name": "message.received",
        "at": NOW,
        "data": {"n": 1},
        **changes,
    }
    return EventQueued(**fields)


def _ids(stores: Stores, tenant_id: TenantId, limit: int = 100) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        page = stores.events.list(tenant_id, cursor=cursor, limit=limit)
        found += [recorded.event.id for recorded in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


def test_an_event_comes_back_as_it_was_recorded(stores: Stores, tenant_id: TenantId) -> None:
    event = _event(
        tenant_id,
        "turn:0",
        request_id="r-1",
        conversation_id=ConversationId(new_id()),
        data={"text": "où est\n mon colis?", "list": [1, 2.5, None, True], "empty": {}},
    )

    assert stores.events.add(tenant_id, event) is True

    (recorded,) = stores.events.list(tenant_id, cursor=None, limit=10).items
    assert recorded.event == event


def test_an_event_brought_twenty_times_at_once_is_recorded_once(
    stores: Stores, tenant_id: TenantId
) -> None:
    event = _event(tenant_id, "turn:0")

    with ThreadPoolExecutor(8) as pool:
        attempts = [pool.submit(stores.events.add, tenant_id, event) for _ in range(20)]

    assert sorted(attempt.result() for attempt in attempts) == [False] * 19 + [True]
    assert _ids(stores, tenant_id) == ["turn:0"]


def test_a_repeat_changes_nothing(stores: Stores, tenant_id: TenantId) -> None:
    stores.events.add(tenant_id, _event(tenant_id, "turn:0"))

    stores.events.add(tenant_id, _event(tenant_id, "turn:0", data={"n": 2}))

    (recorded,) = stores.events.list(tenant_id, cursor=None, limit=10).items
    assert recorded.event.data == {"n": 1}


def test_two_tenants_may_have_events_of_one_id(stores: Stores, tenant_id: TenantId) -> None:
    other = stores.tenant()

    assert stores.events.add(tenant_id, _event(tenant_id, "turn:0"))
    assert stores.events.add(other, _event(other, "turn:0"))


def test_events_are_listed_in_the_order_recorded(stores: Stores, tenant_id: TenantId) -> None:
    ids = ["b:1", "a:0", "c:10", "c:9", "d"]
    for event_id in ids:
        stores.events.add(tenant_id, _event(tenant_id, event_id))

    assert _ids(stores, tenant_id, limit=2) == ids


def test_a_conversation_is_replayed_in_the_order_things_happened(
    stores: Stores, tenant_id: TenantId
) -> None:
    """Whatever order a standard queue brought them in; `:10` comes after `:9`."""
    conversation_id = ConversationId(new_id())
    for event_id, seconds in (("t2:0", 5), ("t1:10", 0), ("t1:9", 0), ("t3:0", 9), ("t1:0", 0)):
        event = _event(
            tenant_id,
            event_id,
            at=NOW + timedelta(seconds=seconds),
            conversation_id=conversation_id,
        )
        stores.events.add(tenant_id, event)
    stores.events.add(tenant_id, _event(tenant_id, "x:0", conversation_id=new_id()))

    found: list[str] = []
    cursor = None
    for _ in range(3):
        page = stores.events.list_of_conversation(
            tenant_id, conversation_id, cursor=cursor, limit=2
        )
        found += [recorded.event.id for recorded in page.items]
        cursor = page.next_cursor

    assert found == ["t1:0", "t1:9", "t1:10", "t2:0", "t3:0"]
    assert cursor is None


def test_what_no_store_can_hold_is_refused(tenant_id: TenantId, stores: Stores) -> None:
    with pytest.raises(Invalid):
        stores.events.list(tenant_id, cursor="!", limit=1)


def _chain(stores: Stores, tenant_id: TenantId) -> list[ChainedEntry]:
    first = stores.audit_log.list(tenant_id, cursor=None, limit=2)
    links = list(first.items)
    while first.next_cursor:
        first = stores.audit_log.list(tenant_id, cursor=first.next_cursor, limit=2)
        links += first.items
    return links


def test_the_audit_log_is_one_unbroken_chain_whoever_writes_at_once(
    stores: Stores, tenant_id: TenantId
) -> None:
    def add() -> None:
        flow = a_flow(tenant_id)
        entry = replace(an_entry(tenant_id), new_values={"name": flow.name, "n": 1.5, "é": None})
        stores.flows.add(tenant_id, flow, a_version(flow), entry)

    with ThreadPoolExecutor(4) as pool:
        attempts = [pool.submit(add) for _ in range(8)]
    assert [attempt.exception() for attempt in attempts] == [None] * 8

    chain = _chain(stores, tenant_id)
    assert [link.number for link in chain] == list(range(1, 10))
    assert first_break(chain) is None


def test_a_changed_or_missing_entry_breaks_the_chain(stores: Stores, tenant_id: TenantId) -> None:
    for _ in range(3):
        flow = a_flow(tenant_id)
        stores.flows.add(tenant_id, flow, a_version(flow), an_entry(tenant_id))
    chain = _chain(stores, tenant_id)

    forged = replace(chain[1], entry=replace(chain[1].entry, actor_id="somebody else"))

    assert first_break([chain[0], forged, *chain[2:]]) == 2
    assert first_break([chain[0], *chain[2:]]) == 2
    assert first_break(chain[1:]) == 1
