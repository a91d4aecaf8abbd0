"""Organisations and their people in this process's memory.

tenant_id            -> Organization
(tenant_id, user_id) -> Login
"""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from parley.domain.audit import AuditEntry
from parley.domain.errors import Conflict, NotFound
from parley.domain.ids import TenantId, UserId
from parley.domain.organizations import Organization
from parley.domain.users import User
from parley.repositories.memory.events import MemoryAuditLog
from parley.services.ports.access import Login


class MemoryOrganizations:
    """The ports `Organizations` and, as `.users`, `Users`: an organisation comes with its admin."""

    def __init__(self, audit_log: MemoryAuditLog | None = None) -> None:
        self._audit_log = audit_log or MemoryAuditLog()
        self._organizations: dict[TenantId, Organization] = {}
        self._lock = threading.RLock()
        self.users = MemoryUsers(self, self._audit_log)

    def add(
        self,
        tenant_id: TenantId,
        organization: Organization,
        admin: User,
        password_hash: str,
        entry: AuditEntry,
    ) -> None:
        with self._lock:
            if tenant_id in self._organizations or self._of_slug(organization.slug):
                raise Conflict("it is there already, or was changed in between")
            self._organizations[tenant_id] = organization
            self.users.add(tenant_id, admin, password_hash, entry)

    def get(self, tenant_id: TenantId) -> Organization:
        try:
            return self._organizations[tenant_id]
        except KeyError:
            raise NotFound("organization", tenant_id) from None

    def find_by_slug(self, slug: str) -> Organization | None:
        found = self._of_slug(slug)
        return found if found and found.is_active else None

    def _of_slug(self, slug: str) -> Organization | None:
        with self._lock:
            return next((each for each in self._organizations.values() if each.slug == slug), None)


class MemoryUsers:
    """The port `Users`."""

    def __init__(self, organizations: MemoryOrganizations, audit_log: MemoryAuditLog) -> None:
        self._organizations = organizations
        self._audit_log = audit_log
        self._logins: dict[tuple[TenantId, UserId], Login] = {}
        self._lock = threading.RLock()

    def add(self, tenant_id: TenantId, user: User, password_hash: str, entry: AuditEntry) -> None:
        with self._lock:
            emails = {
                login.user.email.lower()
                for (owner, _), login in self._logins.items()
                if owner == tenant_id
            }
            if user.email.lower() in emails or (tenant_id, user.id) in self._logins:
                raise Conflict("it is there already, or was changed in between")
            self._logins[tenant_id, user.id] = Login(user, password_hash)
            self._audit_log.append(entry)

    def get(self, tenant_id: TenantId, user_id: UserId) -> User:
        return self._login(tenant_id, user_id).user

    def set_password_hash(
        self, tenant_id: TenantId, user_id: UserId, password_hash: str, *, at: datetime
    ) -> None:
        with self._lock:
            user = self._login(tenant_id, user_id).user
            changed = replace(user, updated_at=at, row_version=user.row_version + 1)
            self._logins[tenant_id, user_id] = Login(changed, password_hash)

    def find_logins(self, email: str, organization: str | None) -> Sequence[Login]:
        with self._lock:
            found = [
                login
                for (tenant_id, _), login in self._logins.items()
                if login.user.email.lower() == email.lower()
                and (home := self._organizations.get(tenant_id)).is_active
                and organization in {None, home.slug}
            ]
        return found[:2]

    def _login(self, tenant_id: TenantId, user_id: UserId) -> Login:
        try:
            return self._logins[tenant_id, user_id]
        except KeyError:
            raise NotFound("user", user_id) from None
