"""PostgreSQL `audit.audit_log`: one chain of entries per tenant.

    tenant_id, number -> id at name action entity_type entity_id actor_type actor_id
                         old_values new_values request_id previous_hash hash

`number` has no gap and each entry's hash covers the one before; triggers refuse anything else.
"""

from typing import Any

import sqlalchemy as sa

from parley.domain.audit import ActorType, AuditAction, AuditEntry, ChainedEntry, chained
from parley.domain.cursors import decode_cursor, encode_cursor
from parley.domain.ids import TenantId
from parley.domain.pages import Page
from parley.repositories.postgres.database import Database
from parley.repositories.postgres.rows import cut
from parley.repositories.postgres.tables import audit_log


def append_entry(connection: sa.Connection, entry: AuditEntry) -> None:
    """Add an entry within the transaction of what it tells of.

    Writers of one tenant's log wait for each other until they commit: a chain has one end.
    """
    lock = sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(entry.tenant_id, 0))
    connection.execute(sa.select(lock))
    last = connection.execute(
        sa.select(audit_log)
        .where(audit_log.c.tenant_id == entry.tenant_id)
        .order_by(audit_log.c.number.desc())
        .limit(1)
    ).one_or_none()
    connection.execute(audit_log.insert(), _row(chained(entry, after=_chained(last))))


class PostgresAuditLog:
    """The port `AuditLog`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, tenant_id: TenantId, *, cursor: str | None, limit: int) -> Page[ChainedEntry]:
        after = decode_cursor(cursor, int)[0] if cursor else 0
        with self._database.transaction(tenant_id) as connection:
            rows = connection.execute(
                sa.select(audit_log)
                .where(audit_log.c.tenant_id == tenant_id, audit_log.c.number > after)
                .order_by(audit_log.c.number)
                .limit(limit + 1)
            ).all()
        page, last = cut(rows, limit)
        entries = [entry for row in page if (entry := _chained(row))]
        return Page(entries, encode_cursor(last.number) if last else None)


def _row(link: ChainedEntry) -> dict[str, Any]:
    entry = link.entry
    return {
        "tenant_id": entry.tenant_id,
        "number": link.number,
        "id": entry.id,
        "at": entry.at,
        "name": entry.name,
        "action": entry.action.value,
        "entity_type": entry.entity_type,
        "entity_id": entry.entity_id,
        "actor_type": entry.actor_type.value,
        "actor_id": entry.actor_id,
        "old_values": entry.old_values,
        "new_values": entry.new_values,
        "request_id": entry.request_id,
        "previous_hash": link.previous_hash,
        "hash": link.hash,
    }


def _chained(row: sa.Row[Any] | None) -> ChainedEntry | None:
    if row is None:
        return None
    entry = AuditEntry(
        tenant_id=TenantId(row.tenant_id),
        id=row.id,
        at=row.at,
        name=row.name,
        action=AuditAction(row.action),
        entity_type=row.entity_type,
        entity_id=row.entity_id,
        actor_type=ActorType(row.actor_type),
        actor_id=row.actor_id,
        old_values=row.old_values,
        new_values=row.new_values,
        request_id=row.request_id,
    )
    return ChainedEntry(entry, row.number, row.previous_hash, row.hash)
