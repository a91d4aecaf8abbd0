"""A flow as the platform keeps it: one identity, many versions whose content never changes (X-20).

What a flow *means* is `domain/flows.py`; here is who it belongs to, how it stands, and which of its
versions customers meet.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from parley.domain.conversations import FlowPin, FlowVersion
from parley.domain.errors import Conflict
from parley.domain.ids import FlowId, TenantId, UserId
from parley.domain.json import JsonObject

FIRST_VERSION = FlowVersion("1.0")
MAX_NAME_LENGTH = 255
"""Characters of a flow's name (S0-41)."""

type Calls = Mapping[str, FlowPin]
"""The other flows that a version calls or falls back on, by name: each as it was published."""

NO_CALLS: Calls = MappingProxyType({})


class FlowStatus(StrEnum):
    """How a flow stands (S0-4); only an active one takes new conversations."""

    DRAFT = "draft"
    TESTING = "testing"
    ACTIVE = "active"
    INACTIVE = "inactive"
    ARCHIVED = "archived"


STATUS_CHANGES: dict[FlowStatus, frozenset[FlowStatus]] = {
    FlowStatus.DRAFT: frozenset({FlowStatus.TESTING, FlowStatus.ACTIVE, FlowStatus.ARCHIVED}),
    FlowStatus.TESTING: frozenset({FlowStatus.DRAFT, FlowStatus.ACTIVE, FlowStatus.ARCHIVED}),
    FlowStatus.ACTIVE: frozenset({FlowStatus.ACTIVE, FlowStatus.INACTIVE, FlowStatus.ARCHIVED}),
    FlowStatus.INACTIVE: frozenset({FlowStatus.ACTIVE, FlowStatus.ARCHIVED}),
    FlowStatus.ARCHIVED: frozenset({FlowStatus.INACTIVE}),
}
"""Every change of status there is (X-21). Active to active is another version published; an
archived flow is first taken back, then published."""


class VersionStatus(StrEnum):
    """A draft version may still be wrong; a published one passed the check and stays for ever."""

    DRAFT = "draft"
    PUBLISHED = "published"


class ChangeType(StrEnum):
    """How much a version changes (S0-52)."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"
    HOTFIX = "hotfix"


class SourceFormat(StrEnum):
    """How a document was handed in, and how it may be exported."""

    YAML = "yaml"
    JSON = "json"


class ExportedPart(StrEnum):
    """What of a version is exported."""

    FLOW = "flow"
    TESTS = "tests"


class FlowSort(StrEnum):
    """The orders a list of flows comes in; `-` is descending."""

    UPDATED_NEWEST = "-updated_at"
    UPDATED_OLDEST = "updated_at"
    CREATED_NEWEST = "-created_at"
    CREATED_OLDEST = "created_at"
    NAME = "name"
    NAME_BACKWARDS = "-name"


@dataclass(frozen=True, slots=True)
class Flow:
    """The identity: `name` is the tenant's own and unique; `row_version` is the ETag.

    `description`, `language`, `tags` and `category` are those of the version last published, or,
    before that, last saved. `active_version` is the one new conversations begin with;
    `previous_version` was before it, and is what a rollback goes back to: None after one.
    """

    tenant_id: TenantId
    id: FlowId
    name: str
    description: str | None
    language: str
    tags: tuple[str, ...]
    category: str | None
    status: FlowStatus
    is_default: bool
    active_version: FlowVersion | None
    latest_version: FlowVersion
    version_count: int
    row_version: int
    created_at: datetime
    created_by: UserId
    updated_at: datetime
    updated_by: UserId
    published_at: datetime | None = None
    published_by: UserId | None = None
    previous_version: FlowVersion | None = None

    @property
    def pin(self) -> FlowPin | None:
        """What a new conversation is pinned to; None unless the flow takes conversations."""
        if self.status is not FlowStatus.ACTIVE or self.active_version is None:
            return None
        return FlowPin(self.id, self.active_version)


@dataclass(frozen=True, slots=True)
class FlowVersionRecord:
    """One version: `number` counts from 1 within the flow.

    `source` is the text as it was handed in, comments and all; None if a document was.
    `content_hash` is the SHA-256, in hex, of the document's JSON. `tests` are a file of flow
    tests, a document or its text, as handed in. `calls` are taken when the version is published.
    """

    tenant_id: TenantId
    flow_id: FlowId
    version: FlowVersion
    number: int
    status: VersionStatus
    document: JsonObject
    source: str | None
    content_hash: str
    change_type: ChangeType
    change_description: str | None
    created_at: datetime
    created_by: UserId
    published_at: datetime | None = None
    published_by: UserId | None = None
    tests: str | JsonObject | None = None
    calls: Calls = NO_CALLS

    @property
    def pin(self) -> FlowPin:
        return FlowPin(self.flow_id, self.version)

    def has_content_of(self, other: "FlowVersionRecord") -> bool:
        """Whether document, text and tests are the other's, to the letter."""
        mine, theirs = (
            (one.content_hash, one.source, json.dumps(one.tests)) for one in (self, other)
        )
        return mine == theirs


@dataclass(frozen=True, slots=True)
class FlowQuery:
    """What a list of flows is narrowed to; `q` is looked for in name, description and tags."""

    q: str | None = None
    status: FlowStatus | None = None
    category: str | None = None
    tag: str | None = None
    sort: FlowSort = FlowSort.UPDATED_NEWEST


def changed_status(flow: Flow, to: FlowStatus) -> FlowStatus:
    """`to`. Raises Conflict when a flow may not go there from where it stands."""
    if to not in STATUS_CHANGES[flow.status]:
        allowed = ", ".join(sorted(STATUS_CHANGES[flow.status]))
        raise Conflict(f"a flow that is {flow.status} cannot become {to}; it can become {allowed}")
    return to


def version_after(version: FlowVersion, change: ChangeType) -> FlowVersion:
    """The next version's name: `1.2` is followed by `2.0`, `1.3` or `1.2.1`."""
    major, minor, *rest = (int(part) for part in version.split("."))
    if change is ChangeType.MAJOR:
        return FlowVersion(f"{major + 1}.0")
    if change is ChangeType.MINOR:
        return FlowVersion(f"{major}.{minor + 1}")
    return FlowVersion(f"{major}.{minor}.{(rest[0] if rest else 0) + 1}")
