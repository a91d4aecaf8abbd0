"""PostgreSQL `core.flows` and `core.flow_versions`.

    tenant_id, id               -> name description language tags category status is_default
                                   active_version previous_version latest_version version_count
                                   row_version
    tenant_id, flow_id, version -> number status document source content_hash change_type tests
                                   calls: {name: {id, version}}

A flow is an identity; the content of its versions never changes (a trigger sees to it), and at most
one flow of a tenant is its default (a partial unique index does).
"""

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from parley.domain.audit import AuditEntry
from parley.domain.conversations import FlowVersion
from parley.domain.cursors import decode_cursor, encode_cursor
from parley.domain.errors import Conflict, NotFound
from parley.domain.flow_records import (
    NO_CALLS,
    Calls,
    Flow,
    FlowQuery,
    FlowStatus,
    FlowVersionRecord,
    VersionStatus,
)
from parley.domain.ids import FlowId, TenantId
from parley.domain.pages import Page
from parley.repositories.postgres.audit import append_entry
from parley.repositories.postgres.database import Database
from parley.repositories.postgres.flow_rows import (
    changes_of_flow,
    flow_of,
    listed,
    place_in_list,
    row_of_flow,
    row_of_version,
    version_of,
    written_calls,
)
from parley.repositories.postgres.rows import cut, known_id
from parley.repositories.postgres.tables import flow_versions, flows


