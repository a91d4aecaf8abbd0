"""Flows going live, back and away, over memory, with the real check, compiler and classifier."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from parley.domain.access import Caller
from parley.domain.conversations import FlowPin, FlowVersion
from parley.domain.errors import Conflict, FlowInvalid, NotFound, PreconditionFailed
from parley.domain.flow_records import STATUS_CHANGES, Flow, FlowStatus
from parley.repositories.memory.events import MemoryAuditLog
from parley.repositories.memory.flows import MemoryFlows
from parley.services.flows import FlowService
from tests.tenants import SteppingClock, a_caller, a_document, a_tenant_id, new_id

EDITOR = replace(a_caller(a_tenant_id()), request_id="request-1")
FIRST = FlowVersion("1.0")


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


def live(service: FlowService, name: str = "order-status", **changes: Any) -> Flow:
    """A flow whose first version is active."""
    return service.publish(EDITOR, service.create(EDITOR, a_document(name, **changes)).id)


def moved_on(service: FlowService, flow: Flow, description: str = "second") -> Flow:
    """The flow once another version is active."""
    document = a_document(flow.name, description=description)
    service.create_version(EDITOR, flow.id, document)
    return service.publish(EDITOR, flow.id)


def standing(flows: MemoryFlows, flow: Flow, status: FlowStatus) -> Flow:
    """The flow, in a status however it got there."""
    stored = replace(flow, status=status, is_default=False)
    flows._flows[flow.tenant_id, flow.id] = stored
    return stored


def last_entry(audit_log: MemoryAuditLog) -> tuple[str, Any, Any]:
    entry = audit_log.list(EDITOR.tenant_id, cursor=None, limit=100).items[-1].entry
    return entry.name, entry.old_values, entry.new_values


def says(text: str, name: str = "hello") -> dict[str, Any]:
    return {"name": name, "steps": [{"start": True, "expect": {"text": text}}]}


def demanding(tests: Any) -> dict[str, Any]:
    """What to create a flow of that demands its tests to pass."""
    return {
        "source": a_document("tested", settings={"require_tests": True}),
        "tests": None if tests is None else {"tests": tests},
    }


def test_a_flow_that_demands_tests_is_published_once_they_pass(service: FlowService) -> None:
    flow = service.create(EDITOR, **demanding([says("Hello"), says("/^Hel/", "again")]))

    assert service.publish(EDITOR, flow.id).status is FlowStatus.ACTIVE


def test_a_flow_that_demands_tests_and_has_none_is_refused(service: FlowService) -> None:
    flow = service.create(EDITOR, **demanding(None))

    with pytest.raises(FlowInvalid, match="demands tests and has none") as error:
        service.publish(EDITOR, flow.id)

    assert [fault.pointer for fault in error.value.faults] == ["/settings/require_tests"]
    assert service.get(EDITOR, flow.id) == flow


def test_each_failure_of_a_demanded_test_is_told_with_its_step(service: FlowService) -> None:
    wrong = says("Bye", "bye")
    wrong["steps"].append({"user": "hi"})
    flow = service.create(EDITOR, **demanding([says("Hello"), wrong]))

    with pytest.raises(FlowInvalid, match="1 of 2 do not") as error:
        service.publish(EDITOR, flow.id)

    assert [fault.pointer for fault in error.value.faults] == [
        "/tests/tests/1/steps/0",
        "/tests/tests/1/steps/1",
    ]
    assert error.value.faults[0].message.startswith("bye, step 1: ")
    assert service.get(EDITOR, flow.id) == flow


def test_failures_are_told_up_to_a_bound(service: FlowService) -> None:
    tests = [says("x" * 2_000, str(n)) for n in range(100)]
    flow = service.create(EDITOR, **demanding(tests))

    with pytest.raises(FlowInvalid, match="100 of 100 do not") as error:
        service.publish(EDITOR, flow.id)

    assert len(error.value.faults) == 50
    assert max(len(fault.message) for fault in error.value.faults) == 500


def test_tests_that_nobody_demands_may_fail(service: FlowService) -> None:
    flow = service.create(EDITOR, a_document(), tests={"tests": [says("Bye")]})

    assert service.publish(EDITOR, flow.id).status is FlowStatus.ACTIVE


def test_what_a_flow_calls_is_pinned_when_it_is_published(service: FlowService) -> None:
    simple = moved_on(service, live(service, "simple"))
    caller = live(service, "caller", settings={"fallback_flow": "simple"})

    moved_on(service, simple, "third")

    version = service.version(EDITOR, caller.id, FIRST)
    assert version.calls == {"simple": FlowPin(simple.id, FlowVersion("1.1"))}


def test_a_version_published_again_keeps_what_it_calls(service: FlowService) -> None:
    simple = live(service, "simple")
    caller = live(service, "caller", settings={"fallback_flow": "simple"})
    moved_on(service, caller)
    moved_on(service, simple)
    service.archive(EDITOR, simple.id)

    again = service.publish(EDITOR, caller.id, version=FIRST)

    assert again.active_version == FIRST
    pinned = service.version(EDITOR, caller.id, FIRST).calls
    assert pinned == {"simple": FlowPin(simple.id, FIRST)}


@pytest.mark.parametrize("state", ["none", "draft", "archived", "another tenant's"])
def test_a_flow_that_takes_no_conversations_cannot_be_called(
    service: FlowService, state: str
) -> None:
    stranger = a_caller(a_tenant_id())
    if state == "draft":
        service.create(EDITOR, a_document("simple"))
    if state == "archived":
        service.archive(EDITOR, live(service, "simple").id)
    if state == "another tenant's":
        service.publish(stranger, service.create(stranger, a_document("simple")).id)
    caller = service.create(EDITOR, a_document("caller", settings={"fallback_flow": "simple"}))

    with pytest.raises(FlowInvalid) as error:
        service.publish(EDITOR, caller.id)

    assert [fault.pointer for fault in error.value.faults] == ["/settings/fallback_flow"]


def test_a_flow_whose_slots_are_of_another_type_cannot_be_called(service: FlowService) -> None:
    live(service, "simple", slots={"n": {"type": "string"}})
    document = a_document(
        "caller", slots={"n": {"type": "integer"}}, settings={"fallback_flow": "simple"}
    )

    with pytest.raises(FlowInvalid) as error:
        service.publish(EDITOR, service.create(EDITOR, document).id)

    assert "Give the slot 'n' one type" in error.value.faults[0].message


def test_a_flow_that_was_published_and_is_none_any_more_cannot_be_called(
    service: FlowService, flows: MemoryFlows
) -> None:
    simple = live(service, "simple")
    spoil(flows, simple)
    caller = service.create(EDITOR, a_document("caller", settings={"fallback_flow": "simple"}))

    with pytest.raises(FlowInvalid):
        service.publish(EDITOR, caller.id)


def spoil(flows: MemoryFlows, flow: Flow) -> None:
    """Make of a flow's first version what an older platform may have let pass."""
    key = (flow.tenant_id, flow.id, FIRST)
    flows._versions[key] = replace(flows._versions[key], document={"name": flow.name})


