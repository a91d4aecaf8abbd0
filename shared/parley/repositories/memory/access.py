"""Log-ins and keys in this process's memory.

(tenant_id, session_id) -> Session
(tenant_id, token_hash) -> session id, and when it was spent
(tenant_id, key_id)     -> ApiKey
"""

import threading
from dataclasses import replace
from datetime import datetime

from parley.domain.audit import AuditEntry
from parley.domain.cursors import decode_cursor, encode_cursor
from parley.domain.errors import Conflict, NotFound
from parley.domain.ids import ApiKeyId, TenantId
from parley.domain.pages import Page
from parley.domain.tokens import ApiKey, Session, SpentToken
from parley.repositories.memory.events import MemoryAuditLog
from parley.repositories.memory.organizations import MemoryOrganizations


class MemorySessions:
    """The port `Sessions`."""

    def __init__(self, audit_log: MemoryAuditLog | None = None) -> None:
        self._audit_log = audit_log or MemoryAuditLog()
        self._sessions: dict[tuple[TenantId, str], Session] = {}
        self._tokens: dict[tuple[TenantId, bytes], tuple[str, datetime | None]] = {}
        self._lock = threading.Lock()

    def add(self, tenant_id: TenantId, session: Session, token_hash: bytes) -> None:
        with self._lock:
            self._sessions[tenant_id, session.id] = session
            self._tokens[tenant_id, token_hash] = session.id, None

    def rotate(
        self, tenant_id: TenantId, token_hash: bytes, new_hash: bytes, *, at: datetime
    ) -> Session | None:
        with self._lock:
            session_id, spent_at = self._tokens.get((tenant_id, token_hash), ("", None))
            session = self._sessions.get((tenant_id, session_id))
            if session is None or spent_at or session.revoked_at or session.expires_at <= at:
                return None
            self._tokens[tenant_id, token_hash] = session_id, at
            self._tokens[tenant_id, new_hash] = session_id, None
            return session

    def find_spent(self, tenant_id: TenantId, token_hash: bytes) -> SpentToken | None:
        with self._lock:
            session_id, spent_at = self._tokens.get((tenant_id, token_hash), ("", None))
            if spent_at is None:
                return None
            return SpentToken(self._sessions[tenant_id, session_id], spent_at)

    def find(self, tenant_id: TenantId, token_hash: bytes) -> Session | None:
        with self._lock:
            session_id, _ = self._tokens.get((tenant_id, token_hash), ("", None))
            return self._sessions.get((tenant_id, session_id))

    def revoke(
        self, tenant_id: TenantId, session_id: str, entry: AuditEntry, *, at: datetime
    ) -> bool:
        with self._lock:
            session = self._sessions.get((tenant_id, session_id))
            if session is None or session.revoked_at:
                return False
            self._sessions[tenant_id, session_id] = replace(session, revoked_at=at)
            self._audit_log.append(entry)
            return True


class MemoryApiKeys:
    """The port `ApiKeys`."""

    def __init__(
        self, organizations: MemoryOrganizations, audit_log: MemoryAuditLog | None = None
    ) -> None:
        self._organizations = organizations
        self._audit_log = audit_log or MemoryAuditLog()
        self._keys: dict[tuple[TenantId, ApiKeyId], ApiKey] = {}
        self._lock = threading.Lock()

    def add(self, tenant_id: TenantId, key: ApiKey, entry: AuditEntry) -> None:
        with self._lock:
            if any(key.prefix == other.prefix for other in self._keys.values()):
                raise Conflict("it is there already, or was changed in between")
            self._keys[tenant_id, key.id] = key
            self._audit_log.append(entry)

    def list(self, tenant_id: TenantId, *, cursor: str | None, limit: int) -> Page[ApiKey]:
        with self._lock:
            keys = sorted(
                (key for (owner, _), key in self._keys.items() if owner == tenant_id),
                key=lambda key: (key.created_at, key.id),
            )
        if cursor:
            created_at, key_id = decode_cursor(cursor, datetime, str)
            keys = [key for key in keys if (key.created_at, key.id) > (created_at, key_id)]
        page = keys[:limit]
        following = encode_cursor(page[-1].created_at, page[-1].id) if len(keys) > limit else None
        return Page(page, following)

    def revoke(
        self, tenant_id: TenantId, key_id: ApiKeyId, entry: AuditEntry, *, at: datetime
    ) -> None:
        with self._lock:
            key = self._keys.get((tenant_id, key_id))
            if key is None:
                raise NotFound("api key", key_id)
            if key.revoked_at is None:
                self._keys[tenant_id, key_id] = replace(key, revoked_at=at)
                self._audit_log.append(entry)

    def find_by_prefix(self, prefix: str) -> ApiKey | None:
        with self._lock:
            found = next((key for key in self._keys.values() if key.prefix == prefix), None)
        if found is None or not self._organizations.get(found.tenant_id).is_active:
            return None
        return found
