"""For every method of every port: another tenant, with ids that exist, sees nothing.

The cases are checked against the ports themselves: a new method without a case fails.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from parley.domain.errors import Conflict, NotFound
from parley.domain.flow_records import Flow, FlowQuery
from parley.domain.ids import ConversationId, TenantId
from parley.domain.pages import Page
from parley.domain.queued import EventQueued
from parley.domain.tokens import ApiKey, Session
from parley.domain.users import User
from parley.services.ports.access import ApiKeys, Sessions, Users
from parley.services.ports.events import AuditLog, Events
from parley.services.ports.flows import Flows
from parley.services.ports.organizations import Organizations
from tests.contract.stores import A_HASH, KINDS, Stores, opened
from tests.tenants import (
    NOW,
    a_flow,
    a_session,
    a_user,
    a_version,
    an_api_key,
    an_entry,
    an_organization,
    new_id,
    published,
)

PORTS = {
    "organizations": Organizations,
    "users": Users,
    "sessions": Sessions,
    "api_keys": ApiKeys,
    "flows": Flows,
    "events": Events,
    "audit_log": AuditLog,
}
PRECEDE_THE_TENANT = {
    ("organizations", "find_by_slug"),
    ("users", "find_logins"),
    ("api_keys", "find_by_prefix"),
}


@dataclass(frozen=True)
class Victim:
    """A tenant with one of everything."""

    admin: User
    session: Session
    key: ApiKey
    flow: Flow
    event: EventQueued
    spent: bytes
    current: bytes

    @property
    def tenant_id(self) -> TenantId:
        return self.admin.tenant_id


@dataclass(frozen=True)
class Attempt:
    """What another tenant has at hand: the stores, and every id the victim has."""

    stores: Stores
    tenant_id: TenantId
    user: User
    victim: Victim


def _add_organization(attempt: Attempt) -> None:
    organization = an_organization(attempt.tenant_id, slug=f"other-{new_id()[-12:]}")
    attempt.stores.organizations.add(
        attempt.tenant_id, organization, attempt.user, A_HASH, an_entry(attempt.tenant_id)
    )


def _add_user(attempt: Attempt) -> None:
    user = replace(a_user(attempt.tenant_id), id=attempt.victim.admin.id)
    attempt.stores.users.add(attempt.tenant_id, user, A_HASH, an_entry(attempt.tenant_id))


def _add_session(attempt: Attempt) -> None:
    session = a_session(attempt.tenant_id, attempt.user.id, id=attempt.victim.session.id)
    attempt.stores.sessions.add(attempt.tenant_id, session, attempt.victim.current)


def _add_key(attempt: Attempt) -> None:
    key = an_api_key(attempt.tenant_id, attempt.user.id, id=attempt.victim.key.id)
    attempt.stores.api_keys.add(attempt.tenant_id, key, an_entry(attempt.tenant_id))


def _add_flow(attempt: Attempt) -> None:
    flow = a_flow(attempt.tenant_id, id=attempt.victim.flow.id)
    attempt.stores.flows.add(attempt.tenant_id, flow, a_version(flow), an_entry(attempt.tenant_id))


def _add_version(attempt: Attempt) -> object:
    flow = replace(attempt.victim.flow, tenant_id=attempt.tenant_id)
    return attempt.stores.flows.add_version(
        attempt.tenant_id, flow, a_version(flow, number=2), an_entry(attempt.tenant_id)
    )


def _publish(attempt: Attempt) -> object:
    flow = published(replace(attempt.victim.flow, tenant_id=attempt.tenant_id))
    return attempt.stores.flows.publish(
        attempt.tenant_id, flow, flow.latest_version, an_entry(attempt.tenant_id)
    )


def _add_event(attempt: Attempt) -> object:
    event = attempt.victim.event.model_copy(update={"tenant_id": attempt.tenant_id, "data": {}})
    return attempt.stores.events.add(attempt.tenant_id, event)


def _change(attempt: Attempt) -> object:
    flow = replace(attempt.victim.flow, tenant_id=attempt.tenant_id, is_default=False)
    return attempt.stores.flows.change(attempt.tenant_id, flow, an_entry(attempt.tenant_id))


def _make_default(attempt: Attempt) -> object:
    flow = replace(attempt.victim.flow, tenant_id=attempt.tenant_id)
    return attempt.stores.flows.make_default(attempt.tenant_id, flow, an_entry(attempt.tenant_id))


ADDS: dict[tuple[str, str], Callable[[Attempt], object]] = {
    ("organizations", "add"): _add_organization,
    ("users", "add"): _add_user,
    ("sessions", "add"): _add_session,
    ("api_keys", "add"): _add_key,
    ("flows", "add"): _add_flow,
    ("events", "add"): _add_event,
}
"""The same id may exist twice, once a tenant: these succeed, and change nothing of the victim's."""