def test_a_rollback_goes_to_the_version_before(
    service: FlowService, audit_log: MemoryAuditLog, clock: SteppingClock
) -> None:
    flow = moved_on(service, live(service, description="first"))
    assert (flow.active_version, flow.previous_version) == ("1.1", "1.0")
    clock.advance(timedelta(minutes=1))

    back = service.rollback(EDITOR, flow.id, reason="asks twice")

    assert (back.active_version, back.previous_version) == ("1.0", None)
    assert (back.description, back.updated_at) == ("first", clock.now)
    assert service.get(EDITOR, flow.id) == back
    assert last_entry(audit_log) == (
        "flow.rolled_back",
        {"active_version": "1.1"},
        {"active_version": "1.0", "reason": "asks twice"},
    )


def test_going_back_twice_takes_naming_the_version(service: FlowService) -> None:
    """Else it would go forward, to the very version that had to go."""
    flow = moved_on(service, moved_on(service, live(service)), "third")
    service.rollback(EDITOR, flow.id)

    with pytest.raises(Conflict, match="name the `version`"):
        service.rollback(EDITOR, flow.id)

    assert service.rollback(EDITOR, flow.id, version=FIRST).active_version == FIRST


def test_a_rollback_to_the_active_version_changes_nothing(service: FlowService) -> None:
    flow = moved_on(service, live(service))

    assert service.rollback(EDITOR, flow.id, version=flow.active_version) == flow


