"""Builders of organisations, people, flows and what goes with them: say only what matters."""

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import uuid_utils

from parley.domain.access import Caller, Role
from parley.domain.audit import AuditAction, AuditEntry, entry_by
from parley.domain.conversations import FlowVersion
from parley.domain.flow_records import (
    FIRST_VERSION,
    ChangeType,
    Flow,
    FlowStatus,
    FlowVersionRecord,
    VersionStatus,
)
from parley.domain.ids import ApiKeyId, FlowId, TenantId, UserId
from parley.domain.organizations import Organization
from parley.domain.tokens import REFRESH_LIFETIME, ApiKey, Session, new_api_key
from parley.domain.users import User

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


class SteppingClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


def new_id() -> str:
    return str(uuid_utils.uuid7())


def a_tenant_id() -> TenantId:
    return TenantId(new_id())


def an_organization(tenant_id: TenantId, **changes: Any) -> Organization:
    slug = f"shop-{tenant_id[-12:]}"
    organization = Organization(tenant_id, slug, "A Shop", created_at=NOW, updated_at=NOW)
    return replace(organization, **changes)


def a_user(tenant_id: TenantId, **changes: Any) -> User:
    user_id = UserId(new_id())
    user = User(
        tenant_id=tenant_id,
        id=user_id,
        email=f"{user_id[-12:]}@example.com",
        role=Role.ADMIN,
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(user, **changes)


def a_caller(tenant_id: TenantId, role: Role = Role.ADMIN) -> Caller:
    return Caller(tenant_id, UserId(new_id()), role)


def an_entry(tenant_id: TenantId, name: str = "thing.done") -> AuditEntry:
    return entry_by(
        a_caller(tenant_id),
        name,
        AuditAction.CREATE,
        ("thing", str(uuid.uuid4())),
        entry_id=new_id(),
        at=NOW,
    )


def a_session(tenant_id: TenantId, user_id: UserId, **changes: Any) -> Session:
    session = Session(tenant_id, new_id(), user_id, NOW, NOW + REFRESH_LIFETIME)
    return replace(session, **changes)


def an_api_key(tenant_id: TenantId, user_id: UserId, **changes: Any) -> ApiKey:
    _, prefix, secret_hash = new_api_key(uuid.uuid4().bytes, uuid.uuid4().bytes * 2)
    key = ApiKey(
        tenant_id=tenant_id,
        id=ApiKeyId(new_id()),
        name="deploy",
        prefix=prefix,
        secret_hash=secret_hash,
        role=Role.ADMIN,
        created_at=NOW,
        created_by=user_id,
    )
    return replace(key, **changes)


def a_document(name: str = "order-status", **changes: Any) -> dict[str, Any]:
    """A flow that says hello and ends."""
    return {
        "schema": "parley/1",
        "name": name,
        "language": "en",
        "initial_state": "hello",
        "states": [
            {
                "name": "hello",
                "type": "end",
                "config": {"status": "completed", "response_templates": {"en": "Hello"}},
                "is_final": True,
            }
        ],
        **changes,
    }


def a_flow(tenant_id: TenantId, **changes: Any) -> Flow:
    user_id = UserId(new_id())
    flow_id = FlowId(new_id())
    flow = Flow(
        tenant_id=tenant_id,
        id=flow_id,
        name=f"flow-{flow_id[-12:]}",
        description=None,
        language="en",
        tags=(),
        category=None,
        status=FlowStatus.DRAFT,
        is_default=False,
        active_version=None,
        latest_version=FIRST_VERSION,
        version_count=1,
        row_version=1,
        created_at=NOW,
        created_by=user_id,
        updated_at=NOW,
        updated_by=user_id,
    )
    return replace(flow, **changes)


def a_version(flow: Flow, **changes: Any) -> FlowVersionRecord:
    document = a_document(flow.name)
    record = FlowVersionRecord(
        tenant_id=flow.tenant_id,
        flow_id=flow.id,
        version=flow.latest_version,
        number=1,
        status=VersionStatus.DRAFT,
        document=document,
        source=json.dumps(document),
        content_hash="0" * 64,
        change_type=ChangeType.MINOR,
        change_description=None,
        created_at=NOW,
        created_by=flow.created_by,
    )
    return replace(record, **changes)


def published(flow: Flow, version: FlowVersion = FIRST_VERSION) -> Flow:
    """The flow as it is to be stored once that version is active."""
    return replace(
        flow,
        status=FlowStatus.ACTIVE,
        active_version=version,
        published_at=NOW,
        published_by=flow.created_by,
    )
