"""Who calls: logging in, staying logged in, visiting, and keys for programs."""

import hashlib
import hmac
import logging
from dataclasses import replace
from datetime import datetime

from parley.domain.access import Caller, Role
from parley.domain.audit import AuditAction, AuditEntry, entry_by
from parley.domain.cursors import checked_limit
from parley.domain.errors import CredentialsWrong, Fault, Invalid, NotFound, Unauthenticated
from parley.domain.ids import ApiKeyId, TenantId, UserId
from parley.domain.pages import DEFAULT_PAGE_SIZE, Page
from parley.domain.tokens import (
    ACCESS_LIFETIME,
    GUEST_LIFETIME,
    MAX_KEY_NAME_LENGTH,
    REFRESH_GRACE,
    REFRESH_LIFETIME,
    VISITOR_LIFETIME,
    ApiKey,
    CreatedApiKey,
    GuestTokens,
    Session,
    TokenClaims,
    TokenKind,
    TokenPair,
    hashed,
    is_api_key,
    new_api_key,
    parsed_api_key,
    parsed_refresh_token,
    refresh_token,
)
from parley.domain.users import MAX_PASSWORD_LENGTH, User, normalized_email
from parley.services.ports.access import AccessPorts, NewSecret
from parley.services.ports.clock import Clock, NewId

_LOG = logging.getLogger(__name__)
_NO_HASH = bytes(32)