def test_a_flow_with_one_version_has_nothing_to_go_back_to(service: FlowService) -> None:
    with pytest.raises(Conflict, match="no version is known to have been active before"):
        service.rollback(EDITOR, live(service).id)


def test_a_version_that_was_never_live_is_published_not_rolled_back_to(
    service: FlowService,
) -> None:
    flow = live(service)
    draft = service.create_version(EDITOR, flow.id, a_document(flow.name, tags=["new"])).version

    with pytest.raises(Conflict, match="never been active: publish it"):
        service.rollback(EDITOR, flow.id, version=draft.version)
    with pytest.raises(NotFound):
        service.rollback(EDITOR, flow.id, version=FlowVersion("9.9"))


def test_a_version_that_does_not_run_any_more_is_not_rolled_back_to(
    service: FlowService, flows: MemoryFlows
) -> None:
    flow = moved_on(service, live(service))
    spoil(flows, flow)

    with pytest.raises(FlowInvalid, match="cannot be run any more"):
        service.rollback(EDITOR, flow.id)

    assert service.get(EDITOR, flow.id) == flow


def test_a_rollback_asks_for_no_check(service: FlowService) -> None:
    """What a version calls may have gone since: it has what it called."""
    simple = live(service, "simple")
    flow = moved_on(service, live(service, "caller", settings={"fallback_flow": "simple"}))
    service.archive(EDITOR, simple.id)

    assert service.rollback(EDITOR, flow.id).active_version == FIRST


@pytest.mark.parametrize("status", [s for s in FlowStatus if s is not FlowStatus.ACTIVE])
def test_only_an_active_flow_is_rolled_back_or_becomes_the_default(
    service: FlowService, flows: MemoryFlows, status: FlowStatus
) -> None:
    flow = standing(flows, moved_on(service, live(service)), status)

    with pytest.raises(Conflict, match=status):
        service.rollback(EDITOR, flow.id)
    with pytest.raises(Conflict, match=status):
        service.set_default(EDITOR, flow.id)

    assert service.get(EDITOR, flow.id) == flow


def test_the_default_is_one_at_a_time(service: FlowService, audit_log: MemoryAuditLog) -> None:
    first, second = live(service, "first"), live(service, "second")

    chosen = service.set_default(EDITOR, second.id, reason="the new menu")

    assert chosen.is_default
    assert not service.get(EDITOR, first.id).is_default
    assert service.set_default(EDITOR, second.id) == chosen
    assert last_entry(audit_log) == (
        "flow.default_set",
        {"is_default": False},
        {"is_default": True, "reason": "the new menu"},
    )


def test_an_archived_flow_is_no_default_and_keeps_its_name(
    service: FlowService, flows: MemoryFlows, audit_log: MemoryAuditLog
) -> None:
    flow = live(service)

    archived = service.archive(EDITOR, flow.id, reason="replaced")

    assert (archived.status, archived.is_default, archived.pin) == (
        FlowStatus.ARCHIVED,
        False,
        None,
    )
    assert flows.find_default(EDITOR.tenant_id) is None
    assert last_entry(audit_log) == (
        "flow.archived",
        {"status": "active", "is_default": True},
        {"status": "archived", "is_default": False, "reason": "replaced"},
    )
    assert service.archive(EDITOR, flow.id) == archived
    with pytest.raises(Conflict):
        service.create(EDITOR, a_document(flow.name))
    with pytest.raises(Conflict, match="archived cannot become active"):
        service.publish(EDITOR, flow.id)


