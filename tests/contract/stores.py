"""The ports of organisations, access, flows and events, twice: in memory and in PostgreSQL."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from parley.domain.ids import TenantId
from parley.domain.users import User
from parley.repositories.memory.access import MemoryApiKeys, MemorySessions
from parley.repositories.memory.events import MemoryAuditLog, MemoryEvents
from parley.repositories.memory.flows import MemoryFlows
from parley.repositories.memory.organizations import MemoryOrganizations
from parley.repositories.postgres.access import PostgresApiKeys, PostgresSessions
from parley.repositories.postgres.audit import PostgresAuditLog
from parley.repositories.postgres.database import Database
from parley.repositories.postgres.events import PostgresEvents
from parley.repositories.postgres.flows import PostgresFlows
from parley.repositories.postgres.organizations import PostgresOrganizations
from parley.repositories.postgres.users import PostgresUsers
from parley.services.ports.access import ApiKeys, LoginGuard, Passwords, Sessions, Tokens, Users
from parley.services.ports.events import AuditLog, Events
from parley.services.ports.flows import Flows
from parley.services.ports.organizations import Organizations
from tests.tenants import a_tenant_id, a_user, an_entry, an_organization

KINDS = ("memory", "postgres")
A_HASH = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$aGFzaA"


@dataclass(frozen=True)
class Stores:
    """Every port of one implementation."""

    organizations: Organizations
    users: Users
    sessions: Sessions
    api_keys: ApiKeys
    flows: Flows
    events: Events
    audit_log: AuditLog

    def signed_up(self, *, slug: str | None = None, is_active: bool = True) -> User:
        """The admin of a new organisation."""
        tenant_id = a_tenant_id()
        organization = an_organization(tenant_id, is_active=is_active)
        if slug is not None:
            organization = an_organization(tenant_id, is_active=is_active, slug=slug)
        admin = a_user(tenant_id)
        self.organizations.add(tenant_id, organization, admin, A_HASH, an_entry(tenant_id))
        return admin

    def tenant(self) -> TenantId:
        """A new organisation's id."""
        return self.signed_up().tenant_id


@dataclass(frozen=True)
class Proofs:
    """`AccessPorts`, as given."""

    users: Users
    sessions: Sessions
    api_keys: ApiKeys
    organizations: Organizations
    passwords: Passwords
    tokens: Tokens
    guard: LoginGuard


def opened(request: pytest.FixtureRequest) -> Iterator[Stores]:
    """The stores that a fixture's parameter, one of `KINDS`, names."""
    if request.param == "memory":
        yield _memory()
        return
    database = Database(request.getfixturevalue("postgres_url"))
    yield postgres_stores(database)
    database.close()


def _memory() -> Stores:
    audit_log = MemoryAuditLog()
    organizations = MemoryOrganizations(audit_log)
    return Stores(
        organizations=organizations,
        users=organizations.users,
        sessions=MemorySessions(audit_log),
        api_keys=MemoryApiKeys(organizations, audit_log),
        flows=MemoryFlows(audit_log),
        events=MemoryEvents(),
        audit_log=audit_log,
    )


def postgres_stores(database: Database) -> Stores:
    """The stores in a database."""
    return Stores(
        organizations=PostgresOrganizations(database),
        users=PostgresUsers(database),
        sessions=PostgresSessions(database),
        api_keys=PostgresApiKeys(database),
        flows=PostgresFlows(database),
        events=PostgresEvents(database),
        audit_log=PostgresAuditLog(database),
    )