class AccessService:
    """Every way to prove who calls; what fails never says which part of it was wrong."""

    def __init__(
        self, ports: AccessPorts, *, clock: Clock, new_id: NewId, new_secret: NewSecret
    ) -> None:
        self._ports = ports
        self._clock = clock
        self._new_id = new_id
        self._new_secret = new_secret

    def token(self, email: str, password: str, *, organization: str | None = None) -> TokenPair:
        """Log in. `organization` is a slug, needed only by those who are in several.

        Raises CredentialsWrong, the same and after the same time whatever was wrong;
        LimitExceeded after too many tries on one account; Unavailable if tries cannot be counted.
        """
        address = normalized_email(email)
        account = hashlib.sha256(address.encode(errors="replace")).hexdigest()
        self._ports.guard.admit(account)
        logins = self._ports.users.find_logins(address, organization)
        login = logins[0] if len(logins) == 1 else None
        matches = self._ports.passwords.matches(
            password[: MAX_PASSWORD_LENGTH + 1], login.password_hash if login else None
        )
        now = self._clock()
        if login is None or not matches or not login.user.may_log_in(now):
            raise CredentialsWrong(
                "the e-mail address, the password or the organization is wrong; "
                "name the organization if you belong to several"
            )
        self._ports.guard.forget(account)
        if self._ports.passwords.needs_rehash(login.password_hash):
            self._ports.users.set_password_hash(
                login.user.tenant_id, login.user.id, self._ports.passwords.hash(password), at=now
            )
        return self.open_session(login.user)

    def open_session(self, user: User) -> TokenPair:
        """Tokens for a user who has just proved who they are."""
        now = self._clock()
        secret = self._new_secret()
        session = Session(
            tenant_id=user.tenant_id,
            id=self._new_id(),
            user_id=user.id,
            created_at=now,
            expires_at=now + REFRESH_LIFETIME,
        )
        self._ports.sessions.add(user.tenant_id, session, hashed(secret))
        return self._pair(user, session, secret, now)

    def refresh(self, token: str) -> TokenPair:
        """The next pair, for a refresh token that is thereby spent. Raises Unauthenticated.

        A token spent longer ago than the grace ends its whole family: two parties hold it.
        """
        tenant_id, old = _parsed(token)
        now = self._clock()
        secret = self._new_secret()
        session = self._ports.sessions.rotate(tenant_id, hashed(old), hashed(secret), at=now)
        if session is None:
            self._end_family_of_spent(tenant_id, hashed(old), now)
            raise Unauthenticated("the refresh token does not hold: log in again")
        user = self._ports.users.get(tenant_id, session.user_id)
        if not user.may_log_in(now):
            raise Unauthenticated("the refresh token does not hold: log in again")
        return self._pair(user, session, secret, now)

    def logout(self, token: str) -> None:
        """End the session a refresh token belongs to; one that is not known changes nothing."""
        parsed = parsed_refresh_token(token)
        if parsed is None:
            return
        tenant_id, secret = parsed
        session = self._ports.sessions.find(tenant_id, hashed(secret))
        if session is not None:
            now = self._clock()
            entry = self._session_entry(session, "session.ended", now)
            self._ports.sessions.revoke(tenant_id, session.id, entry, at=now)

    def guest(self, organization: str, *, visitor_token: str | None = None) -> GuestTokens:
        """Tokens for a visitor of a public web channel; with their visitor token the same one.

        A visitor token that no longer holds, or is another organisation's, makes a new visitor.
        Raises NotFound for an organisation that there is not, or that is not active.
        """
        found = self._ports.organizations.find_by_slug(organization)
        if found is None:
            raise NotFound("organization", organization)
        now = self._clock()
        user_id = self._known_visitor(found.tenant_id, visitor_token, now)
        guest = TokenClaims(
            id=self._new_id(),
            tenant_id=found.tenant_id,
            user_id=user_id or UserId(self._new_id()),
            role=Role.CUSTOMER,
            issued_at=now,
            expires_at=now + GUEST_LIFETIME,
        )
        visitor = replace(guest, id=self._new_id(), expires_at=now + VISITOR_LIFETIME)
        return GuestTokens(
            access_token=self._ports.tokens.sign(TokenKind.GUEST, guest),
            visitor_token=self._ports.tokens.sign(TokenKind.VISITOR, visitor),
            expires_in_s=int(GUEST_LIFETIME.total_seconds()),
            tenant_id=found.tenant_id,
            user_id=guest.user_id,
        )

    def authenticate(self, credential: str) -> Caller:
        """Who an access token, a guest token or an API key speaks for.

        Raises Unauthenticated, TokenExpired. Only a key costs a look into the store.
        """
        if is_api_key(credential):
            return self._caller_of_key(credential)
        claims = self._ports.tokens.read(
            credential, TokenKind.ACCESS, TokenKind.GUEST, now=self._clock()
        )
        return Caller(claims.tenant_id, claims.user_id, claims.role, expires_at=claims.expires_at)

    def create_api_key(self, caller: Caller, name: str, role: Role = Role.ADMIN) -> CreatedApiKey:
        """A key for programs of the caller's organisation; its text is shown this once.

        Raises Invalid for a role no key can have, or a name that is none.
        """
        if role in {Role.SYSTEM, Role.CUSTOMER}:
            raise Invalid(f"a key cannot be a {role}", [Fault("/role", "is not for keys")])
        if not 1 <= len(name.strip()) <= MAX_KEY_NAME_LENGTH:
            raise Invalid("a key needs a name", [Fault("/name", "must have 1 to 100 characters")])
        text, prefix, secret_hash = new_api_key(self._new_secret(), self._new_secret())
        key = ApiKey(
            tenant_id=caller.tenant_id,
            id=ApiKeyId(self._new_id()),
            name=name.strip(),
            prefix=prefix,
            secret_hash=secret_hash,
            role=role,
            created_at=self._clock(),
            created_by=caller.user_id,
        )
        entry = replace(
            self._entry(caller, "api_key.created", AuditAction.CREATE, ("api_key", key.id)),
            new_values={"name": key.name, "prefix": prefix, "role": role},
        )
        self._ports.api_keys.add(caller.tenant_id, key, entry)
        return CreatedApiKey(key, text)

    def api_keys(
        self, caller: Caller, *, cursor: str | None = None, limit: int = DEFAULT_PAGE_SIZE
    ) -> Page[ApiKey]:
        """The organisation's keys, oldest first, revoked ones too."""
        return self._ports.api_keys.list(
            caller.tenant_id, cursor=cursor, limit=checked_limit(limit)
        )

    def revoke_api_key(self, caller: Caller, key_id: ApiKeyId) -> None:
        """Repeating it changes nothing. Raises NotFound."""
        entry = self._entry(caller, "api_key.revoked", AuditAction.DELETE, ("api_key", key_id))
        self._ports.api_keys.revoke(caller.tenant_id, key_id, entry, at=self._clock())

    def _pair(self, user: User, session: Session, secret: bytes, now: datetime) -> TokenPair:
        expires_at = min(now + ACCESS_LIFETIME, session.expires_at)
        claims = TokenClaims(
            id=self._new_id(),
            tenant_id=user.tenant_id,
            user_id=user.id,
            role=user.role,
            issued_at=now,
            expires_at=expires_at,
        )
        return TokenPair(
            access_token=self._ports.tokens.sign(TokenKind.ACCESS, claims),
            refresh_token=refresh_token(user.tenant_id, secret),
            expires_in_s=int((expires_at - now).total_seconds()),
            refresh_expires_at=session.expires_at,
            tenant_id=user.tenant_id,
            user_id=user.id,
            role=user.role,
        )

    def _end_family_of_spent(self, tenant_id: TenantId, old: bytes, now: datetime) -> None:
        spent = self._ports.sessions.find_spent(tenant_id, old)
        if spent is None or now - spent.spent_at <= REFRESH_GRACE:
            return
        entry = self._session_entry(spent.session, "session.reuse_detected", now)
        if self._ports.sessions.revoke(tenant_id, spent.session.id, entry, at=now):
            _LOG.warning("session.reuse_detected", extra={"session_id": spent.session.id})

    def _known_visitor(
        self, tenant_id: TenantId, visitor_token: str | None, now: datetime
    ) -> UserId | None:
        if visitor_token is None:
            return None
        try:
            claims = self._ports.tokens.read(visitor_token, TokenKind.VISITOR, now=now)
        except Unauthenticated:
            return None
        return claims.user_id if claims.tenant_id == tenant_id else None

    def _caller_of_key(self, text: str) -> Caller:
        parsed = parsed_api_key(text)
        if parsed is None:
            raise Unauthenticated("the API key does not hold")
        prefix, secret_hash = parsed
        key = self._ports.api_keys.find_by_prefix(prefix)
        matches = hmac.compare_digest(secret_hash, key.secret_hash if key else _NO_HASH)
        if key is None or not matches or not key.is_valid(self._clock()):
            raise Unauthenticated("the API key does not hold")
        return Caller(
            key.tenant_id, key.created_by, key.role, key_id=key.id, expires_at=key.expires_at
        )

    def _session_entry(self, session: Session, name: str, now: datetime) -> AuditEntry:
        owner = Caller(session.tenant_id, session.user_id, Role.CUSTOMER)
        entity = ("session", session.id)
        return entry_by(owner, name, AuditAction.DELETE, entity, entry_id=self._new_id(), at=now)

    def _entry(
        self, caller: Caller, name: str, action: AuditAction, entity: tuple[str, str]
    ) -> AuditEntry:
        return entry_by(caller, name, action, entity, entry_id=self._new_id(), at=self._clock())


def _parsed(token: str) -> tuple[TenantId, bytes]:
    parsed = parsed_refresh_token(token)
    if parsed is None:
        raise Unauthenticated("the refresh token does not hold: log in again")
    return parsed
