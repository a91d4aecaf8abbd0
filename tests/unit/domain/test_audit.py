"""Who an audit entry names."""

from dataclasses import replace
from typing import Any

import pytest

from parley.domain.access import Caller, Role
from parley.domain.audit import ActorType, AuditAction, chained, entry_by, first_break
from parley.domain.ids import UserId
from tests.tenants import NOW, a_tenant_id, an_entry, new_id

TENANT = a_tenant_id()
USER = UserId("01a204ef-0000-7000-8000-000000000001")


@pytest.mark.parametrize(
    ("caller", "actor", "actor_id"),
    [
        (Caller(TENANT, USER, Role.ADMIN), ActorType.USER, USER),
        (Caller(TENANT, USER, Role.CUSTOMER), ActorType.USER, USER),
        (Caller(TENANT, USER, Role.SYSTEM), ActorType.SYSTEM, USER),
        (Caller(TENANT, USER, Role.ADMIN, key_id="key-1"), ActorType.SERVICE, "key-1"),
    ],
)
def test_an_entry_names_a_person_the_system_or_the_key_that_came(
    caller: Caller, actor: ActorType, actor_id: str
) -> None:
    caller = replace(caller, request_id="r-1")

    entry = entry_by(
        caller, "flow.published", AuditAction.UPDATE, ("flow", "f"), entry_id=new_id(), at=NOW
    )

    assert (entry.actor_type, entry.actor_id, entry.request_id) == (actor, actor_id, "r-1")
    assert (entry.entity_type, entry.entity_id) == ("flow", "f")


def test_every_field_of_an_entry_counts_in_its_hash() -> None:
    entry = an_entry(TENANT)
    first = chained(entry, after=None)
    changes: list[dict[str, Any]] = [
        {"actor_id": "x"},
        {"at": NOW.replace(microsecond=1)},
        {"name": "x"},
        {"action": AuditAction.DELETE},
        {"entity_id": "x"},
        {"entity_type": "x"},
        {"actor_type": ActorType.SYSTEM},
        {"old_values": {}},
        {"new_values": {"a": 1}},
        {"request_id": "x"},
        {"id": new_id()},
        {"tenant_id": a_tenant_id()},
    ]

    hashes = {chained(replace(entry, **change), after=None).hash for change in changes}

    assert len(hashes | {first.hash}) == len(changes) + 1
    assert chained(entry, after=first).hash != first.hash
    assert first_break([first, chained(an_entry(TENANT), after=first)]) is None
