"""`FlowService` over memory, with the real check, compiler and classifier."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from parley.domain.access import Caller
from parley.domain.audit import AuditEntry
from parley.domain.conversations import FlowVersion
from parley.domain.errors import Conflict, FlowInvalid, Invalid, NotFound, PreconditionFailed
from parley.domain.flow_records import (
    NO_CALLS,
    Calls,
    ChangeType,
    ExportedPart,
    Flow,
    FlowQuery,
    FlowStatus,
    FlowVersionRecord,
    SourceFormat,
    VersionStatus,
)
from parley.domain.ids import FlowId, TenantId
from parley.repositories.memory.events import MemoryAuditLog
from parley.repositories.memory.flows import MemoryFlows
from parley.services.flows import FlowService
from tests.tenants import SteppingClock, a_caller, a_document, a_tenant_id, new_id

EXAMPLE = Path(__file__).parents[3] / "examples/flows/order_status.yaml"
YAML = """\
# Says hello. Comments are kept.
schema: parley/1
name: order-status
language: de
description: Wo ist mein Paket?
tags: [shop, paket]
category: orders
initial_state: hello
states:
  - name: hello
    type: end
    is_final: true
    config:
      status: completed
      response_templates: {de: Hallo}   # formal enough
"""
OTHER_YAML = YAML.replace("Wo ist", "Wohin ging")
TESTS = {"tests": [{"name": "hello", "steps": [{"start": True, "expect": {"text": "Hallo"}}]}]}


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def audit_log() -> MemoryAuditLog:
    return MemoryAuditLog()


@pytest.fixture
def flows(audit_log: MemoryAuditLog) -> MemoryFlows:
    return MemoryFlows(audit_log)


@pytest.fixture
def service(flows: MemoryFlows, clock: SteppingClock) -> FlowService:
    return FlowService(flows, clock=clock, new_id=new_id)


@pytest.fixture
def editor() -> Caller:
    return replace(a_caller(a_tenant_id()), request_id="request-1")


def _broken(name: str = "order-status") -> dict[str, Any]:
    return a_document(name, initial_state="nowhere")


def test_a_new_flow_is_a_draft_with_one_version(
    service: FlowService, editor: Caller, clock: SteppingClock
) -> None:
    flow = service.create(editor, YAML)

    assert service.get(editor, flow.id) == flow
    assert (flow.name, flow.description, flow.language) == (
        "order-status",
        "Wo ist mein Paket?",
        "de",
    )
    assert (flow.tags, flow.category) == (("shop", "paket"), "orders")
    assert (flow.status, flow.active_version, flow.is_default) == (FlowStatus.DRAFT, None, False)
    (version,) = service.versions(editor, flow.id).items
    assert version == service.version(editor, flow.id, FlowVersion("1.0"))
    assert (version.source, version.created_at, version.created_by) == (
        YAML,
        clock.now,
        editor.user_id,
    )


def test_a_draft_may_be_wrong_and_says_so_when_it_is_published(
    service: FlowService, editor: Caller
) -> None:
    flow = service.create(editor, _broken())

    with pytest.raises(FlowInvalid) as error:
        service.publish(editor, flow.id)

    assert "/initial_state" in [fault.pointer for fault in error.value.faults]
    assert service.get(editor, flow.id) == flow


def test_an_error_in_a_text_is_told_with_its_line(service: FlowService, editor: Caller) -> None:
    flow = service.create(editor, YAML.replace("initial_state: hello", "initial_state: nowhere"))

    with pytest.raises(FlowInvalid) as error:
        service.publish(editor, flow.id)

    assert any("line 8" in fault.message for fault in error.value.faults)


def test_the_first_flow_published_is_the_default(
    service: FlowService, editor: Caller, clock: SteppingClock
) -> None:
    first = service.create(editor, a_document("first"))
    second = service.create(editor, a_document("second"))
    clock.advance(timedelta(minutes=1))

    published = service.publish(editor, first.id)

    assert (published.status, published.active_version) == (FlowStatus.ACTIVE, "1.0")
    assert (published.published_at, published.published_by) == (clock.now, editor.user_id)
    assert published.is_default
    assert not service.publish(editor, second.id).is_default
    version = service.version(editor, first.id, FlowVersion("1.0"))
    assert version.status is VersionStatus.PUBLISHED


def test_publishing_again_changes_nothing(
    service: FlowService, editor: Caller, audit_log: MemoryAuditLog
) -> None:
    flow = service.create(editor, YAML)
    published = service.publish(editor, flow.id)

    assert service.publish(editor, flow.id) == published
    assert len(audit_log.list(editor.tenant_id, cursor=None, limit=10).items) == 2


def test_a_version_added_to_a_published_flow_shows_only_once_it_is_published_too(
    service: FlowService, editor: Caller
) -> None:
    flow = service.publish(editor, service.create(editor, YAML).id)

    version = service.create_version(
        editor,
        flow.id,
        YAML.replace("Wo ist", "Wohin ging"),
        change_type=ChangeType.MAJOR,
        change_description="other words",
    ).version

    between = service.get(editor, flow.id)
    assert (version.version, version.number, version.change_description) == (
        "2.0",
        2,
        "other words",
    )
    assert (between.active_version, between.latest_version) == ("1.0", "2.0")
    assert between.description == "Wo ist mein Paket?"
    after = service.publish(editor, flow.id)
    assert (after.active_version, after.description) == ("2.0", "Wohin ging mein Paket?")


def test_an_older_version_may_be_made_the_active_one(service: FlowService, editor: Caller) -> None:
    flow = service.publish(editor, service.create(editor, YAML).id)
    service.create_version(editor, flow.id, OTHER_YAML)
    service.publish(editor, flow.id)

    back = service.publish(editor, flow.id, version=FlowVersion("1.0"))

    assert back.active_version == "1.0"


def test_what_has_not_changed_is_no_other_version(
    service: FlowService, editor: Caller, audit_log: MemoryAuditLog
) -> None:
    flow = service.create(editor, YAML, tests=TESTS)

    again = service.create_version(
        editor, flow.id, YAML, tests=TESTS, change_type=ChangeType.MAJOR, change_description="x"
    )

    assert not again.is_new
    assert again.version == service.version(editor, flow.id, FlowVersion("1.0"))
    assert service.get(editor, flow.id) == flow
    assert len(audit_log.list(editor.tenant_id, cursor=None, limit=9).items) == 1


@pytest.mark.parametrize(
    ("source", "tests"),
    [
        (YAML + "# another comment\n", TESTS),
        (OTHER_YAML, TESTS),
        (YAML, None),
        (YAML, json.dumps(TESTS)),
        (YAML, {**TESTS, "user": {"first_name": "Ada"}}),
    ],
    ids=["comment", "document", "no tests", "tests as text", "other tests"],
)
def test_a_version_differs_by_its_document_its_text_or_its_tests(
    service: FlowService, editor: Caller, source: str, tests: Any
) -> None:
    flow = service.create(editor, YAML, tests=TESTS)

    saved = service.create_version(editor, flow.id, source, tests=tests)

    assert saved.is_new
    assert (saved.version.version, saved.version.tests) == ("1.1", tests)


def test_only_the_latest_version_is_compared(service: FlowService, editor: Caller) -> None:
    """Taking a change back is a change: the latest version is what is published next."""
    flow = service.create(editor, YAML)
    service.create_version(editor, flow.id, OTHER_YAML)

    assert service.create_version(editor, flow.id, YAML).version.version == "1.2"


@pytest.mark.parametrize(
    ("tests", "pointer"),
    [
        ({}, "/tests/tests"),
        ({"tests": []}, "/tests/tests"),
        ({"tests": [{"name": "a", "steps": [{"user": "hi", "start": True}]}]}, None),
        ({"tests": [{"name": "a", "steps": [{}], "stub": {}}]}, "/tests/tests/0/stub"),
        ("tests: [", "/tests"),
        ("just words", "/tests"),
    ],
)
def test_what_is_no_file_of_tests_is_refused_with_its_place(
    service: FlowService, editor: Caller, tests: Any, pointer: str | None
) -> None:
    flow = service.create(editor, YAML)

    with pytest.raises(Invalid) as error:
        service.create(editor, a_document("tested"), tests=tests)
    with pytest.raises(Invalid):
        service.create_version(editor, flow.id, OTHER_YAML, tests=tests)

    assert all(fault.pointer.startswith("/tests") for fault in error.value.faults)
    assert pointer is None or pointer in [fault.pointer for fault in error.value.faults]
    assert [found.name for found in service.list(editor).items] == ["order-status"]


def test_tests_are_exported_as_they_were_handed_in(service: FlowService, editor: Caller) -> None:
    text = "# kept\ntests: [{name: a, steps: [{start: true}]}]\n"
    flow = service.create(editor, YAML, tests=text)
    service.create_version(editor, flow.id, YAML)
    part = ExportedPart.TESTS

    first = FlowVersion("1.0")
    assert service.export(editor, flow.id, SourceFormat.YAML, version=first, what=part) == text
    as_json = service.export(editor, flow.id, SourceFormat.JSON, version=first, what=part)
    assert json.loads(as_json) == {"tests": [{"name": "a", "steps": [{"start": True}]}]}
    with pytest.raises(NotFound, match=r"tests of version '1\.1'"):
        service.export(editor, flow.id, SourceFormat.YAML, what=part)


def test_a_check_knows_the_flows_that_are_there(service: FlowService, editor: Caller) -> None:
    service.publish(editor, service.create(editor, YAML).id)
    draft = service.create(editor, a_document("draft"))
    stranger = a_caller(a_tenant_id())
    service.publish(stranger, service.create(stranger, a_document("theirs")).id)

    def unknown(name: str) -> bool:
        document = a_document("caller", settings={"fallback_flow": name})
        return "flow.unknown" in [found.code for found in service.check(editor, document)]

    names = ["order-status", " order-status ", draft.name, "theirs", "nobody", "a\0b"]
    assert [unknown(name) for name in names] == [False, False, True, True, True, True]


def test_a_drafts_description_is_that_of_its_latest_version(
    service: FlowService, editor: Caller
) -> None:
    flow = service.create(editor, YAML)

    service.create_version(editor, flow.id, a_document("order-status", description="new"))

    assert service.get(editor, flow.id).description == "new"


def test_a_flow_keeps_its_name(service: FlowService, editor: Caller) -> None:
    flow = service.create(editor, YAML)

    with pytest.raises(Invalid) as error:
        service.create_version(editor, flow.id, a_document("another"))

    assert [fault.pointer for fault in error.value.faults] == ["/name"]


def test_a_name_given_beside_the_document_must_be_its_own(
    service: FlowService, editor: Caller
) -> None:
    with pytest.raises(Invalid):
        service.create(editor, YAML, name="another")

    assert service.create(editor, YAML, name="order-status").name == "order-status"


def test_a_name_is_taken_once(service: FlowService, editor: Caller) -> None:
    service.create(editor, YAML)

    with pytest.raises(Conflict):
        service.create(editor, YAML)


def test_an_archived_flow_is_taken_back_before_it_is_published(
    service: FlowService, editor: Caller, flows: MemoryFlows
) -> None:
    flow = service.create(editor, YAML)
    flows._flows[editor.tenant_id, flow.id] = replace(flow, status=FlowStatus.ARCHIVED)

    with pytest.raises(Conflict, match="archived cannot become active"):
        service.publish(editor, flow.id)


def test_a_stale_row_version_is_a_failed_precondition(service: FlowService, editor: Caller) -> None:
    flow = service.create(editor, YAML)
    service.create_version(editor, flow.id, OTHER_YAML)

    with pytest.raises(PreconditionFailed):
        service.publish(editor, flow.id, if_match=flow.row_version)
    with pytest.raises(PreconditionFailed):
        service.create_version(editor, flow.id, YAML, if_match=flow.row_version)

    assert service.publish(editor, flow.id, if_match=2).row_version == 3


class Interrupted(MemoryFlows):
    """Flows that somebody else changes just before the first `times` writes."""

    times = 1

    def add_version(
        self, tenant_id: TenantId, flow: Flow, version: FlowVersionRecord, entry: AuditEntry
    ) -> Flow:
        self._interrupt(tenant_id, flow.id)
        return super().add_version(tenant_id, flow, version, entry)

    def publish(
        self,
        tenant_id: TenantId,
        flow: Flow,
        version: FlowVersion,
        entry: AuditEntry,
        calls: Calls = NO_CALLS,
    ) -> Flow:
        self._interrupt(tenant_id, flow.id)
        return super().publish(tenant_id, flow, version, entry, calls)

    def _interrupt(self, tenant_id: TenantId, flow_id: FlowId) -> None:
        if self.times > 0:
            self.times -= 1
            stored = self._flows[tenant_id, flow_id]
            self._flows[tenant_id, flow_id] = replace(stored, row_version=stored.row_version + 1)


@pytest.mark.parametrize(
    "write",
    [
        lambda service, caller, flow_id, **more: service.publish(caller, flow_id, **more),
        lambda service, caller, flow_id, **more: service.create_version(
            caller, flow_id, OTHER_YAML, **more
        ),
    ],
    ids=["publish", "create_version"],
)
def test_a_writer_in_between_is_no_error_but_for_whoever_named_a_version(
    clock: SteppingClock, editor: Caller, write: Callable[..., object]
) -> None:
    flows = Interrupted()
    service = FlowService(flows, clock=clock, new_id=new_id)
    flow = service.create(editor, YAML)

    write(service, editor, flow.id)

    flows.times = 1
    stale = service.get(editor, flow.id).row_version
    second = service.create(editor, a_document("second"))
    flows.times = 1
    with pytest.raises(PreconditionFailed):
        service.create_version(
            editor, second.id, a_document("second", tags=["new"]), if_match=second.row_version
        )
    flows.times = 99
    with pytest.raises(Conflict):
        service.create_version(editor, flow.id, YAML.replace("Wo ist", "Wann kommt"))
    assert stale > flow.row_version


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": "   "}, "/name"),
        ({"name": 7}, "/name"),
        ({"name": "x" * 256}, "/name"),
        ({"name": "x", "n": float("nan")}, ""),
        ({"name": "x", "n": float("inf")}, ""),
        ({"name": "x", "text": "a\0b"}, ""),
        ({"name": "x", "text": "\ud800"}, ""),
        ({"name": "x", "text": {"a": object()}}, ""),
        ({"name": "x", "text": "y" * 1_100_000}, ""),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_place(
    service: FlowService, editor: Caller, document: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as error:
        service.create(editor, document)

    assert [fault.pointer for fault in error.value.faults] == [pointer]
    assert service.list(editor).items == []


def test_a_document_may_not_nest_for_ever(service: FlowService, editor: Caller) -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"d": deep}

    with pytest.raises(Invalid, match="nests"):
        service.create(editor, {"name": "x", "d": deep})


@pytest.mark.parametrize(
    "text", ["", "[]", "a: [", "just words", "x" * 1_100_000, "a: &a [*a]", "\0"]
)
def test_a_text_that_is_no_document_is_refused(
    service: FlowService, editor: Caller, text: str
) -> None:
    with pytest.raises(Invalid):
        service.create(editor, text)


def test_what_cannot_be_shown_of_a_draft_is_left_out(service: FlowService, editor: Caller) -> None:
    flow = service.create(
        editor,
        {"name": " x ", "description": 7, "language": None, "tags": ["a", 1, ""], "category": []},
    )

    assert (flow.name, flow.description, flow.language, flow.tags, flow.category) == (
        "x",
        None,
        "en",
        ("a",),
        None,
    )


def test_a_check_finds_errors_and_saves_nothing(service: FlowService, editor: Caller) -> None:
    found = service.check(editor, _broken())

    assert "error" in [diagnostic.severity for diagnostic in found]
    assert service.list(editor).items == []


def test_yaml_comes_out_as_it_went_in(service: FlowService, editor: Caller) -> None:
    flow = service.create(editor, YAML)

    assert service.export(editor, flow.id, SourceFormat.YAML) == YAML


def test_a_document_is_exported_as_yaml_and_as_json_that_mean_the_same(
    service: FlowService, editor: Caller
) -> None:
    document = a_document()
    flow = service.create(editor, json.dumps(document))

    as_yaml = service.export(editor, flow.id, SourceFormat.YAML)
    as_json = service.export(editor, flow.id, SourceFormat.JSON)

    assert json.loads(as_json) == document
    again = service.create_version(editor, flow.id, as_yaml)
    assert again.version.document == document
    assert not as_yaml.lstrip().startswith("{")


def test_the_active_version_is_exported_unless_another_is_asked_for(
    service: FlowService, editor: Caller
) -> None:
    flow = service.create(editor, YAML)
    latest = YAML.replace("Wo ist", "Wohin ging")
    service.publish(editor, flow.id)
    service.create_version(editor, flow.id, latest)

    assert service.export(editor, flow.id, SourceFormat.YAML) == YAML
    assert service.export(editor, flow.id, SourceFormat.YAML, version=FlowVersion("1.1")) == latest


def test_lists_are_searched_and_cut_into_pages(service: FlowService, editor: Caller) -> None:
    for name in ("one", "two", "three"):
        service.create(editor, a_document(name))

    first = service.list(editor, FlowQuery(q="t"), limit=1)
    second = service.list(editor, FlowQuery(q="t"), limit=1, cursor=first.next_cursor)

    assert {flow.name for flow in (*first.items, *second.items)} == {"two", "three"}
    assert second.next_cursor is None
    with pytest.raises(Invalid):
        service.list(editor, limit=0)
    with pytest.raises(Invalid):
        service.versions(editor, FlowId(new_id()), limit=101)


def test_another_tenants_flow_is_not_found(service: FlowService, editor: Caller) -> None:
    flow = service.create(editor, YAML)
    stranger = a_caller(a_tenant_id())
    attempts: list[Callable[[], object]] = [
        lambda: service.get(stranger, flow.id),
        lambda: service.versions(stranger, flow.id),
        lambda: service.version(stranger, flow.id, flow.latest_version),
        lambda: service.create_version(stranger, flow.id, YAML),
        lambda: service.publish(stranger, flow.id),
        lambda: service.export(stranger, flow.id, SourceFormat.JSON),
    ]

    for attempt in attempts:
        with pytest.raises(NotFound) as error:
            attempt()
        assert (error.value.kind, error.value.identifier) == ("flow", flow.id)
    assert service.list(stranger).items == []


def test_what_was_done_is_in_the_audit_log_with_who_and_by_which_request(
    service: FlowService, editor: Caller, audit_log: MemoryAuditLog
) -> None:
    flow = service.create(editor, YAML)
    service.create_version(editor, flow.id, OTHER_YAML)
    service.publish(editor, flow.id)

    entries = [link.entry for link in audit_log.list(editor.tenant_id, cursor=None, limit=9).items]

    assert [(entry.name, entry.new_values) for entry in entries] == [
        ("flow.created", {"name": "order-status", "version": "1.0"}),
        ("flow.version_created", {"version": "1.1"}),
        ("flow.published", {"status": "active", "active_version": "1.1"}),
    ]
    assert {(e.actor_id, e.entity_id, e.request_id) for e in entries} == {
        (editor.user_id, flow.id, "request-1")
    }


def test_the_example_that_ships_can_be_published(service: FlowService, editor: Caller) -> None:
    flow = service.create(editor, EXAMPLE.read_text())

    assert service.publish(editor, flow.id).status is FlowStatus.ACTIVE
