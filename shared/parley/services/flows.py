"""Flows: saved as drafts, checked, published, and found again.

Whoever only reads or lists flows loads nothing of the engine.
"""

# ruff: noqa: PLC0415 -- cold start: a function loads what it uses
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from parley.domain.access import Caller
from parley.domain.audit import AuditAction, AuditEntry, entry_by
from parley.domain.conversations import FlowVersion
from parley.domain.cursors import checked_limit
from parley.domain.errors import Conflict, PreconditionFailed
from parley.domain.flow_records import (
    FIRST_VERSION,
    ChangeType,
    Flow,
    FlowQuery,
    FlowStatus,
    FlowVersionRecord,
    SourceFormat,
    VersionStatus,
    changed_status,
    version_after,
)
from parley.domain.ids import FlowId
from parley.domain.json import JsonObject
from parley.domain.pages import DEFAULT_PAGE_SIZE, Page
from parley.services.ports.clock import Clock, NewId
from parley.services.ports.flows import Flows

if TYPE_CHECKING:
    from parley.domain.flows import Diagnostic
    from parley.services.flow_sources import Headline

_TRIES = 3
"""How often a write that did not name a version is tried again when another came between."""


class FlowService:
    """What people do with flows.

    A `source` is a document, or its text in YAML or JSON; a text is kept as it is, comments and
    all. `if_match` is the `row_version` that the caller has seen: PreconditionFailed if it is not
    the present one; without it, another writer in between is no error.
    """

    def __init__(self, flows: Flows, *, clock: Clock, new_id: NewId) -> None:
        self._flows = flows
        self._clock = clock
        self._new_id = new_id

    def create(self, caller: Caller, source: str | JsonObject, *, name: str | None = None) -> Flow:
        """Save a new draft, whatever its check would say.

        `name`, if given, must be the document's own. Raises Invalid, and Conflict when the tenant
        has a flow of that name.
        """
        from parley.services.flow_sources import headline, loaded, require_same_name

        document, text = loaded(source)
        head = headline(document)
        if name is not None:
            require_same_name(name, head.name)
        now = self._clock()
        flow = Flow(
            tenant_id=caller.tenant_id,
            id=FlowId(self._new_id()),
            name=head.name,
            description=head.description,
            language=head.language,
            tags=head.tags,
            category=head.category,
            status=FlowStatus.DRAFT,
            is_default=False,
            active_version=None,
            latest_version=FIRST_VERSION,
            version_count=1,
            row_version=1,
            created_at=now,
            created_by=caller.user_id,
            updated_at=now,
            updated_by=caller.user_id,
        )
        version = FlowVersionRecord(
            tenant_id=caller.tenant_id,
            flow_id=flow.id,
            version=FIRST_VERSION,
            number=1,
            status=VersionStatus.DRAFT,
            document=document,
            source=text,
            content_hash=head.content_hash,
            change_type=ChangeType.MINOR,
            change_description=None,
            created_at=now,
            created_by=caller.user_id,
        )
        entry = replace(
            self._entry(caller, flow, "flow.created", AuditAction.CREATE),
            new_values={"name": flow.name, "version": FIRST_VERSION},
        )
        self._flows.add(caller.tenant_id, flow, version, entry)
        return flow

    def get(self, caller: Caller, flow_id: FlowId) -> Flow:
        """Raises NotFound."""
        return self._flows.get(caller.tenant_id, flow_id)

    def list(
        self,
        caller: Caller,
        query: FlowQuery | None = None,
        *,
        cursor: str | None = None,
        limit: int = DEFAULT_PAGE_SIZE,
    ) -> Page[Flow]:
        """Raises Invalid for a cursor that this order of the list did not give."""
        return self._flows.list(
            caller.tenant_id, query or FlowQuery(), cursor=cursor, limit=checked_limit(limit)
        )

    def check(self, caller: Caller, source: str | JsonObject) -> "Sequence[Diagnostic]":  # noqa: ARG002 -- the tenant's integrations will count
        """Everything the check finds, without saving; never raises on bad input."""
        from parley.engine.check import check_flow
        from parley.engine.checks.surroundings import Surroundings
        from parley.nlu.matcher import IntentMatcher

        around = Surroundings(train=lambda intents: IntentMatcher.train(intents).classify)
        return check_flow(source, around)

    def versions(
        self,
        caller: Caller,
        flow_id: FlowId,
        *,
        cursor: str | None = None,
        limit: int = DEFAULT_PAGE_SIZE,
    ) -> Page[FlowVersionRecord]:
        """Newest first. Raises NotFound."""
        return self._flows.list_versions(
            caller.tenant_id, flow_id, cursor=cursor, limit=checked_limit(limit)
        )

    def version(self, caller: Caller, flow_id: FlowId, version: FlowVersion) -> FlowVersionRecord:
        """Raises NotFound, of the flow or of the version."""
        return self._flows.get_version(caller.tenant_id, flow_id, version)

    def create_version(
        self,
        caller: Caller,
        flow_id: FlowId,
        source: str | JsonObject,
        *,
        change_type: ChangeType = ChangeType.MINOR,
        change_description: str | None = None,
        if_match: int | None = None,
    ) -> FlowVersionRecord:
        """Save another draft version, named after the latest one. Raises Invalid, NotFound."""
        from parley.services.flow_sources import headline, loaded, require_same_name

        document, text = loaded(source)
        head = headline(document)

        def add(flow: Flow) -> FlowVersionRecord:
            require_same_name(flow.name, head.name)
            record = FlowVersionRecord(
                tenant_id=caller.tenant_id,
                flow_id=flow.id,
                version=version_after(flow.latest_version, change_type),
                number=flow.version_count + 1,
                status=VersionStatus.DRAFT,
                document=document,
                source=text,
                content_hash=head.content_hash,
                change_type=change_type,
                change_description=change_description,
                created_at=self._clock(),
                created_by=caller.user_id,
            )
            changed = replace(
                flow if flow.active_version else _with_headline(flow, head),
                latest_version=record.version,
                version_count=record.number,
                updated_at=record.created_at,
                updated_by=caller.user_id,
            )
            entry = replace(
                self._entry(caller, flow, "flow.version_created", AuditAction.UPDATE),
                new_values={"version": record.version},
            )
            self._flows.add_version(caller.tenant_id, changed, record, entry)
            return record

        return self._with_flow(caller, flow_id, if_match, add)

    def publish(
        self,
        caller: Caller,
        flow_id: FlowId,
        *,
        version: FlowVersion | None = None,
        if_match: int | None = None,
    ) -> Flow:
        """Make a version, by default the latest, the one that new conversations begin with.

        Conversations stay where they are: `services.migrations` moves them. Repeating it changes
        nothing. The tenant's first published flow becomes its default. Raises FlowInvalid with
        every error of the check, NotFound, and Conflict when the flow may not become active.
        """
        from parley.services.flow_sources import headline, require_publishable

        def publish(flow: Flow) -> Flow:
            chosen = version or flow.latest_version
            if flow.pin is not None and flow.active_version == chosen:
                return flow
            status = changed_status(flow, FlowStatus.ACTIVE)
            record = self._flows.get_version(caller.tenant_id, flow_id, chosen)
            require_publishable(record)
            now = self._clock()
            changed = replace(
                _with_headline(flow, headline(record.document)),
                status=status,
                active_version=chosen,
                updated_at=now,
                updated_by=caller.user_id,
                published_at=now,
                published_by=caller.user_id,
            )
            entry = replace(
                self._entry(caller, flow, "flow.published", AuditAction.UPDATE),
                old_values={"status": flow.status, "active_version": flow.active_version},
                new_values={"status": status, "active_version": chosen},
            )
            return self._flows.publish(caller.tenant_id, changed, chosen, entry)

        return self._with_flow(caller, flow_id, if_match, publish)

    def export(
        self,
        caller: Caller,
        flow_id: FlowId,
        output: SourceFormat,
        *,
        version: FlowVersion | None = None,
    ) -> str:
        """A version's text, by default the active one's, else the latest's.

        YAML that was handed in comes out as it was. Raises NotFound.
        """
        from parley.services.flow_sources import as_json, as_yaml

        flow = self._flows.get(caller.tenant_id, flow_id)
        chosen = version or flow.active_version or flow.latest_version
        record = self._flows.get_version(caller.tenant_id, flow_id, chosen)
        return as_json(record) if output is SourceFormat.JSON else as_yaml(record)

    def _with_flow[Result](
        self,
        caller: Caller,
        flow_id: FlowId,
        if_match: int | None,
        change: Callable[[Flow], Result],
    ) -> Result:
        """What `change` gives of the flow as it is; again if another writer was faster."""
        for attempt in range(1, _TRIES + 1):
            flow = self._flows.get(caller.tenant_id, flow_id)
            if if_match is not None and flow.row_version != if_match:
                raise PreconditionFailed(
                    f"the flow has row version {flow.row_version}, not {if_match}: read it again"
                )
            try:
                return change(flow)
            except Conflict:
                if attempt == _TRIES:
                    raise
        raise AssertionError  # pragma: no cover -- the loop returns or raises

    def _entry(self, caller: Caller, flow: Flow, name: str, action: AuditAction) -> AuditEntry:
        return entry_by(
            caller, name, action, ("flow", flow.id), entry_id=self._new_id(), at=self._clock()
        )


def _with_headline(flow: Flow, head: "Headline") -> Flow:
    return replace(
        flow,
        description=head.description,
        language=head.language,
        tags=head.tags,
        category=head.category,
    )