CASES: dict[tuple[str, str], Callable[[Attempt], object]] = {
    ("organizations", "get"): lambda a: _other(a.stores.organizations.get(a.tenant_id), a),
    ("users", "get"): lambda a: a.stores.users.get(a.tenant_id, a.victim.admin.id),
    ("users", "set_password_hash"): lambda a: a.stores.users.set_password_hash(
        a.tenant_id, a.victim.admin.id, A_HASH, at=NOW
    ),
    ("sessions", "rotate"): lambda a: a.stores.sessions.rotate(
        a.tenant_id, a.victim.current, b"n" * 32, at=NOW
    ),
    ("sessions", "find_spent"): lambda a: a.stores.sessions.find_spent(a.tenant_id, a.victim.spent),
    ("sessions", "find"): lambda a: a.stores.sessions.find(a.tenant_id, a.victim.current),
    ("sessions", "revoke"): lambda a: a.stores.sessions.revoke(
        a.tenant_id, a.victim.session.id, an_entry(a.tenant_id), at=NOW
    ),
    ("api_keys", "list"): lambda a: a.stores.api_keys.list(a.tenant_id, cursor=None, limit=10),
    ("api_keys", "revoke"): lambda a: a.stores.api_keys.revoke(
        a.tenant_id, a.victim.key.id, an_entry(a.tenant_id), at=NOW
    ),
    ("flows", "get"): lambda a: a.stores.flows.get(a.tenant_id, a.victim.flow.id),
    ("flows", "find_by_name"): lambda a: a.stores.flows.find_by_name(
        a.tenant_id, a.victim.flow.name
    ),
    ("flows", "find_default"): lambda a: a.stores.flows.find_default(a.tenant_id),
    ("flows", "find_active"): lambda a: (
        a.stores.flows.find_active(a.tenant_id, [a.victim.flow.name]) or None
    ),
    ("flows", "list"): lambda a: a.stores.flows.list(
        a.tenant_id, FlowQuery(), cursor=None, limit=10
    ),
    ("flows", "get_version"): lambda a: a.stores.flows.get_version(
        a.tenant_id, a.victim.flow.id, a.victim.flow.latest_version
    ),
    ("flows", "list_versions"): lambda a: a.stores.flows.list_versions(
        a.tenant_id, a.victim.flow.id, cursor=None, limit=10
    ),
    ("flows", "add_version"): _add_version,
    ("flows", "publish"): _publish,
    ("flows", "change"): _change,
    ("flows", "make_default"): _make_default,
    ("events", "list"): lambda a: a.stores.events.list(a.tenant_id, cursor=None, limit=10),
    ("events", "list_of_conversation"): lambda a: a.stores.events.list_of_conversation(
        a.tenant_id, ConversationId(str(a.victim.event.conversation_id)), cursor=None, limit=10
    ),
    ("audit_log", "list"): lambda a: _without_own(
        a.stores.audit_log.list(a.tenant_id, cursor=None, limit=10), a
    ),
}


def _other(found: Any, attempt: Attempt) -> object:
    """None, if what was found is the asking tenant's own."""
    return None if found.tenant_id == attempt.tenant_id else found


