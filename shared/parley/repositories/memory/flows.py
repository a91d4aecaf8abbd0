"""Flows in this process's memory, for tests and for trying things out.

(tenant_id, flow_id)          -> Flow
(tenant_id, flow_id, version) -> FlowVersionRecord
"""

import threading
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from parley.domain.audit import AuditEntry
from parley.domain.conversations import FlowPin, FlowVersion
from parley.domain.cursors import decode_cursor, encode_cursor, unknown_cursor
from parley.domain.errors import Conflict, NotFound
from parley.domain.flow_records import (
    NO_CALLS,
    Calls,
    Flow,
    FlowQuery,
    FlowVersionRecord,
    VersionStatus,
)
from parley.domain.ids import FlowId, TenantId
from parley.domain.pages import Page
from parley.repositories.memory.events import MemoryAuditLog


class MemoryFlows:
    """The port `Flows`."""

    def __init__(self, audit_log: MemoryAuditLog | None = None) -> None:
        self._audit_log = audit_log or MemoryAuditLog()
        self._flows: dict[tuple[TenantId, FlowId], Flow] = {}
        self._versions: dict[tuple[TenantId, FlowId, FlowVersion], FlowVersionRecord] = {}
        self._lock = threading.RLock()

    def add(
        self, tenant_id: TenantId, flow: Flow, version: FlowVersionRecord, entry: AuditEntry
    ) -> None:
        with self._lock:
            if self.find_by_name(tenant_id, flow.name) or (tenant_id, flow.id) in self._flows:
                raise Conflict("it is there already, or was changed in between")
            self._flows[tenant_id, flow.id] = flow
            self._versions[tenant_id, flow.id, version.version] = version
            self._audit_log.append(entry)

    def get(self, tenant_id: TenantId, flow_id: FlowId) -> Flow:
        try:
            return self._flows[tenant_id, flow_id]
        except KeyError:
            raise NotFound("flow", flow_id) from None

    def find_by_name(self, tenant_id: TenantId, name: str) -> Flow | None:
        return next((flow for flow in self._of(tenant_id) if flow.name == name), None)

    def find_default(self, tenant_id: TenantId) -> Flow | None:
        return next((flow for flow in self._of(tenant_id) if flow.is_default), None)

    def find_active(
        self, tenant_id: TenantId, names: Collection[str]
    ) -> Mapping[str, FlowVersionRecord]:
        pins = {flow.name: flow.pin for flow in self._of(tenant_id) if flow.name in names}
        return {
            name: self.get_version(tenant_id, pin.id, pin.version)
            for name, pin in pins.items()
            if pin is not None
        }

    def list(
        self, tenant_id: TenantId, query: FlowQuery, *, cursor: str | None, limit: int
    ) -> Page[Flow]:
        is_backwards = query.sort.value.startswith("-")
        flows = sorted(
            (flow for flow in self._of(tenant_id) if _matches(flow, query)),
            key=lambda flow: _place(flow, query),
            reverse=is_backwards,
        )
        if cursor:
            after = _place_of_cursor(cursor, query)
            flows = [
                flow
                for flow in flows
                if (_place(flow, query) < after if is_backwards else _place(flow, query) > after)
            ]
        page = flows[:limit]
        following = None
        if len(flows) > limit:
            following = encode_cursor(query.sort.value, *_place(page[-1], query))
        return Page(page, following)

    def get_version(
        self, tenant_id: TenantId, flow_id: FlowId, version: FlowVersion
    ) -> FlowVersionRecord:
        self.get(tenant_id, flow_id)
        try:
            return self._versions[tenant_id, flow_id, version]
        except KeyError:
            raise NotFound("version", version) from None

    def list_versions(
        self, tenant_id: TenantId, flow_id: FlowId, *, cursor: str | None, limit: int
    ) -> Page[FlowVersionRecord]:
        flow = self.get(tenant_id, flow_id)
        before = decode_cursor(cursor, int)[0] if cursor else flow.version_count + 1
        versions = sorted(
            (
                record
                for (owner, owned_by, _), record in self._versions.items()
                if (owner, owned_by) == (tenant_id, flow_id) and record.number < before
            ),
            key=lambda record: -record.number,
        )
        page = versions[:limit]
        return Page(page, encode_cursor(page[-1].number) if len(versions) > limit else None)

    def add_version(
        self, tenant_id: TenantId, flow: Flow, version: FlowVersionRecord, entry: AuditEntry
    ) -> Flow:
        with self._lock:
            self._require_unchanged(tenant_id, flow)
            stored = self._store(tenant_id, flow)
            self._versions[tenant_id, flow.id, version.version] = version
            self._audit_log.append(entry)
            return stored

    def publish(
        self,
        tenant_id: TenantId,
        flow: Flow,
        version: FlowVersion,
        entry: AuditEntry,
        calls: Calls = NO_CALLS,
    ) -> Flow:
        with self._lock:
            self._require_unchanged(tenant_id, flow)
            record = self.get_version(tenant_id, flow.id, version)
            if record.status is VersionStatus.DRAFT:
                self._versions[tenant_id, flow.id, version] = replace(
                    record,
                    status=VersionStatus.PUBLISHED,
                    published_at=flow.published_at,
                    published_by=flow.published_by,
                    calls=calls,
                )
            is_default = flow.is_default or self.find_default(tenant_id) is None
            stored = self._store(tenant_id, replace(flow, is_default=is_default))
            self._audit_log.append(entry)
            return stored

    def change(self, tenant_id: TenantId, flow: Flow, entry: AuditEntry) -> Flow:
        with self._lock:
            self._require_unchanged(tenant_id, flow)
            stored = self._store(tenant_id, flow)
            self._audit_log.append(entry)
            return stored

    def make_default(self, tenant_id: TenantId, flow: Flow, entry: AuditEntry) -> Flow:
        with self._lock:
            self._require_unchanged(tenant_id, flow)
            before = self.find_default(tenant_id)
            if before is not None and before.id != flow.id:
                at, by = flow.updated_at, flow.updated_by
                self._store(
                    tenant_id, replace(before, is_default=False, updated_at=at, updated_by=by)
                )
            return self.change(tenant_id, replace(flow, is_default=True), entry)

    def _of(self, tenant_id: TenantId) -> tuple[Flow, ...]:
        with self._lock:
            return tuple(flow for (owner, _), flow in self._flows.items() if owner == tenant_id)

    def _require_unchanged(self, tenant_id: TenantId, flow: Flow) -> None:
        stored = self._flows.get((tenant_id, flow.id))
        if stored is None or stored.row_version != flow.row_version:
            raise Conflict("the flow was changed since it was read")

    def _store(self, tenant_id: TenantId, flow: Flow) -> Flow:
        stored = replace(flow, row_version=flow.row_version + 1)
        self._flows[tenant_id, flow.id] = stored
        return stored


