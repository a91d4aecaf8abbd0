"""Versions of flows: saved, shown, exported."""

from http import HTTPStatus
from typing import Annotated, Self

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from pydantic import Field, StringConstraints

from parley.api.bodies import Instant, View
from parley.api.flows import TestedFlow
from parley.domain.conversations import FlowPin
from parley.domain.flow_records import (
    ChangeType,
    FlowVersionRecord,
    SourceFormat,
    VersionStatus,
)
from parley.domain.json import JsonObject
from parley.domain.pages import Page
from parley.services.flows import Saved

MEDIA_TYPES = {SourceFormat.YAML: "application/yaml", SourceFormat.JSON: "application/json"}
"""YAML's is RFC 9512."""

EXPORT: dict[int, OpenAPIResponse] = {
    200: {
        "description": "The text: YAML that was handed in comes out as it was.",
        "content": {
            media_type: {"schema": {"type": "string"}} for media_type in MEDIA_TYPES.values()
        },
    }
}


class VersionDraft(TestedFlow):
    """A new version of a flow."""

    change_type: ChangeType = ChangeType.MINOR
    change_description: Annotated[str, StringConstraints(max_length=2_000)] | None = None


class PinnedFlowView(View):
    """A flow in one of its versions."""

    id: str
    version: str

    @classmethod
    def of(cls, pin: FlowPin) -> Self:
        return cls(id=pin.id, version=pin.version)


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
    tests: JsonObject | str | None = Field(description="Its tests, as they were handed in.")
    calls: dict[str, PinnedFlowView] = Field(
        description="By name, the flows it calls, as they were when it was published."
    )

    @classmethod
    def of(cls, record: FlowVersionRecord) -> Self:
        return cls(
            **_summary(record),
            document=record.document,
            source=record.source,
            tests=record.tests,
            calls={name: PinnedFlowView.of(pin) for name, pin in record.calls.items()},
        )


class VersionPage(View):
    """A page of versions, the newest first."""

    items: list[VersionSummary]
    next_cursor: str | None

    @classmethod
    def of(cls, page: Page[FlowVersionRecord]) -> Self:
        items = [VersionSummary.of(record) for record in page.items]
        return cls(items=items, next_cursor=page.next_cursor)


SAVED: dict[int, OpenAPIResponse] = {
    200: {
        "description": "The latest version has this very content: it is answered, none is added.",
        "content": {"application/json": {"model": VersionView}},
    },
    201: {
        "description": "Another version.",
        "content": {"application/json": {"model": VersionView}},
    },
}


def saved(outcome: Saved) -> Response[VersionView]:
    """201 with the new version, or 200 with the latest one if it has the same content."""
    status = HTTPStatus.CREATED if outcome.is_new else HTTPStatus.OK
    view = VersionView.of(outcome.version)
    return Response(status, content_type="application/json", body=view)


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
