"""Flows and their versions."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypedDict

from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from pydantic import Field, StrictBool, StringConstraints, model_validator

from parley.api.bodies import Draft, Instant, View
from parley.domain.conversations import FlowVersion
from parley.domain.flow_records import (
    MAX_NAME_LENGTH,
    ChangeType,
    Flow,
    FlowQuery,
    FlowSort,
    FlowStatus,
    FlowVersionRecord,
    SourceFormat,
    VersionStatus,
)
from parley.domain.json import JsonObject
from parley.domain.pages import Page

if TYPE_CHECKING:
    from parley.domain.flows import Diagnostic

FlowName = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME_LENGTH)]
StateName = Annotated[str, StringConstraints(max_length=200, pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
VersionName = Annotated[str, StringConstraints(pattern=r"^\d{1,6}\.\d{1,6}(\.\d{1,6})?$")]


MEDIA_TYPES = {SourceFormat.YAML: "application/yaml", SourceFormat.JSON: "application/json"}
"""YAML's is RFC 9512."""

EXPORT: dict[int, OpenAPIResponse] = {
    200: {
        "description": "The document: YAML that was handed in comes out as it was.",
        "content": {
            media_type: {"schema": {"type": "string"}} for media_type in MEDIA_TYPES.values()
        },
    }
}


class FlowSource(Draft):
    """A flow document: as JSON in `document`, or as YAML or JSON text in `source`."""

    document: JsonObject | None = Field(default=None, description="The flow document.")
    source: Annotated[str, StringConstraints(min_length=1)] | None = Field(
        default=None, description="The flow document as text; findings name its lines."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.document is None) == (self.source is None):
            raise ValueError("give either `document` or `source`")
        return self

    @property
    def given(self) -> str | JsonObject:
        """Whichever of both was sent."""
        return self.source if self.document is None else self.document  # type: ignore[return-value]  # one of both is there


class FlowDraft(FlowSource):
    """A new flow, saved as a draft."""

    name: FlowName | None = Field(
        default=None, description="The document's own name, to be sure.", examples=["order-status"]
    )


class VersionDraft(FlowSource):
    """A new version of a flow."""

    change_type: ChangeType = ChangeType.MINOR
    change_description: Annotated[str, StringConstraints(max_length=2_000)] | None = None


class Move(TypedDict):
    """Which version conversations are to move to, and what its states were called before."""

    version: FlowVersion | None
    state_map: Mapping[str, str]


class PublishDraft(Draft):
    """Which version is to go live."""

    version: VersionName | None = Field(
        default=None, description="Absent, the latest.", examples=["1.0"]
    )
    migrate: StrictBool = Field(
        default=False,
        description="Move live conversations of other versions to it, those that can.",
    )
    state_map: dict[StateName, StateName] = Field(
        default_factory=dict,
        max_length=200,
        description=(
            "With `migrate` or `dry_run`: what states of older versions are called in this one. "
            "The others keep their names."
        ),
        examples=[{"ask_number": "ask_order"}],
    )

    @property
    def pinned(self) -> FlowVersion | None:
        return FlowVersion(self.version) if self.version else None

    @property
    def move(self) -> Move:
        return Move(version=self.pinned, state_map=self.state_map)


class FlowFilter(Draft):
    """Which flows to list."""

    q: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        default=None, description="Words to look for in name, description and tags."
    )
    status: FlowStatus | None = None
    category: Annotated[str, StringConstraints(max_length=100)] | None = None
    tag: Annotated[str, StringConstraints(max_length=50)] | None = None
    sort: FlowSort = Field(default=FlowSort.UPDATED_NEWEST, description="`-` is descending.")

    def query(self) -> FlowQuery:
        """The domain's own word for it."""
        return FlowQuery(**dict(self))


class FlowView(View):
    """A flow."""

    id: str
    name: str
    description: str | None
    language: str
    status: FlowStatus
    is_default: bool
    active_version: str | None = Field(description="The version new conversations begin with.")
    latest_version: str
    category: str | None
    tags: list[str]
    created_at: Instant
    updated_at: Instant
    published_at: Instant | None
    row_version: int = Field(description="Grows with each change; in quotes, the ETag.")

    @classmethod
    def of(cls, flow: Flow) -> Self:
        return cls(
            id=flow.id,
            name=flow.name,
            description=flow.description,
            language=flow.language,
            status=flow.status,
            is_default=flow.is_default,
            active_version=flow.active_version,
            latest_version=flow.latest_version,
            category=flow.category,
            tags=list(flow.tags),
            created_at=flow.created_at,
            updated_at=flow.updated_at,
            published_at=flow.published_at,
            row_version=flow.row_version,
        )


class FlowPage(View):
    """A page of flows."""

    items: list[FlowView]
    next_cursor: str | None

    @classmethod
    def of(cls, page: Page[Flow]) -> Self:
        return cls(items=[FlowView.of(flow) for flow in page.items], next_cursor=page.next_cursor)


class VersionSummary(View):
    """A version without its document."""

    flow_id: str
    version: str
    number: int = Field(description="From 1, within the flow.")
    status: VersionStatus
    change_type: ChangeType
    change_description: str | None
    content_hash: str = Field(description="SHA-256, in hex, of the document's canonical JSON.")
    created_at: Instant
    created_by: str
    published_at: Instant | None

    @classmethod
    def of(cls, record: FlowVersionRecord) -> Self:
        return cls(**_summary(record))


class VersionView(VersionSummary):
    """A version with its document."""

    document: JsonObject
    source: str | None = Field(description="The text that was handed in, if it was text.")

    @classmethod
    def of(cls, record: FlowVersionRecord) -> Self:
        return cls(**_summary(record), document=record.document, source=record.source)


class VersionPage(View):
    """A page of versions, the newest first."""

    items: list[VersionSummary]
    next_cursor: str | None

    @classmethod
    def of(cls, page: Page[FlowVersionRecord]) -> Self:
        items = [VersionSummary.of(record) for record in page.items]
        return cls(items=items, next_cursor=page.next_cursor)


class DiagnosticView(View):
    """One finding of a check."""

    code: str
    severity: Literal["error", "warning"]
    pointer: str = Field(description="JSON Pointer (RFC 6901) into the document.")
    message: str
    line: int | None = Field(description="From 1, where `source` was text.")
    column: int | None
    counter_example: JsonObject | None = Field(
        None, description="A file of flow tests that shows the finding, where one was found."
    )

    @classmethod
    def of(cls, found: "Diagnostic") -> Self:
        return cls(
            code=found.code,
            severity=found.severity,
            pointer=found.pointer,
            message=found.message,
            line=found.line,
            column=found.column,
            counter_example=found.counter_example,
        )


class CheckView(View):
    """What checking a document found; without errors it can be published."""

    is_publishable: bool
    diagnostics: list[DiagnosticView]

    @classmethod
    def of(cls, found: "Sequence[Diagnostic]") -> Self:
        return cls(
            is_publishable=all(finding.severity != "error" for finding in found),
            diagnostics=[DiagnosticView.of(finding) for finding in found],
        )


def _summary(record: FlowVersionRecord) -> JsonObject:
    return {
        "flow_id": record.flow_id,
        "version": record.version,
        "number": record.number,
        "status": record.status,
        "change_type": record.change_type,
        "change_description": record.change_description,
        "content_hash": record.content_hash,
        "created_at": record.created_at,
        "created_by": record.created_by,
        "published_at": record.published_at,
    }
