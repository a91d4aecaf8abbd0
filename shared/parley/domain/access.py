"""Who calls, and what a role may do: the one table of permissions."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from parley.domain.ids import TenantId, UserId


class Role(StrEnum):
    """S4-23."""

    ADMIN = "admin"
    SUPERVISOR = "supervisor"
    AGENT = "agent"
    CUSTOMER = "customer"
    SYSTEM = "system"


class Permission(StrEnum):
    """What a route may require; every route names one, or None for open to all."""

    EDIT_FLOWS = "flows:edit"
    PUBLISH_FLOWS = "flows:publish"
    READ_FLOWS = "flows:read"
    CONVERSE = "conversations:converse"
    READ_CONVERSATIONS = "conversations:read"
    MANAGE_CONVERSATIONS = "conversations:manage"
    READ_TRACES = "conversations:trace"
    MANAGE_ORGANIZATION = "organization:manage"


_AGENT = frozenset(
    {
        Permission.CONVERSE,
        Permission.READ_CONVERSATIONS,
        Permission.MANAGE_CONVERSATIONS,
        Permission.READ_FLOWS,
    }
)

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.SUPERVISOR: _AGENT
    | {Permission.EDIT_FLOWS, Permission.PUBLISH_FLOWS, Permission.READ_TRACES},
    Role.AGENT: _AGENT,
    Role.CUSTOMER: frozenset({Permission.CONVERSE}),
    Role.SYSTEM: frozenset(Permission),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request comes from, as the authorizer vouches for it.

    `key_id` is set when an API key spoke. A `customer` sees only conversations that have their
    `user_id`. `request_id` is for the audit log and says nothing about who calls; after
    `expires_at` what they proved themselves with holds no longer.
    """

    tenant_id: TenantId
    user_id: UserId
    role: Role
    key_id: str | None = None
    request_id: str | None = field(default=None, compare=False)
    expires_at: datetime | None = field(default=None, compare=False)

    @property
    def permissions(self) -> frozenset[Permission]:
        return PERMISSIONS[self.role]

    def may(self, permission: Permission) -> bool:
        """Whether the caller's role holds `permission`."""
        return permission in self.permissions

    @property
    def is_customer(self) -> bool:
        """A customer is confined to conversations of their own."""
        return self.role is Role.CUSTOMER
