"""What a flow may become, and what its versions are called."""

from dataclasses import replace

import pytest

from parley.domain.conversations import FlowPin, FlowVersion
from parley.domain.errors import Conflict
from parley.domain.flow_records import (
    STATUS_CHANGES,
    ChangeType,
    FlowStatus,
    changed_status,
    version_after,
)
from tests.tenants import a_flow, a_tenant_id, published

DRAFT, TESTING, ACTIVE, INACTIVE, ARCHIVED = FlowStatus
ALLOWED = {
    (DRAFT, TESTING),
    (DRAFT, ACTIVE),
    (DRAFT, ARCHIVED),
    (TESTING, DRAFT),
    (TESTING, ACTIVE),
    (TESTING, ARCHIVED),
    (ACTIVE, ACTIVE),
    (ACTIVE, INACTIVE),
    (ACTIVE, ARCHIVED),
    (INACTIVE, ACTIVE),
    (INACTIVE, ARCHIVED),
    (ARCHIVED, INACTIVE),
}


@pytest.mark.parametrize("to", FlowStatus)
@pytest.mark.parametrize("status", FlowStatus)
def test_every_change_of_status_is_allowed_or_refused_by_the_one_table(
    status: FlowStatus, to: FlowStatus
) -> None:
    flow = a_flow(a_tenant_id(), status=status)

    if (status, to) in ALLOWED:
        assert changed_status(flow, to) is to
    else:
        with pytest.raises(Conflict, match=f"is {status} cannot become {to}"):
            changed_status(flow, to)


def test_the_table_knows_every_status() -> None:
    assert STATUS_CHANGES.keys() == set(FlowStatus)


@pytest.mark.parametrize(
    ("version", "change", "following"),
    [
        ("1.0", ChangeType.MINOR, "1.1"),
        ("1.9", ChangeType.MINOR, "1.10"),
        ("1.9.4", ChangeType.MINOR, "1.10"),
        ("1.9.4", ChangeType.MAJOR, "2.0"),
        ("1.0", ChangeType.PATCH, "1.0.1"),
        ("1.0.9", ChangeType.HOTFIX, "1.0.10"),
    ],
)
def test_a_version_is_named_after_the_one_before(
    version: str, change: ChangeType, following: str
) -> None:
    assert version_after(FlowVersion(version), change) == following


def test_only_an_active_flow_has_a_pin_for_new_conversations() -> None:
    flow = published(a_flow(a_tenant_id()))

    assert flow.pin == FlowPin(flow.id, FlowVersion("1.0"))
    assert replace(flow, status=INACTIVE).pin is None
    assert a_flow(a_tenant_id()).pin is None
