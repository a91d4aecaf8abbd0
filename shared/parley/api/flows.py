"""Flows and their versions."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypedDict

from pydantic import BeforeValidator, Field, StrictBool, StringConstraints, model_validator

from parley.api.bodies import Draft, Instant, View
from parley.domain.conversations import FlowVersion
from parley.domain.errors import Fault, Invalid
from parley.domain.flow_records import (
    MAX_NAME_LENGTH,
    Flow,
    FlowQuery,
    FlowSort,
    FlowStatus,
)
from parley.domain.json import Json, JsonObject
from parley.domain.pages import Page

if TYPE_CHECKING:
    from parley.domain.flows import Diagnostic

FlowName = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME_LENGTH)]
StateName = Annotated[str, StringConstraints(max_length=200, pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
VersionName = Annotated[str, StringConstraints(pattern=r"^\d{1,6}\.\d{1,6}(\.\d{1,6})?$")]
Reason = Annotated[
    Annotated[str, StringConstraints(min_length=1, max_length=500)] | None,
    Field(description="Kept in the audit log."),
]


class Source(Draft):
    """A document: as JSON in `document`, or as YAML or JSON text in `source`."""

    document: JsonObject | None = Field(default=None, description="The document.")
    source: Annotated[str, StringConstraints(min_length=1)] | None = Field(
        default=None, description="The document as text; findings name its lines."
    )

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if self.document is not None and self.source is not None:
            raise ValueError("give either `document` or `source`")
        return self

    @property
    def given_if_any(self) -> str | JsonObject | None:
        """Whichever of both was sent, if one was."""
        return self.source if self.document is None else self.document


class FlowSource(Source):
    """A flow document: as JSON in `document`, or as YAML or JSON text in `source`."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.given_if_any is None:
            raise ValueError("give either `document` or `source`")
        return self

    @property
    def given(self) -> str | JsonObject:
        """Whichever of both was sent."""
        return self.given_if_any  # type: ignore[return-value]  # one of both is there


def _document_or_text(value: Json) -> Json:
    """Told once, not once for each of the two."""
    if value == "" or not isinstance(value, dict | str | None):
        raise ValueError("must be a document, or the text of one")
    return value


class TestedFlow(FlowSource):
    """A flow document, and what it is tested by."""

    __test__ = False
    tests: Annotated[JsonObject | str | None, BeforeValidator(_document_or_text)] = Field(
        default=None,
        description="A file of flow tests, as JSON or as text: kept with the version.",
    )


class FlowDraft(TestedFlow):
    """A new flow, saved as a draft."""

    name: FlowName | None = Field(
        default=None, description="The document's own name, to be sure.", examples=["order-status"]
    )


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

    def require_no_move(self, cursor: str | None) -> None:
        """Raises Invalid if it says how conversations are to move, and not that they shall."""
        said = (("/state_map", self.state_map), ("/query/cursor", cursor))
        why = "means nothing without `migrate` or `dry_run`"
        faults = [Fault(pointer, why) for pointer, value in said if value]
        if faults:
            raise Invalid("say `migrate`, or leave out how to move conversations", faults)


class ChangeDraft(Draft):
    """Why a flow is changed."""

    reason: Reason = None


class RollbackDraft(ChangeDraft):
    """Which version is to be active again."""

    version: VersionName | None = Field(
        default=None,
        description="Absent, the one that was before the present one.",
        examples=["1.0"],
    )

    @property
    def pinned(self) -> FlowVersion | None:
        return FlowVersion(self.version) if self.version else None


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
    active_version: str | None = Field(
        description="The version new conversations begin with while the flow is active."
    )
    previous_version: str | None = Field(description="What a rollback goes back to.")
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
            previous_version=flow.previous_version,
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
