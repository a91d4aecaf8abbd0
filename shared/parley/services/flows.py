"""Flows: saved as drafts, checked, published, and found again.

Whoever only reads or lists flows loads nothing of the engine.
"""

# ruff: noqa: PLC0415 -- cold start: a function loads what it uses
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from parley.domain.access import Caller
from parley.domain.conversations import FlowVersion
from parley.domain.cursors import checked_limit
from parley.domain.errors import NotFound
from parley.domain.flow_records import (
    FIRST_VERSION,
    ChangeType,
    ExportedPart,
    Flow,
    FlowQuery,
    FlowStatus,
    FlowVersionRecord,
    SourceFormat,
    VersionStatus,
    version_after,
)
from parley.domain.ids import FlowId
from parley.domain.json import JsonObject
from parley.domain.pages import DEFAULT_PAGE_SIZE, Page
from parley.services.flow_publishing import FlowPublishing

if TYPE_CHECKING:
    from parley.domain.flows import Diagnostic


@dataclass(frozen=True, slots=True)
class Saved:
    """A version, and whether it is another one: what has not changed since the latest is that."""

    version: FlowVersionRecord
    is_new: bool


class FlowService(FlowPublishing):
    """What people do with flows.

    A `source` is a document, or its text in YAML or JSON; a text is kept as it is, comments and
    all. So are `tests`, a file of flow tests.
    """

    def create(
        self,
        caller: Caller,
        source: str | JsonObject,
        *,
        name: str | None = None,
        tests: str | JsonObject | None = None,
    ) -> Flow:
        """Save a new draft, whatever its check would say.

        `name`, if given, must be the document's own. Raises Invalid, and Conflict when the tenant
        has a flow of that name.
        """
        from parley.services.flow_sources import headline, loaded, require_same_name, require_tests

        document, text = loaded(source)
        head = headline(document)
        require_tests(tests)
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
            tests=tests,
        )
        new = {"name": flow.name, "version": FIRST_VERSION}
        entry = self._entry(caller, flow, "flow.created", new=new)
        self._flows.add(caller.tenant_id, flow, version, entry)
        return flow

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

    def check(
        self,
        caller: Caller,
        source: str | JsonObject,
        version: FlowVersionRecord | None = None,
    ) -> "Sequence[Diagnostic]":
        """Everything the check finds, without saving; never raises on bad input.

        `version` is what the source is kept as, if it is: one that has been published goes on
        calling what it called then.
        """
        from parley.engine.check import check_flow
        from parley.engine.checks.surroundings import Surroundings
        from parley.nlu.matcher import IntentMatcher

        neighbours = self.neighbours(caller, version)

        def around(names: frozenset[str]) -> Surroundings:
            return replace(
                neighbours(names), train=lambda intents: IntentMatcher.train(intents).classify
            )

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
        tests: str | JsonObject | None = None,
        change_type: ChangeType = ChangeType.MINOR,
        change_description: str | None = None,
        if_match: int | None = None,
    ) -> Saved:
        """Save another draft version, named after the latest one, if it differs from that one.

        Raises Invalid, NotFound.
        """
        from parley.services.flow_sources import headline, loaded, require_same_name, require_tests

        document, text = loaded(source)
        head = headline(document)
        require_tests(tests)

        def add(flow: Flow) -> Saved:
            require_same_name(flow.name, head.name)
            latest = self._flows.get_version(caller.tenant_id, flow.id, flow.latest_version)
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
                tests=tests,
            )
            if record.has_content_of(latest):
                return Saved(latest, is_new=False)
            changed = replace(
                self._touched(caller, flow if flow.active_version else head.shown_on(flow)),
                latest_version=record.version,
                version_count=record.number,
            )
            new = {"version": record.version}
            entry = self._entry(caller, flow, "flow.version_created", new=new)
            self._flows.add_version(caller.tenant_id, changed, record, entry)
            return Saved(record, is_new=True)

        return self._with_flow(caller, flow_id, if_match, add)

    def export(
        self,
        caller: Caller,
        flow_id: FlowId,
        output: SourceFormat,
        *,
        version: FlowVersion | None = None,
        what: ExportedPart = ExportedPart.FLOW,
    ) -> str:
        """The text of a version or its tests, by default the active one's, else the latest's.

        YAML that was handed in comes out as it was. Raises NotFound, of tests too.
        """
        from parley.services.flow_sources import as_json, as_yaml

        flow = self._flows.get(caller.tenant_id, flow_id)
        chosen = version or flow.active_version or flow.latest_version
        record = self._flows.get_version(caller.tenant_id, flow_id, chosen)
        is_json = output is SourceFormat.JSON
        if what is ExportedPart.FLOW:
            return (
                as_json(record.document) if is_json else as_yaml(record.source or record.document)
            )
        if record.tests is None:
            raise NotFound("tests of version", chosen)
        return as_json(record.tests) if is_json else as_yaml(record.tests)
