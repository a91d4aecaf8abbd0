"""`FlowPrograms`: a warm process asks nobody; without the cache the store answers."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from parley.domain.conversations import Channel, FlowPin, FlowVersion
from parley.domain.errors import FlowInvalid, NotFound, Unavailable
from parley.domain.flow_records import NO_CALLS, Calls, FlowVersionRecord
from parley.domain.ids import FlowId, TenantId
from parley.repositories.memory.flows import MemoryFlowCache, MemoryFlows
from parley.services.ports.programs import Fallback
from parley.services.programs import FlowPrograms
from tests.tenants import a_document, a_flow, a_tenant_id, a_version, an_entry, new_id, published

WEB = Channel.WEB


@dataclass
class CountedFlows(MemoryFlows):
    """Flows that count how often a version is read."""

    reads: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def get_version(
        self, tenant_id: TenantId, flow_id: FlowId, version: FlowVersion
    ) -> FlowVersionRecord:
        self.reads += 1
        return super().get_version(tenant_id, flow_id, version)


@dataclass
class NoCache:
    """A cache that never answers."""

    asked: list[str] = field(default_factory=list)

    def find(self, tenant_id: TenantId, pin: FlowPin) -> str | None:
        self.asked.append(f"find {tenant_id} {pin.version}")
        raise Unavailable("Redis is away")

    def put(self, tenant_id: TenantId, pin: FlowPin, document: str) -> None:
        self.asked.append(f"put {tenant_id} {pin.version} {len(document)}")
        raise Unavailable("Redis is away")


@pytest.fixture
def flows() -> CountedFlows:
    return CountedFlows()


@pytest.fixture
def tenant_id() -> TenantId:
    return a_tenant_id()


def _published(
    flows: CountedFlows,
    tenant_id: TenantId,
    name: str = "order-status",
    calls: Calls = NO_CALLS,
    **changes: Any,
) -> FlowPin:
    flow = a_flow(tenant_id, name=name)
    version = a_version(flow, document=a_document(name, **changes))
    flows.add(tenant_id, flow, version, an_entry(tenant_id))
    flows.publish(tenant_id, published(flow), flow.latest_version, an_entry(tenant_id), calls)
    flows.reads = 0
    return FlowPin(flow.id, flow.latest_version)


def test_a_process_reads_a_version_once(flows: CountedFlows, tenant_id: TenantId) -> None:
    pin = _published(flows, tenant_id)
    programs = FlowPrograms(flows, MemoryFlowCache())

    first = programs.get(tenant_id, pin)
    second = programs.get(tenant_id, pin)

    assert first is second
    assert first.document.name == "order-status"
    assert flows.reads == 1


def test_another_process_finds_it_in_the_cache(flows: CountedFlows, tenant_id: TenantId) -> None:
    pin = _published(flows, tenant_id)
    cache = MemoryFlowCache()
    FlowPrograms(flows, cache).get(tenant_id, pin)

    loaded = FlowPrograms(MemoryFlows(), cache).get(tenant_id, pin)

    assert loaded.document.name == "order-status"
    assert flows.reads == 1


def test_without_a_cache_the_store_answers(flows: CountedFlows, tenant_id: TenantId) -> None:
    pin = _published(flows, tenant_id)
    cache = NoCache()

    loaded = FlowPrograms(flows, cache).get(tenant_id, pin)

    assert loaded.document.name == "order-status"
    assert [asked.split()[0] for asked in cache.asked] == ["find", "put"]


def test_a_cached_text_that_is_no_document_counts_as_forgotten(
    flows: CountedFlows, tenant_id: TenantId
) -> None:
    pin = _published(flows, tenant_id)
    cache = MemoryFlowCache()
    for text in ("[]", "{", "", '{"name": "old"}', '{"document": {}, "calls": {"a": 1}}'):
        cache.put(tenant_id, pin, text)
        loaded = FlowPrograms(flows, cache).get(tenant_id, pin)
        assert loaded.document.name == "order-status"
    assert json.loads(cache.find(tenant_id, pin) or "")["document"]["name"] == "order-status"


def test_a_process_keeps_so_many_programs_and_lets_go_of_the_one_unused_for_longest(
    flows: CountedFlows, tenant_id: TenantId
) -> None:
    first, second, third = (_published(flows, tenant_id, name) for name in ("a", "b", "c"))
    programs = FlowPrograms(flows, NoCache(), kept=2)

    for pin in (first, second, first, third, first):
        programs.get(tenant_id, pin)
    assert flows.reads == 3
    programs.get(tenant_id, second)

    assert flows.reads == 4


def test_what_a_version_calls_comes_with_it_from_the_store_and_from_the_cache(
    flows: CountedFlows, tenant_id: TenantId
) -> None:
    calls = {"日本": FlowPin(FlowId("f-1"), FlowVersion("2.1"))}
    pin = _published(flows, tenant_id, calls=calls)
    cache = MemoryFlowCache()

    from_store = FlowPrograms(flows, cache).get(tenant_id, pin)
    from_cache = FlowPrograms(MemoryFlows(), cache).get(tenant_id, pin)

    assert from_store.calls == from_cache.calls == calls


@pytest.mark.parametrize("is_cached", [True, False])
def test_a_fallback_is_what_it_was_when_the_flow_was_published(
    flows: CountedFlows, tenant_id: TenantId, *, is_cached: bool
) -> None:
    """Also of a flow that is none any more: `nowhere` cannot be compiled."""
    simple = FlowPin(FlowId("f-1"), FlowVersion("2.1"))
    settings = {"fallback_flow": " simple "}
    pin = _published(
        flows, tenant_id, calls={"simple": simple}, settings=settings, initial_state="nowhere"
    )
    programs = FlowPrograms(flows, MemoryFlowCache() if is_cached else NoCache())
    with pytest.raises(FlowInvalid):
        programs.get(tenant_id, pin)

    assert programs.fallback(tenant_id, pin) == Fallback("order-status", "simple", simple)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"settings": {}},
        {"settings": None},
        {"settings": {"fallback_flow": "another"}},
        {"settings": {"fallback_flow": 7}},
    ],
)
def test_a_flow_without_a_fallback_has_none(
    flows: CountedFlows, tenant_id: TenantId, changes: dict[str, Any]
) -> None:
    calls = {"simple": FlowPin(FlowId("f-1"), FlowVersion("2.1"))}
    pin = _published(flows, tenant_id, calls=calls, **changes)
    programs = FlowPrograms(flows, MemoryFlowCache())

    assert programs.fallback(tenant_id, pin) is None
    assert programs.fallback(a_tenant_id(), pin) is None
    assert programs.fallback(tenant_id, FlowPin(pin.id, FlowVersion("9.9"))) is None


def test_programs_of_one_tenant_are_not_another_tenants(
    flows: CountedFlows, tenant_id: TenantId
) -> None:
    pin = _published(flows, tenant_id)
    programs = FlowPrograms(flows, MemoryFlowCache())
    programs.get(tenant_id, pin)

    with pytest.raises(NotFound):
        programs.get(a_tenant_id(), pin)


def test_a_draft_does_not_run(flows: CountedFlows, tenant_id: TenantId) -> None:
    flow = a_flow(tenant_id)
    flows.add(tenant_id, flow, a_version(flow), an_entry(tenant_id))
    programs = FlowPrograms(flows, MemoryFlowCache())

    with pytest.raises(NotFound):
        programs.get(tenant_id, FlowPin(flow.id, flow.latest_version))
    for name in (flow.id, flow.name, None):
        with pytest.raises(NotFound) as error:
            programs.resolve(tenant_id, name, WEB)
        assert error.value.code == 3004


def test_a_flow_is_named_by_id_or_by_name_or_is_the_default(
    flows: CountedFlows, tenant_id: TenantId
) -> None:
    first = _published(flows, tenant_id, "first")
    second = _published(flows, tenant_id, "second")
    looks_like_an_id = _published(flows, tenant_id, new_id())
    programs = FlowPrograms(flows, MemoryFlowCache())

    assert programs.resolve(tenant_id, None, WEB) == first
    assert programs.resolve(tenant_id, second.id, WEB) == second
    assert programs.resolve(tenant_id, second.id.upper(), WEB) == second
    assert programs.resolve(tenant_id, "second", WEB) == second
    name = flows.get(tenant_id, looks_like_an_id.id).name
    assert programs.resolve(tenant_id, name, WEB) == looks_like_an_id


@pytest.mark.parametrize("name", ["", "nobody", "0190b0c0-0000-7000-8000-000000000000", "first"])
def test_a_flow_that_is_not_the_tenants_is_not_found(flows: CountedFlows, name: str) -> None:
    _published(flows, a_tenant_id(), "first")
    programs = FlowPrograms(flows, MemoryFlowCache())

    with pytest.raises(NotFound):
        programs.resolve(a_tenant_id(), name, WEB)
