"""PostgreSQL `core.users`: the people of an organisation.

    tenant_id, id -> email password_hash role display_name preferred_language timezone status
                     suspended_until row_version

An address is unique within its organisation, in any case.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.domain.access import Role
from parley.domain.audit import AuditEntry
from parley.domain.errors import NotFound
from parley.domain.ids import TenantId, UserId
from parley.domain.users import User, UserStatus
from parley.repositories.postgres.audit import append_entry
from parley.repositories.postgres.database import Database
from parley.repositories.postgres.rows import known_id
from parley.repositories.postgres.tables import users
from parley.services.ports.access import Login


def insert_user(connection: sa.Connection, user: User, password_hash: str) -> None:
    """Store a user within a transaction that does more."""
    connection.execute(users.insert(), _row(user, password_hash))


class PostgresUsers:
    """The port `Users`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, tenant_id: TenantId, user: User, password_hash: str, entry: AuditEntry) -> None:
        with self._database.transaction(tenant_id) as connection:
            insert_user(connection, user, password_hash)
            append_entry(connection, entry)

    def get(self, tenant_id: TenantId, user_id: UserId) -> User:
        return self._login(tenant_id, user_id).user

    def set_password_hash(
        self, tenant_id: TenantId, user_id: UserId, password_hash: str, *, at: datetime
    ) -> None:
        statement = (
            users.update()
            .where(users.c.tenant_id == tenant_id, users.c.id == known_id("user", user_id))
            .values(
                password_hash=password_hash,
                password_changed_at=at,
                updated_at=at,
                row_version=users.c.row_version + 1,
            )
        )
        with self._database.transaction(tenant_id) as connection:
            if connection.execute(statement).rowcount == 0:
                raise NotFound("user", user_id)

    def find_logins(self, email: str, organization: str | None) -> Sequence[Login]:
        found = sa.func.core.logins_of_email(email, organization).table_valued(
            sa.column("tenant_id", sa.Uuid(as_uuid=False)),
            sa.column("user_id", sa.Uuid(as_uuid=False)),
        )
        with self._database.transaction(None) as connection:
            rows = connection.execute(sa.select(found.c.tenant_id, found.c.user_id)).all()
        return [self._login(TenantId(row.tenant_id), UserId(row.user_id)) for row in rows]

    def _login(self, tenant_id: TenantId, user_id: UserId) -> Login:
        statement = sa.select(users).where(
            users.c.tenant_id == tenant_id, users.c.id == known_id("user", user_id)
        )
        with self._database.transaction(tenant_id) as connection:
            row = connection.execute(statement).one_or_none()
        if row is None:
            raise NotFound("user", user_id)
        return Login(_user(row), row.password_hash)


def _row(user: User, password_hash: str) -> dict[str, Any]:
    return {
        "tenant_id": user.tenant_id,
        "id": user.id,
        "email": user.email,
        "email_verified_at": user.email_verified_at,
        "password_hash": password_hash,
        "password_changed_at": user.created_at,
        "role": user.role.value,
        "display_name": user.display_name,
        "preferred_language": user.preferred_language,
        "timezone": user.timezone,
        "status": user.status.value,
        "suspended_until": user.suspended_until,
        "row_version": user.row_version,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    }


def _user(row: sa.Row[Any]) -> User:
    return User(
        tenant_id=TenantId(row.tenant_id),
        id=UserId(row.id),
        email=row.email,
        role=Role(row.role),
        created_at=row.created_at,
        updated_at=row.updated_at,
        display_name=row.display_name,
        preferred_language=row.preferred_language,
        timezone=row.timezone,
        status=UserStatus(row.status),
        suspended_until=row.suspended_until,
        email_verified_at=row.email_verified_at,
        row_version=row.row_version,
    )
