"""Where organisations are kept."""

from typing import Protocol

from parley.domain.audit import AuditEntry
from parley.domain.ids import TenantId
from parley.domain.organizations import Organization
from parley.domain.users import User


class Organizations(Protocol):
    """The tenants themselves."""

    def add(
        self,
        tenant_id: TenantId,
        organization: Organization,
        admin: User,
        password_hash: str,
        entry: AuditEntry,
    ) -> None:
        """Store an organisation and its first user. Raises Conflict when the slug is taken."""

    def get(self, tenant_id: TenantId) -> Organization:
        """Raises NotFound."""

    def find_by_slug(self, slug: str) -> Organization | None:
        """Precedes knowing the tenant; None as well when the organisation is not active."""
