"""Where flows and their versions are kept, and the copy that saves asking."""

from collections.abc import Collection, Mapping
from typing import Protocol

from parley.domain.audit import AuditEntry
from parley.domain.conversations import FlowPin, FlowVersion
from parley.domain.flow_records import NO_CALLS, Calls, Flow, FlowQuery, FlowVersionRecord
from parley.domain.ids import FlowId, TenantId
from parley.domain.pages import Page


class Flows(Protocol):
    """Flows of a tenant. Every write is one transaction, its audit entry included.

    Writes that change a flow take it as it shall be, with the `row_version` it had when it was
    read; they raise Conflict if it has another one now, and store it with the next.
    """

    def add(
        self, tenant_id: TenantId, flow: Flow, version: FlowVersionRecord, entry: AuditEntry
    ) -> None:
        """Store a new flow and its first version. Raises Conflict when its name is taken."""

    def get(self, tenant_id: TenantId, flow_id: FlowId) -> Flow:
        """Raises NotFound when the tenant has no such flow."""

    def find_by_name(self, tenant_id: TenantId, name: str) -> Flow | None: ...

    def find_default(self, tenant_id: TenantId) -> Flow | None: ...

    def find_active(
        self, tenant_id: TenantId, names: Collection[str]
    ) -> Mapping[str, FlowVersionRecord]:
        """The active version of each flow of these names that takes conversations, by name."""

    def list(
        self, tenant_id: TenantId, query: FlowQuery, *, cursor: str | None, limit: int
    ) -> Page[Flow]: ...

    def get_version(
        self, tenant_id: TenantId, flow_id: FlowId, version: FlowVersion
    ) -> FlowVersionRecord:
        """Raises NotFound, of the flow or of the version."""

    def list_versions(
        self, tenant_id: TenantId, flow_id: FlowId, *, cursor: str | None, limit: int
    ) -> Page[FlowVersionRecord]:
        """Newest first. Raises NotFound when the tenant has no such flow."""

    def add_version(
        self, tenant_id: TenantId, flow: Flow, version: FlowVersionRecord, entry: AuditEntry
    ) -> Flow:
        """The flow, once it has the new version. Raises Conflict."""

    def publish(
        self,
        tenant_id: TenantId,
        flow: Flow,
        version: FlowVersion,
        entry: AuditEntry,
        calls: Calls = NO_CALLS,
    ) -> Flow:
        """The flow, once `version` is published and active; a draft one becomes immutable.

        It becomes the default if the tenant has none. Publishing a published one again makes it
        the active one, and leaves its `calls` as they were. Raises Conflict.
        """

    def change(self, tenant_id: TenantId, flow: Flow, entry: AuditEntry) -> Flow:
        """The flow, once it is stored as it shall be; its versions stay. Raises Conflict."""

    def make_default(self, tenant_id: TenantId, flow: Flow, entry: AuditEntry) -> Flow:
        """The flow, once it is the tenant's default, and the one that was is no more.

        The other changes with it: `updated_at` and `updated_by` are this one's. Raises Conflict.
        """


class FlowCache(Protocol):
    """Published versions, as JSON text; they never change, so none is ever stale.

    It may forget anything at any moment, and may raise Unavailable: that counts as forgotten.
    """

    def find(self, tenant_id: TenantId, pin: FlowPin) -> str | None: ...

    def put(self, tenant_id: TenantId, pin: FlowPin, text: str) -> None: ...