def _without_own(page: Page[Any], attempt: Attempt) -> Page[Any]:
    return Page([link for link in page.items if link.entry.tenant_id != attempt.tenant_id])


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    yield from opened(request)


@pytest.fixture
def victim(stores: Stores) -> Victim:
    admin = stores.signed_up()
    tenant_id = admin.tenant_id
    session = a_session(tenant_id, admin.id)
    spent, current = new_id().encode()[-32:], new_id().encode()[-32:]
    stores.sessions.add(tenant_id, session, spent)
    stores.sessions.rotate(tenant_id, spent, current, at=NOW)
    key = an_api_key(tenant_id, admin.id)
    stores.api_keys.add(tenant_id, key, an_entry(tenant_id))
    flow = a_flow(tenant_id)
    stores.flows.add(tenant_id, flow, a_version(flow), an_entry(tenant_id))
    flow = stores.flows.publish(
        tenant_id, published(flow), flow.latest_version, an_entry(tenant_id)
    )
    event = EventQueued(
        tenant_id=tenant_id,
        id=f"{new_id()}:0",
        name="message.received",
        at=NOW,
        conversation_id=ConversationId(new_id()),
        data={"text": "mine"},
    )
    stores.events.add(tenant_id, event)
    return Victim(admin, session, key, flow, event, spent, current)


@pytest.fixture
def attempt(stores: Stores, victim: Victim) -> Attempt:
    admin = stores.signed_up()
    return Attempt(stores, admin.tenant_id, admin, victim)


def _everything(stores: Stores, victim: Victim) -> list[object]:
    """All that the victim can see of its own."""
    tenant_id = victim.tenant_id
    return [
        stores.organizations.get(tenant_id),
        stores.users.find_logins(victim.admin.email, None),
        stores.sessions.find_spent(tenant_id, victim.spent),
        stores.sessions.find(tenant_id, victim.current),
        stores.api_keys.list(tenant_id, cursor=None, limit=100),
        stores.flows.list(tenant_id, FlowQuery(), cursor=None, limit=100),
        stores.flows.list_versions(tenant_id, victim.flow.id, cursor=None, limit=100),
        stores.events.list(tenant_id, cursor=None, limit=100),
        stores.audit_log.list(tenant_id, cursor=None, limit=100),
    ]


def test_every_method_of_every_port_has_a_case() -> None:
    methods = {
        (port, name)
        for port, protocol in PORTS.items()
        for name, _ in inspect.getmembers(protocol, inspect.isfunction)
        if not name.startswith("_")
    }

    assert methods == CASES.keys() | ADDS.keys() | PRECEDE_THE_TENANT


def test_every_method_but_those_that_precede_the_tenant_takes_it_first() -> None:
    without = {
        (port, name)
        for port, protocol in PORTS.items()
        for name, method in inspect.getmembers(protocol, inspect.isfunction)
        if not name.startswith("_") and list(inspect.signature(method).parameters)[1] != "tenant_id"
    }

    assert without == PRECEDE_THE_TENANT


@pytest.mark.parametrize("case", CASES, ids=".".join)
def test_another_tenant_sees_nothing_and_changes_nothing(
    attempt: Attempt, case: tuple[str, str]
) -> None:
    before = _everything(attempt.stores, attempt.victim)

    try:
        outcome = CASES[case](attempt)
    except (NotFound, Conflict):
        outcome = None

    assert outcome in (None, False, Page([]))
    assert _everything(attempt.stores, attempt.victim) == before


@pytest.mark.parametrize("case", ADDS, ids=".".join)
def test_another_tenants_own_thing_of_the_same_id_changes_nothing(
    attempt: Attempt, case: tuple[str, str]
) -> None:
    before = _everything(attempt.stores, attempt.victim)

    try:
        ADDS[case](attempt)
    except Conflict:
        assert case == ("organizations", "add")  # its tenant exists already

    assert _everything(attempt.stores, attempt.victim) == before
