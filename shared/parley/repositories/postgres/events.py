"""PostgreSQL `audit.events`: everything that happened, each thing once.

    tenant_id, id -> position name at conversation_id ordinal request_id data

`position` grows in the order recorded; `at` and `ordinal` say in which order things happened.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from parley.domain.cursors import decode_cursor, encode_cursor
from parley.domain.events import RecordedEvent, event_ordinal
from parley.domain.ids import ConversationId, TenantId
from parley.domain.pages import Page
from parley.domain.queued import EventQueued
from parley.repositories.postgres.database import Database
from parley.repositories.postgres.rows import cut
from parley.repositories.postgres.tables import events


class PostgresEvents:
    """The port `Events`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, tenant_id: TenantId, event: EventQueued) -> bool:
        statement = (
            insert(events)
            .values(
                tenant_id=tenant_id,
                id=event.id,
                name=event.name,
                at=event.at,
                conversation_id=event.conversation_id,
                ordinal=event_ordinal(event.id),
                request_id=event.request_id,
                data=event.data,
            )
            .on_conflict_do_nothing(index_elements=["tenant_id", "id"])
            .returning(events.c.position)
        )
        with self._database.transaction(tenant_id) as connection:
            return connection.execute(statement).one_or_none() is not None

    def list(self, tenant_id: TenantId, *, cursor: str | None, limit: int) -> Page[RecordedEvent]:
        after = decode_cursor(cursor, int)[0] if cursor else 0
        statement = (
            sa.select(events)
            .where(events.c.tenant_id == tenant_id, events.c.position > after)
            .order_by(events.c.position)
            .limit(limit + 1)
        )
        with self._database.transaction(tenant_id) as connection:
            rows = connection.execute(statement).all()
        page, last = cut(rows, limit)
        return Page(
            [_recorded(row) for row in page], encode_cursor(last.position) if last else None
        )

    def list_of_conversation(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        *,
        cursor: str | None,
        limit: int,
    ) -> Page[RecordedEvent]:
        order = sa.tuple_(events.c.at, events.c.ordinal, events.c.position)
        statement = (
            sa.select(events)
            .where(events.c.tenant_id == tenant_id, events.c.conversation_id == conversation_id)
            .order_by(events.c.at, events.c.ordinal, events.c.position)
            .limit(limit + 1)
        )
        if cursor:
            after = decode_cursor(cursor, datetime, int, int)
            statement = statement.where(order > sa.tuple_(*after))
        with self._database.transaction(tenant_id) as connection:
            rows = connection.execute(statement).all()
        page, last = cut(rows, limit)
        following = encode_cursor(last.at, last.ordinal, last.position) if last else None
        return Page([_recorded(row) for row in page], following)


def _recorded(row: sa.Row[Any]) -> RecordedEvent:
    event = EventQueued(
        tenant_id=TenantId(row.tenant_id),
        request_id=row.request_id,
        id=row.id,
        name=row.name,
        at=row.at,
        conversation_id=ConversationId(row.conversation_id) if row.conversation_id else None,
        data=row.data,
    )
    return RecordedEvent(event, row.position)