class MemoryFlowCache:
    """The port `FlowCache`."""

    def __init__(self) -> None:
        self._texts: dict[tuple[TenantId, FlowPin], str] = {}

    def find(self, tenant_id: TenantId, pin: FlowPin) -> str | None:
        return self._texts.get((tenant_id, pin))

    def put(self, tenant_id: TenantId, pin: FlowPin, text: str) -> None:
        self._texts[tenant_id, pin] = text


def _matches(flow: Flow, query: FlowQuery) -> bool:
    wanted = (query.q or "").lower()
    return (
        query.status in {None, flow.status}
        and query.category in {None, flow.category}
        and (query.tag is None or query.tag in flow.tags)
        and any(
            wanted in text.lower()
            for text in (flow.name, flow.description or "", "\n".join(flow.tags))
        )
    )


def _place(flow: Flow, query: FlowQuery) -> tuple[str | datetime, str]:
    match query.sort.value.removeprefix("-"):
        case "name":
            return flow.name, flow.id
        case "created_at":
            return flow.created_at, flow.id
        case _:
            return flow.updated_at, flow.id


def _place_of_cursor(cursor: str, query: FlowQuery) -> tuple[str | datetime, str]:
    kind = str if query.sort.value.endswith("name") else datetime
    sort, value, flow_id = decode_cursor(cursor, str, kind, str)
    if sort != query.sort.value:
        raise unknown_cursor()
    return value, flow_id
