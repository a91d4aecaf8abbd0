"""Flows and versions as rows, and the order in which lists give them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.domain.conversations import FlowPin, FlowVersion
from parley.domain.cursors import decode_cursor, encode_cursor, unknown_cursor
from parley.domain.flow_records import (
    Calls,
    ChangeType,
    Flow,
    FlowQuery,
    FlowSort,
    FlowStatus,
    FlowVersionRecord,
    VersionStatus,
)
from parley.domain.ids import FlowId, TenantId, UserId
from parley.repositories.postgres.rows import contains, id_in_cursor
from parley.repositories.postgres.tables import flows

_IDENTITY = frozenset({"tenant_id", "id", "name", "created_at", "created_by", "row_version"})
"""What no change of a flow touches; `row_version` follows a rule of its own."""

# A name is compared by its code points, so that pages are the same in every database.
_SORT_COLUMNS: dict[FlowSort, tuple[sa.ColumnElement[Any], type[str | datetime]]] = {
    FlowSort.UPDATED_NEWEST: (flows.c.updated_at, datetime),
    FlowSort.UPDATED_OLDEST: (flows.c.updated_at, datetime),
    FlowSort.CREATED_NEWEST: (flows.c.created_at, datetime),
    FlowSort.CREATED_OLDEST: (flows.c.created_at, datetime),
    FlowSort.NAME: (sa.collate(flows.c.name, "C"), str),
    FlowSort.NAME_BACKWARDS: (sa.collate(flows.c.name, "C"), str),
}


def listed(tenant_id: TenantId, query: FlowQuery, cursor: str | None) -> sa.Select[Any]:
    """A list of flows after a cursor; flows of equal rank are in the order of their ids."""
    column, kind = _SORT_COLUMNS[query.sort]
    is_backwards = query.sort.value.startswith("-")
    statement = sa.select(flows).where(flows.c.tenant_id == tenant_id, *_filters(query))
    if cursor:
        sort, value, flow_id = decode_cursor(cursor, str, kind, str)
        if sort != query.sort.value:
            raise unknown_cursor()
        place = sa.tuple_(column, flows.c.id)
        after = sa.tuple_(sa.literal(value), sa.literal(id_in_cursor(flow_id), flows.c.id.type))
        statement = statement.where(place < after if is_backwards else place > after)
    if is_backwards:
        return statement.order_by(column.desc(), flows.c.id.desc())
    return statement.order_by(column, flows.c.id)


def place_in_list(row: sa.Row[Any], query: FlowQuery) -> str:
    """The cursor of the page that begins after a row."""
    value = getattr(row, query.sort.value.removeprefix("-"))
    return encode_cursor(query.sort.value, value, row.id)


def _filters(query: FlowQuery) -> list[sa.ColumnElement[bool]]:
    filters: list[sa.ColumnElement[bool]] = []
    if query.status is not None:
        filters.append(flows.c.status == query.status.value)
    if query.category is not None:
        filters.append(flows.c.category == query.category)
    if query.tag is not None:
        filters.append(flows.c.tags.any_() == query.tag)
    if query.q is not None:
        searched = (
            flows.c.name,
            sa.func.coalesce(flows.c.description, ""),
            sa.func.array_to_string(flows.c.tags, "\n"),
        )
        filters.append(sa.or_(*(contains(column, query.q) for column in searched)))
    return filters


def row_of_flow(flow: Flow) -> dict[str, Any]:
    """A new flow's row."""
    return {
        **changes_of_flow(flow),
        **{name: getattr(flow, name) for name in _IDENTITY},
    }


def changes_of_flow(flow: Flow) -> dict[str, Any]:
    """Everything about a flow that may change."""
    names = {column.name for column in flows.columns} - _IDENTITY
    return {
        **{name: getattr(flow, name) for name in names},
        "status": flow.status.value,
        "tags": list(flow.tags),
    }


def flow_of(row: sa.Row[Any]) -> Flow:
    """The flow that a row is."""
    return Flow(
        tenant_id=TenantId(row.tenant_id),
        id=FlowId(row.id),
        name=row.name,
        description=row.description,
        language=row.language,
        tags=tuple(row.tags),
        category=row.category,
        status=FlowStatus(row.status),
        is_default=row.is_default,
        active_version=FlowVersion(row.active_version) if row.active_version else None,
        latest_version=FlowVersion(row.latest_version),
        version_count=row.version_count,
        row_version=row.row_version,
        created_at=row.created_at,
        created_by=UserId(row.created_by),
        updated_at=row.updated_at,
        updated_by=UserId(row.updated_by),
        published_at=row.published_at,
        published_by=UserId(row.published_by) if row.published_by else None,
        previous_version=FlowVersion(row.previous_version) if row.previous_version else None,
    )


def row_of_version(version: FlowVersionRecord) -> dict[str, Any]:
    """A new version's row."""
    return {
        "tenant_id": version.tenant_id,
        "flow_id": version.flow_id,
        "version": version.version,
        "number": version.number,
        "status": version.status.value,
        "document": version.document,
        "source": version.source,
        "content_hash": version.content_hash,
        "change_type": version.change_type.value,
        "change_description": version.change_description,
        "created_at": version.created_at,
        "created_by": version.created_by,
        "published_at": version.published_at,
        "published_by": version.published_by,
        "tests": version.tests,
        "calls": written_calls(version.calls),
    }


def written_calls(calls: Calls) -> dict[str, Any]:
    """Calls as their column has them."""
    return {name: {"id": pin.id, "version": pin.version} for name, pin in calls.items()}


def version_of(row: sa.Row[Any]) -> FlowVersionRecord:
    """The version that a row is."""
    return FlowVersionRecord(
        tenant_id=TenantId(row.tenant_id),
        flow_id=FlowId(row.flow_id),
        version=FlowVersion(row.version),
        number=row.number,
        status=VersionStatus(row.status),
        document=row.document,
        source=row.source,
        content_hash=row.content_hash,
        change_type=ChangeType(row.change_type),
        change_description=row.change_description,
        created_at=row.created_at,
        created_by=UserId(row.created_by),
        published_at=row.published_at,
        published_by=UserId(row.published_by) if row.published_by else None,
        tests=row.tests,
        calls={
            name: FlowPin(FlowId(pin["id"]), FlowVersion(pin["version"]))
            for name, pin in row.calls.items()
        },
    )
