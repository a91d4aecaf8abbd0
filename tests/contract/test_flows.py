"""The port `Flows`: memory and PostgreSQL behave alike."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from parley.domain.conversations import FlowPin, FlowVersion
from parley.domain.errors import Conflict, Invalid, NotFound
from parley.domain.flow_records import (
    FIRST_VERSION,
    Flow,
    FlowQuery,
    FlowSort,
    FlowStatus,
    VersionStatus,
)
from parley.domain.ids import FlowId, TenantId
from tests.builders import A_PIN
from tests.contract.stores import KINDS, Stores, opened
from tests.tenants import NOW, a_flow, a_version, an_entry, new_id, published


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    yield from opened(request)


@pytest.fixture
def tenant_id(stores: Stores) -> TenantId:
    return stores.tenant()


def _add(stores: Stores, flow: Flow, **changes: Any) -> Flow:
    stores.flows.add(flow.tenant_id, flow, a_version(flow, **changes), an_entry(flow.tenant_id))
    return flow


def _publish(stores: Stores, flow: Flow, version: FlowVersion = FIRST_VERSION) -> Flow:
    return stores.flows.publish(
        flow.tenant_id, published(flow, version), version, an_entry(flow.tenant_id)
    )


def _names(stores: Stores, tenant_id: TenantId, query: FlowQuery) -> list[str]:
    page = stores.flows.list(tenant_id, query, cursor=None, limit=100)
    return [flow.name for flow in page.items]


def test_a_flow_comes_back_as_it_was_stored(stores: Stores, tenant_id: TenantId) -> None:
    flow = a_flow(
        tenant_id, description="où?", tags=("shop", "日本"), category="orders", language="pt-BR"
    )
    version = a_version(flow, source="# a comment\nname: x\n", change_description="first")

    stores.flows.add(tenant_id, flow, version, an_entry(tenant_id))

    assert stores.flows.get(tenant_id, flow.id) == flow
    assert stores.flows.find_by_name(tenant_id, flow.name) == flow
    assert stores.flows.get_version(tenant_id, flow.id, FIRST_VERSION) == version


def test_a_document_keeps_the_order_of_its_keys(stores: Stores, tenant_id: TenantId) -> None:
    """A flow means something by it: the first text written is the last resort."""
    flow = a_flow(tenant_id)
    document = {"zz": 1, "a": {"de": "Hallo", "en": "Hello", "b": 1.0}}

    _add(stores, flow, document=document)

    stored = stores.flows.get_version(tenant_id, flow.id, FIRST_VERSION).document
    assert [list(stored), list(stored["a"])] == [["zz", "a"], ["de", "en", "b"]]


def test_a_name_is_taken_once(stores: Stores, tenant_id: TenantId) -> None:
    flow = _add(stores, a_flow(tenant_id))

    with pytest.raises(Conflict):
        _add(stores, a_flow(tenant_id, name=flow.name))

    assert _names(stores, tenant_id, FlowQuery()) == [flow.name]


def test_two_tenants_may_have_flows_of_one_name(stores: Stores, tenant_id: TenantId) -> None:
    flow = _add(stores, a_flow(tenant_id))
    theirs = _add(stores, a_flow(stores.tenant(), name=flow.name))

    assert stores.flows.find_by_name(theirs.tenant_id, flow.name) == theirs


@pytest.mark.parametrize("identifier", ["no-uuid", "", "0190b0c0-0000-7000-8000-000000000000"])
def test_a_flow_that_is_not_there_is_not_found(
    stores: Stores, tenant_id: TenantId, identifier: str
) -> None:
    with pytest.raises(NotFound):
        stores.flows.get(tenant_id, FlowId(identifier))
    with pytest.raises(NotFound):
        stores.flows.list_versions(tenant_id, FlowId(identifier), cursor=None, limit=1)


def test_a_version_that_is_not_there_is_not_found(stores: Stores, tenant_id: TenantId) -> None:
    flow = _add(stores, a_flow(tenant_id))

    with pytest.raises(NotFound, match="version"):
        stores.flows.get_version(tenant_id, flow.id, FlowVersion("9.9"))


def test_the_first_published_flow_is_the_default(stores: Stores, tenant_id: TenantId) -> None:
    first = _publish(stores, _add(stores, a_flow(tenant_id)))
    second = _publish(stores, _add(stores, a_flow(tenant_id)))

    assert (first.is_default, second.is_default) == (True, False)
    assert stores.flows.find_default(tenant_id) == first
    assert (first.status, first.active_version) == (FlowStatus.ACTIVE, FIRST_VERSION)


def test_of_first_flows_published_at_once_one_is_the_default(
    stores: Stores, tenant_id: TenantId
) -> None:
    flows = [_add(stores, a_flow(tenant_id)) for _ in range(2)]

    with ThreadPoolExecutor(2) as pool:
        attempts = [pool.submit(_publish, stores, flow) for flow in flows]
    outcomes = [attempt.exception() or attempt.result() for attempt in attempts]

    assert all(isinstance(outcome, Flow | Conflict) for outcome in outcomes)
    stored = [stores.flows.get(tenant_id, flow.id) for flow in flows]
    assert sum(flow.is_default for flow in stored) == 1


TESTS = {"tests": [{"name": "z", "steps": [{"start": True}]}, {"name": "a", "steps": []}]}
CALLS = {"survey": FlowPin(FlowId(new_id()), FlowVersion("2.1")), "日本": A_PIN}


@pytest.mark.parametrize("tests", [TESTS, "# kept\ntests: []\n", None])
def test_tests_come_back_as_they_were_handed_in(
    stores: Stores, tenant_id: TenantId, tests: Any
) -> None:
    flow = _add(stores, a_flow(tenant_id), tests=tests)

    kept = stores.flows.get_version(tenant_id, flow.id, FIRST_VERSION).tests

    assert json.dumps(kept) == json.dumps(tests)


def test_what_a_version_calls_is_taken_once_when_it_is_published(
    stores: Stores, tenant_id: TenantId
) -> None:
    flow = _add(stores, a_flow(tenant_id))
    assert stores.flows.get_version(tenant_id, flow.id, FIRST_VERSION).calls == {}

    flow = stores.flows.publish(
        tenant_id, published(flow), FIRST_VERSION, an_entry(tenant_id), CALLS
    )
    stores.flows.publish(tenant_id, published(flow), FIRST_VERSION, an_entry(tenant_id), {})

    assert stores.flows.get_version(tenant_id, flow.id, FIRST_VERSION).calls == CALLS


def test_flows_that_take_conversations_are_found_by_their_names(
    stores: Stores, tenant_id: TenantId
) -> None:
    draft, live, moved, gone = (_add(stores, a_flow(tenant_id)) for _ in range(4))
    theirs = _publish(stores, _add(stores, a_flow(stores.tenant())))
    _publish(stores, live)
    second = a_version(moved, version=FlowVersion("1.1"), number=2)
    changed = replace(moved, latest_version=second.version, version_count=2)
    changed = stores.flows.add_version(tenant_id, changed, second, an_entry(tenant_id))
    _publish(stores, changed, second.version)
    archived = replace(_publish(stores, gone), status=FlowStatus.ARCHIVED)
    stores.flows.change(tenant_id, archived, an_entry(tenant_id))

    names = [flow.name for flow in (draft, live, moved, gone, theirs)]
    found = stores.flows.find_active(tenant_id, [*names, "nobody's", "'"])

    assert {name: record.pin for name, record in found.items()} == {
        live.name: FlowPin(live.id, FIRST_VERSION),
        moved.name: FlowPin(moved.id, second.version),
    }
    assert stores.flows.find_active(tenant_id, []) == {}


def test_a_flow_is_changed_as_it_shall_be(stores: Stores, tenant_id: TenantId) -> None:
    flow = _publish(stores, _add(stores, a_flow(tenant_id)))
    changed = replace(
        flow,
        status=FlowStatus.ARCHIVED,
        is_default=False,
        previous_version=FIRST_VERSION,
        updated_at=NOW + timedelta(days=1),
    )

    stored = stores.flows.change(tenant_id, changed, an_entry(tenant_id))

    assert stored == replace(changed, row_version=flow.row_version + 1)
    assert stores.flows.get(tenant_id, flow.id) == stored
    assert stores.flows.find_default(tenant_id) is None
    with pytest.raises(Conflict):
        stores.flows.change(tenant_id, changed, an_entry(tenant_id))


def test_another_default_takes_the_place_of_the_one_before(
    stores: Stores, tenant_id: TenantId
) -> None:
    first, second = (_publish(stores, _add(stores, a_flow(tenant_id))) for _ in range(2))
    elsewhere = _publish(stores, _add(stores, a_flow(stores.tenant())))
    later = NOW + timedelta(days=1)

    chosen = replace(second, updated_at=later)
    stored = stores.flows.make_default(tenant_id, chosen, an_entry(tenant_id))

    assert stored == replace(chosen, is_default=True, row_version=second.row_version + 1)
    assert stores.flows.find_default(tenant_id) == stored
    before = stores.flows.get(tenant_id, first.id)
    assert (before.is_default, before.row_version) == (False, first.row_version + 1)
    assert (before.updated_at, before.updated_by) == (later, second.updated_by)
    assert stores.flows.find_default(elsewhere.tenant_id) == elsewhere


def test_a_default_that_cannot_be_stored_leaves_the_one_before(
    stores: Stores, tenant_id: TenantId
) -> None:
    first, second = (_publish(stores, _add(stores, a_flow(tenant_id))) for _ in range(2))
    stale = replace(second, row_version=second.row_version - 1)

    with pytest.raises(Conflict):
        stores.flows.make_default(tenant_id, stale, an_entry(tenant_id))

    assert stores.flows.find_default(tenant_id) == first


def test_the_default_may_be_made_the_default(stores: Stores, tenant_id: TenantId) -> None:
    flow = _publish(stores, _add(stores, a_flow(tenant_id)))

    again = stores.flows.make_default(tenant_id, flow, an_entry(tenant_id))

    assert stores.flows.find_default(tenant_id) == again


@pytest.mark.parametrize("has_one", [True, False], ids=["after another", "as the first"])
def test_of_two_defaults_made_at_once_one_is_left(
    stores: Stores, tenant_id: TenantId, *, has_one: bool
) -> None:
    first, *rivals = (_publish(stores, _add(stores, a_flow(tenant_id))) for _ in range(3))
    if not has_one:
        stores.flows.change(tenant_id, replace(first, is_default=False), an_entry(tenant_id))

    with ThreadPoolExecutor(2) as pool:
        attempts = [
            pool.submit(stores.flows.make_default, tenant_id, flow, an_entry(tenant_id))
            for flow in rivals
        ]
    outcomes = [attempt.exception() or attempt.result() for attempt in attempts]

    assert all(isinstance(outcome, Flow | Conflict) for outcome in outcomes)
    stored = [stores.flows.get(tenant_id, flow.id) for flow in (first, *rivals)]
    assert [flow.is_default for flow in stored].count(True) == 1
    assert not stored[0].is_default


def test_publishing_makes_the_draft_version_published(stores: Stores, tenant_id: TenantId) -> None:
    flow = _publish(stores, _add(stores, a_flow(tenant_id)))

    version = stores.flows.get_version(tenant_id, flow.id, FIRST_VERSION)
    assert (version.status, version.published_at, version.published_by) == (
        VersionStatus.PUBLISHED,
        NOW,
        flow.created_by,
    )


def test_publishing_a_published_version_again_leaves_it_as_it_was(
    stores: Stores, tenant_id: TenantId
) -> None:
    flow = _publish(stores, _add(stores, a_flow(tenant_id)))
    before = stores.flows.get_version(tenant_id, flow.id, FIRST_VERSION)

    later = replace(published(flow), published_at=NOW + timedelta(days=1))
    stores.flows.publish(tenant_id, later, FIRST_VERSION, an_entry(tenant_id))

    assert stores.flows.get_version(tenant_id, flow.id, FIRST_VERSION) == before


def test_a_write_on_a_flow_that_has_changed_is_a_conflict(
    stores: Stores, tenant_id: TenantId
) -> None:
    flow = _add(stores, a_flow(tenant_id))
    stored = _publish(stores, flow)

    with pytest.raises(Conflict):
        _publish(stores, flow)
    second = a_version(flow, version=FlowVersion("1.1"), number=2)
    with pytest.raises(Conflict):
        stores.flows.add_version(tenant_id, flow, second, an_entry(tenant_id))

    assert stores.flows.get(tenant_id, flow.id) == stored
    assert stored.row_version == flow.row_version + 1


def test_of_versions_added_at_once_one_wins(stores: Stores, tenant_id: TenantId) -> None:
    flow = _add(stores, a_flow(tenant_id))
    changed = replace(flow, latest_version=FlowVersion("1.1"), version_count=2)
    version = a_version(flow, version=FlowVersion("1.1"), number=2)

    def add() -> Flow:
        return stores.flows.add_version(tenant_id, changed, version, an_entry(tenant_id))

    with ThreadPoolExecutor(4) as pool:
        attempts = [pool.submit(add) for _ in range(4)]
    failures = [attempt.exception() for attempt in attempts]

    assert sorted(type(failure).__name__ for failure in failures) == ["Conflict"] * 3 + ["NoneType"]


def test_versions_are_listed_newest_first_in_pages(stores: Stores, tenant_id: TenantId) -> None:
    flow = _add(stores, a_flow(tenant_id))
    for number in range(2, 6):
        name = FlowVersion(f"1.{number - 1}")
        changed = replace(flow, latest_version=name, version_count=number)
        version = a_version(flow, version=name, number=number)
        flow = stores.flows.add_version(tenant_id, changed, version, an_entry(tenant_id))

    pages, cursor = [], None
    while True:
        page = stores.flows.list_versions(tenant_id, flow.id, cursor=cursor, limit=2)
        pages.append([version.version for version in page.items])
        cursor = page.next_cursor
        if cursor is None:
            break

    assert pages == [["1.4", "1.3"], ["1.2", "1.1"], ["1.0"]]


@pytest.mark.parametrize("sort", FlowSort)
def test_pages_of_flows_have_each_flow_once_in_order(
    stores: Stores, tenant_id: TenantId, sort: FlowSort
) -> None:
    """Also where many have the same rank: three share each instant here."""
    flows = [
        _add(
            stores,
            a_flow(
                tenant_id,
                name=f"{name}{index}",
                created_at=NOW + timedelta(hours=index // 3),
                updated_at=NOW - timedelta(hours=index // 3),
            ),
        )
        for index, name in enumerate("bZéaA_zB日")
    ]

    found: list[Flow] = []
    cursor = None
    for _ in range(10):
        page = stores.flows.list(tenant_id, FlowQuery(sort=sort), cursor=cursor, limit=2)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break

    field = sort.value.removeprefix("-")
    expected = sorted(
        flows,
        key=lambda flow: (getattr(flow, field), flow.id),
        reverse=sort.value.startswith("-"),
    )
    assert [flow.name for flow in found] == [flow.name for flow in expected]


def test_a_cursor_of_another_order_is_refused(stores: Stores, tenant_id: TenantId) -> None:
    for _ in range(2):
        _add(stores, a_flow(tenant_id))
    page = stores.flows.list(tenant_id, FlowQuery(sort=FlowSort.NAME), cursor=None, limit=1)

    with pytest.raises(Invalid):
        stores.flows.list(
            tenant_id, FlowQuery(sort=FlowSort.NAME_BACKWARDS), cursor=page.next_cursor, limit=1
        )
    with pytest.raises(Invalid):
        stores.flows.list(tenant_id, FlowQuery(), cursor="bm9uc2Vuc2U", limit=1)


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("ORDER", ["My Order"]),
        ("100%", ["100% off"]),
        ("%", ["100% off"]),
        ("_", ["snake_case"]),
        ("\\", ["back\\slash"]),
        ("äpfel", ["ÄPFEL"]),
        ("parcel", ["My Order"]),
        ("fruit", ["ÄPFEL"]),
        ("nowhere", []),
        ("'; DROP TABLE core.flows; --", []),
    ],
)
def test_a_search_looks_in_name_description_and_tags_and_takes_every_character_literally(
    stores: Stores, tenant_id: TenantId, q: str, expected: list[str]
) -> None:
    _add(stores, a_flow(tenant_id, name="My Order", description="Where is my parcel?"))
    _add(stores, a_flow(tenant_id, name="100% off"))
    _add(stores, a_flow(tenant_id, name="snake_case"))
    _add(stores, a_flow(tenant_id, name="back\\slash"))
    _add(stores, a_flow(tenant_id, name="ÄPFEL", tags=("fruits",)))

    assert _names(stores, tenant_id, FlowQuery(q=q)) == expected


def test_filters_narrow_a_list_before_its_pages_are_cut(
    stores: Stores, tenant_id: TenantId
) -> None:
    wanted = _add(stores, a_flow(tenant_id, name="wanted", tags=("a", "b"), category="c"))
    _publish(stores, wanted)
    for _ in range(3):
        _add(stores, a_flow(tenant_id, tags=("a",), updated_at=NOW + timedelta(days=1)))

    assert [
        _names(stores, tenant_id, query)
        for query in (
            FlowQuery(status=FlowStatus.ACTIVE),
            FlowQuery(tag="b"),
            FlowQuery(category="c"),
            FlowQuery(tag="a", category="c", status=FlowStatus.ACTIVE, q="want"),
            FlowQuery(tag="b", category="d"),
        )
    ] == [["wanted"], ["wanted"], ["wanted"], ["wanted"], []]


def test_writes_are_in_the_audit_log_and_failed_ones_are_not(
    stores: Stores, tenant_id: TenantId
) -> None:
    flow = _add(stores, a_flow(tenant_id))
    _publish(stores, flow)
    with pytest.raises(Conflict):
        _publish(stores, flow)

    page = stores.audit_log.list(tenant_id, cursor=None, limit=100)

    assert [link.number for link in page.items] == [1, 2, 3]


def test_an_unknown_id_of_another_kind_is_nobodys_flow(stores: Stores, tenant_id: TenantId) -> None:
    assert stores.flows.find_by_name(tenant_id, new_id()) is None
    assert stores.flows.find_default(tenant_id) is None