def test_after_its_default_was_archived_a_tenants_next_published_flow_is_the_default(
    service: FlowService,
) -> None:
    service.archive(EDITOR, live(service, "first").id)

    assert live(service, "second").is_default


def test_a_flow_taken_out_of_the_archive_is_inactive_until_it_is_published(
    service: FlowService, audit_log: MemoryAuditLog
) -> None:
    flow = moved_on(service, live(service))
    service.archive(EDITOR, flow.id)

    restored = service.restore(EDITOR, flow.id, reason="back for spring")

    assert (restored.status, restored.pin) == (FlowStatus.INACTIVE, None)
    assert last_entry(audit_log) == (
        "flow.restored",
        {"status": "archived"},
        {"status": "inactive", "reason": "back for spring"},
    )
    assert service.restore(EDITOR, flow.id) == restored
    again = service.publish(EDITOR, flow.id)
    assert (again.status, again.active_version, again.previous_version) == (
        FlowStatus.ACTIVE,
        "1.1",
        "1.0",
    )


MOVES: dict[str, tuple[Callable[..., Flow], FlowStatus, frozenset[FlowStatus]]] = {
    "publish": (FlowService.publish, FlowStatus.ACTIVE, frozenset(FlowStatus)),
    "archive": (FlowService.archive, FlowStatus.ARCHIVED, frozenset(FlowStatus)),
    "restore": (FlowService.restore, FlowStatus.INACTIVE, frozenset({FlowStatus.ARCHIVED})),
}
"""What each does, and from where it is meant to be done."""


@pytest.mark.parametrize("status", FlowStatus)
@pytest.mark.parametrize("name", MOVES)
def test_every_change_of_status_is_one_of_the_table(
    service: FlowService, flows: MemoryFlows, name: str, status: FlowStatus
) -> None:
    move, target, meant = MOVES[name]
    flow = standing(flows, moved_on(service, live(service)), status)

    if status is target:
        assert move(service, EDITOR, flow.id) == flow
    elif status in meant and target in STATUS_CHANGES[status]:
        assert move(service, EDITOR, flow.id).status is target
    else:
        with pytest.raises(Conflict):
            move(service, EDITOR, flow.id)
        assert service.get(EDITOR, flow.id) == flow


WRITES: list[Callable[..., Flow]] = [
    FlowService.publish,
    FlowService.rollback,
    FlowService.set_default,
    FlowService.archive,
    FlowService.restore,
]


@pytest.mark.parametrize("write", WRITES)
def test_another_tenants_flow_is_none(service: FlowService, write: Callable[..., Flow]) -> None:
    flow = live(service)

    with pytest.raises(NotFound) as error:
        write(service, a_caller(a_tenant_id()), flow.id)

    assert (error.value.kind, error.value.identifier) == ("flow", flow.id)


@pytest.mark.parametrize("write", WRITES)
def test_who_has_not_seen_the_last_change_changes_nothing(
    service: FlowService, write: Callable[..., Flow]
) -> None:
    flow = moved_on(service, live(service))

    with pytest.raises(PreconditionFailed):
        write(service, EDITOR, flow.id, if_match=flow.row_version - 1)

    assert service.get(EDITOR, flow.id) == flow


def test_who_has_seen_the_last_change_changes_it(service: FlowService) -> None:
    caller: Caller = EDITOR
    flow = moved_on(service, live(service))

    flow = service.rollback(caller, flow.id, if_match=flow.row_version)
    flow = service.archive(caller, flow.id, if_match=flow.row_version)
    flow = service.restore(caller, flow.id, if_match=flow.row_version)

    assert flow.status is FlowStatus.INACTIVE