class PostgresFlows:
    """The port `Flows`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, tenant_id: TenantId, flow: Flow, version: FlowVersionRecord, entry: AuditEntry
    ) -> None:
        with self._database.transaction(tenant_id) as connection:
            connection.execute(flows.insert(), row_of_flow(flow))
            connection.execute(flow_versions.insert(), row_of_version(version))
            append_entry(connection, entry)

    def get(self, tenant_id: TenantId, flow_id: FlowId) -> Flow:
        flow = self._find(tenant_id, flows.c.id == known_id("flow", flow_id))
        if flow is None:
            raise NotFound("flow", flow_id)
        return flow

    def find_by_name(self, tenant_id: TenantId, name: str) -> Flow | None:
        return self._find(tenant_id, flows.c.name == name)

    def find_default(self, tenant_id: TenantId) -> Flow | None:
        return self._find(tenant_id, flows.c.is_default)

    def find_active(
        self, tenant_id: TenantId, names: Collection[str]
    ) -> Mapping[str, FlowVersionRecord]:
        is_active_version = sa.and_(
            flow_versions.c.tenant_id == flows.c.tenant_id,
            flow_versions.c.flow_id == flows.c.id,
            flow_versions.c.version == flows.c.active_version,
        )
        statement = (
            sa.select(flows.c.name, flow_versions)
            .join(flow_versions, is_active_version)
            .where(
                flows.c.tenant_id == tenant_id,
                flows.c.status == FlowStatus.ACTIVE.value,
                flows.c.name == sa.any_(sa.literal([*names], ARRAY(sa.Text))),
            )
        )
        with self._database.transaction(tenant_id) as connection:
            rows = connection.execute(statement).all()
        return {row.name: version_of(row) for row in rows}

    def list(
        self, tenant_id: TenantId, query: FlowQuery, *, cursor: str | None, limit: int
    ) -> Page[Flow]:
        statement = listed(tenant_id, query, cursor).limit(limit + 1)
        with self._database.transaction(tenant_id) as connection:
            rows = connection.execute(statement).all()
        page, last = cut(rows, limit)
        return Page([flow_of(row) for row in page], place_in_list(last, query) if last else None)

    def get_version(
        self, tenant_id: TenantId, flow_id: FlowId, version: FlowVersion
    ) -> FlowVersionRecord:
        statement = sa.select(flow_versions).where(_is_version(tenant_id, flow_id, version))
        with self._database.transaction(tenant_id) as connection:
            row = connection.execute(statement).one_or_none()
        if row is None:
            self.get(tenant_id, flow_id)
            raise NotFound("version", version)
        return version_of(row)

    def list_versions(
        self, tenant_id: TenantId, flow_id: FlowId, *, cursor: str | None, limit: int
    ) -> Page[FlowVersionRecord]:
        self.get(tenant_id, flow_id)
        statement = sa.select(flow_versions).where(
            flow_versions.c.tenant_id == tenant_id, flow_versions.c.flow_id == flow_id
        )
        if cursor:
            (before,) = decode_cursor(cursor, int)
            statement = statement.where(flow_versions.c.number < sa.literal(before, sa.BigInteger))
        statement = statement.order_by(flow_versions.c.number.desc()).limit(limit + 1)
        with self._database.transaction(tenant_id) as connection:
            rows = connection.execute(statement).all()
        page, last = cut(rows, limit)
        return Page([version_of(row) for row in page], encode_cursor(last.number) if last else None)

    def add_version(
        self, tenant_id: TenantId, flow: Flow, version: FlowVersionRecord, entry: AuditEntry
    ) -> Flow:
        with self._database.transaction(tenant_id) as connection:
            stored = _replace(connection, tenant_id, flow)
            connection.execute(flow_versions.insert(), row_of_version(version))
            append_entry(connection, entry)
        return stored

    def publish(
        self,
        tenant_id: TenantId,
        flow: Flow,
        version: FlowVersion,
        entry: AuditEntry,
        calls: Calls = NO_CALLS,
    ) -> Flow:
        is_draft = flow_versions.c.status == VersionStatus.DRAFT.value
        publish_draft = (
            flow_versions.update()
            .values(
                status=VersionStatus.PUBLISHED.value,
                published_at=flow.published_at,
                published_by=flow.published_by,
                calls=written_calls(calls),
            )
            .where(_is_version(tenant_id, flow.id, version), is_draft)
        )
        with self._database.transaction(tenant_id) as connection:
            connection.execute(publish_draft)
            has_default = sa.exists().where(flows.c.tenant_id == tenant_id, flows.c.is_default)
            is_default = flow.is_default or not connection.scalar(sa.select(has_default))
            stored = _replace(connection, tenant_id, flow, is_default=is_default)
            append_entry(connection, entry)
        return stored

    def change(self, tenant_id: TenantId, flow: Flow, entry: AuditEntry) -> Flow:
        with self._database.transaction(tenant_id) as connection:
            stored = _replace(connection, tenant_id, flow)
            append_entry(connection, entry)
        return stored

    def make_default(self, tenant_id: TenantId, flow: Flow, entry: AuditEntry) -> Flow:
        clear_default = (
            flows.update()
            .values(
                is_default=False,
                updated_at=flow.updated_at,
                updated_by=flow.updated_by,
                row_version=flows.c.row_version + 1,
            )
            .where(flows.c.tenant_id == tenant_id, flows.c.is_default, flows.c.id != flow.id)
        )
        with self._database.transaction(tenant_id) as connection:
            connection.execute(clear_default)
            stored = _replace(connection, tenant_id, flow, is_default=True)
            append_entry(connection, entry)
        return stored

    def _find(self, tenant_id: TenantId, is_it: sa.ColumnElement[bool]) -> Flow | None:
        statement = sa.select(flows).where(flows.c.tenant_id == tenant_id, is_it)
        with self._database.transaction(tenant_id) as connection:
            row = connection.execute(statement).one_or_none()
        return flow_of(row) if row else None


def _is_version(
    tenant_id: TenantId, flow_id: FlowId, version: FlowVersion
) -> sa.ColumnElement[bool]:
    return sa.and_(
        flow_versions.c.tenant_id == tenant_id,
        flow_versions.c.flow_id == known_id("flow", flow_id),
        flow_versions.c.version == version,
    )


def _replace(connection: sa.Connection, tenant_id: TenantId, flow: Flow, **changes: bool) -> Flow:
    """The flow as stored under its next row version. Raises Conflict if it is not the one read."""
    statement = (
        flows.update()
        .values({**changes_of_flow(flow), **changes, "row_version": flow.row_version + 1})
        .where(
            flows.c.tenant_id == tenant_id,
            flows.c.id == flow.id,
            flows.c.row_version == flow.row_version,
        )
        .returning(flows)
    )
    row: sa.Row[Any] | None = connection.execute(statement).one_or_none()
    if row is None:
        raise Conflict("the flow was changed since it was read")
    return flow_of(row)
