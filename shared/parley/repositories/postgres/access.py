"""PostgreSQL `core.sessions`, `core.refresh_tokens` and `core.api_keys`.

    tenant_id, id         -> user_id created_at expires_at revoked_at           a log-in
    tenant_id, token_hash -> session_id created_at spent_at                     each of its tokens
    tenant_id, id         -> name prefix secret_hash role expires_at revoked_at a program's key

Secrets are known by their SHA-256 alone.
"""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.domain.access import Role
from parley.domain.audit import AuditEntry
from parley.domain.cursors import decode_cursor, encode_cursor
from parley.domain.errors import NotFound
from parley.domain.ids import ApiKeyId, TenantId, UserId
from parley.domain.pages import Page
from parley.domain.tokens import ApiKey, Session, SpentToken
from parley.repositories.postgres.audit import append_entry
from parley.repositories.postgres.database import Database
from parley.repositories.postgres.rows import cut, id_in_cursor, known_id
from parley.repositories.postgres.tables import api_keys, refresh_tokens, sessions

_OF_TOKEN = sa.and_(
    sessions.c.tenant_id == refresh_tokens.c.tenant_id, sessions.c.id == refresh_tokens.c.session_id
)

_NOBODY = str(uuid.UUID(int=0))


class PostgresSessions:
    """The port `Sessions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, tenant_id: TenantId, session: Session, token_hash: bytes) -> None:
        with self._database.transaction(tenant_id) as connection:
            connection.execute(
                sessions.insert(),
                {
                    "tenant_id": tenant_id,
                    "id": session.id,
                    "user_id": session.user_id,
                    "created_at": session.created_at,
                    "expires_at": session.expires_at,
                },
            )
            connection.execute(
                refresh_tokens.insert(),
                {
                    "tenant_id": tenant_id,
                    "token_hash": token_hash,
                    "session_id": session.id,
                    "created_at": session.created_at,
                },
            )

    def rotate(
        self, tenant_id: TenantId, token_hash: bytes, new_hash: bytes, *, at: datetime
    ) -> Session | None:
        """One statement: the update that finds the token unspent is the compare-and-set."""
        spent = (
            refresh_tokens.update()
            .values(spent_at=at)
            .where(
                refresh_tokens.c.tenant_id == tenant_id,
                refresh_tokens.c.token_hash == token_hash,
                refresh_tokens.c.spent_at.is_(None),
                _OF_TOKEN,
                sessions.c.revoked_at.is_(None),
                sessions.c.expires_at > at,
            )
            .returning(refresh_tokens.c.tenant_id, refresh_tokens.c.session_id)
            .cte("spent")
        )
        new = (
            refresh_tokens.insert()
            .from_select(
                ["tenant_id", "token_hash", "session_id", "created_at"],
                sa.select(
                    spent.c.tenant_id,
                    sa.literal(new_hash, sa.LargeBinary),
                    spent.c.session_id,
                    sa.literal(at, sa.DateTime(timezone=True)),
                ),
            )
            .returning(refresh_tokens.c.session_id)
            .cte("new")
        )
        statement = sa.select(sessions).where(
            sessions.c.tenant_id == tenant_id, sessions.c.id == new.c.session_id
        )
        with self._database.transaction(tenant_id) as connection:
            row = connection.execute(statement).one_or_none()
        return _session(row) if row else None

    def find_spent(self, tenant_id: TenantId, token_hash: bytes) -> SpentToken | None:
        row = self._with_session(tenant_id, token_hash)
        if row is None or row.spent_at is None:
            return None
        return SpentToken(_session(row), row.spent_at)

    def find(self, tenant_id: TenantId, token_hash: bytes) -> Session | None:
        row = self._with_session(tenant_id, token_hash)
        return _session(row) if row else None

    def revoke(
        self, tenant_id: TenantId, session_id: str, entry: AuditEntry, *, at: datetime
    ) -> bool:
        statement = (
            sessions.update()
            .values(revoked_at=at)
            .where(
                sessions.c.tenant_id == tenant_id,
                sessions.c.id == session_id,
                sessions.c.revoked_at.is_(None),
            )
        )
        with self._database.transaction(tenant_id) as connection:
            if connection.execute(statement).rowcount == 0:
                return False
            append_entry(connection, entry)
            return True

    def _with_session(self, tenant_id: TenantId, token_hash: bytes) -> sa.Row[Any] | None:
        statement = (
            sa.select(sessions, refresh_tokens.c.spent_at)
            .join(refresh_tokens, _OF_TOKEN)
            .where(
                refresh_tokens.c.tenant_id == tenant_id, refresh_tokens.c.token_hash == token_hash
            )
        )
        with self._database.transaction(tenant_id) as connection:
            return connection.execute(statement).one_or_none()


class PostgresApiKeys:
    """The port `ApiKeys`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, tenant_id: TenantId, key: ApiKey, entry: AuditEntry) -> None:
        with self._database.transaction(tenant_id) as connection:
            connection.execute(api_keys.insert(), _key_row(key))
            append_entry(connection, entry)

    def list(self, tenant_id: TenantId, *, cursor: str | None, limit: int) -> Page[ApiKey]:
        statement = sa.select(api_keys).where(api_keys.c.tenant_id == tenant_id)
        if cursor:
            created_at, key_id = decode_cursor(cursor, datetime, str)
            after = sa.tuple_(
                sa.literal(created_at), sa.literal(id_in_cursor(key_id), api_keys.c.id.type)
            )
            statement = statement.where(sa.tuple_(api_keys.c.created_at, api_keys.c.id) > after)
        statement = statement.order_by(api_keys.c.created_at, api_keys.c.id).limit(limit + 1)
        with self._database.transaction(tenant_id) as connection:
            rows = connection.execute(statement).all()
        page, last = cut(rows, limit)
        following = encode_cursor(last.created_at, last.id) if last else None
        return Page([_key(row) for row in page], following)

    def revoke(
        self, tenant_id: TenantId, key_id: ApiKeyId, entry: AuditEntry, *, at: datetime
    ) -> None:
        is_it = sa.and_(
            api_keys.c.tenant_id == tenant_id, api_keys.c.id == known_id("api key", key_id)
        )
        statement = api_keys.update().values(revoked_at=at).where(is_it)
        with self._database.transaction(tenant_id) as connection:
            if connection.execute(statement.where(api_keys.c.revoked_at.is_(None))).rowcount:
                append_entry(connection, entry)
            elif connection.execute(sa.select(api_keys.c.id).where(is_it)).one_or_none() is None:
                raise NotFound("api key", key_id)

    def find_by_prefix(self, prefix: str) -> ApiKey | None:
        """Does the same work for a prefix that nobody has: how long it takes tells nothing."""
        with self._database.transaction(None) as connection:
            tenant_id = connection.scalar(
                sa.select(sa.func.core.organization_of_key(prefix, type_=sa.Uuid(as_uuid=False)))
            )
        owner = TenantId(tenant_id or _NOBODY)
        statement = sa.select(api_keys).where(
            api_keys.c.tenant_id == owner, api_keys.c.prefix == prefix
        )
        with self._database.transaction(owner) as connection:
            row = connection.execute(statement).one_or_none()
        return _key(row) if row else None


def _session(row: sa.Row[Any]) -> Session:
    return Session(
        tenant_id=TenantId(row.tenant_id),
        id=row.id,
        user_id=UserId(row.user_id),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )


def _key_row(key: ApiKey) -> dict[str, Any]:
    return {
        "tenant_id": key.tenant_id,
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "secret_hash": key.secret_hash,
        "role": key.role.value,
        "created_at": key.created_at,
        "created_by": key.created_by,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }


def _key(row: sa.Row[Any]) -> ApiKey:
    return ApiKey(
        tenant_id=TenantId(row.tenant_id),
        id=ApiKeyId(row.id),
        name=row.name,
        prefix=row.prefix,
        secret_hash=row.secret_hash,
        role=Role(row.role),
        created_at=row.created_at,
        created_by=UserId(row.created_by),
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
