"""PostgreSQL `core.organizations`: the tenants.

tenant_id -> slug name tier subscription_status trial_ends_at limits timezone
             default_language supported_languages settings is_active row_version
"""

from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from parley.domain.audit import AuditEntry
from parley.domain.errors import NotFound
from parley.domain.ids import TenantId
from parley.domain.organizations import Limits, Organization, SubscriptionStatus, Tier
from parley.domain.users import User
from parley.repositories.postgres.audit import append_entry
from parley.repositories.postgres.database import Database
from parley.repositories.postgres.tables import organizations
from parley.repositories.postgres.users import insert_user


class PostgresOrganizations:
    """The port `Organizations`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        tenant_id: TenantId,
        organization: Organization,
        admin: User,
        password_hash: str,
        entry: AuditEntry,
    ) -> None:
        with self._database.transaction(tenant_id) as connection:
            connection.execute(organizations.insert(), _row(organization))
            insert_user(connection, admin, password_hash)
            append_entry(connection, entry)

    def get(self, tenant_id: TenantId) -> Organization:
        with self._database.transaction(tenant_id) as connection:
            row = connection.execute(
                sa.select(organizations).where(organizations.c.tenant_id == tenant_id)
            ).one_or_none()
        if row is None:
            raise NotFound("organization", tenant_id)
        return _organization(row)

    def find_by_slug(self, slug: str) -> Organization | None:
        with self._database.transaction(None) as connection:
            found = connection.scalar(
                sa.select(sa.func.core.organization_of_slug(slug, type_=sa.Uuid(as_uuid=False)))
            )
        return self.get(TenantId(found)) if found else None


def _row(organization: Organization) -> dict[str, Any]:
    return {
        **{
            column.name: getattr(organization, column.name)
            for column in organizations.columns
            if column.name not in {"limits", "supported_languages"}
        },
        "tier": organization.tier.value,
        "subscription_status": organization.subscription_status.value,
        "limits": asdict(organization.limits),
        "supported_languages": list(organization.supported_languages),
    }


def _organization(row: sa.Row[Any]) -> Organization:
    return Organization(
        tenant_id=TenantId(row.tenant_id),
        slug=row.slug,
        name=row.name,
        created_at=row.created_at,
        updated_at=row.updated_at,
        tier=Tier(row.tier),
        subscription_status=SubscriptionStatus(row.subscription_status),
        trial_ends_at=row.trial_ends_at,
        limits=Limits(**row.limits),
        timezone=row.timezone,
        default_language=row.default_language,
        supported_languages=tuple(row.supported_languages),
        settings=row.settings,
        is_active=row.is_active,
        row_version=row.row_version,
    )
