"""What proving who calls needs: users, sessions, keys, and the cryptography behind them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from parley.domain.audit import AuditEntry
from parley.domain.ids import ApiKeyId, TenantId, UserId
from parley.domain.pages import Page
from parley.domain.tokens import ApiKey, Session, SpentToken, TokenClaims, TokenKind
from parley.domain.users import User
from parley.services.ports.organizations import Organizations

type NewSecret = Callable[[], bytes]
"""Draws 32 random bytes that nobody can guess."""


@dataclass(frozen=True, slots=True)
class Login:
    """A user who might be logging in, and what their password is checked against."""

    user: User
    password_hash: str = field(repr=False)


class Users(Protocol):
    """The people of an organisation."""

    def add(self, tenant_id: TenantId, user: User, password_hash: str, entry: AuditEntry) -> None:
        """Raises Conflict when the address is taken in the organisation."""

    def get(self, tenant_id: TenantId, user_id: UserId) -> User:
        """Raises NotFound."""

    def set_password_hash(
        self, tenant_id: TenantId, user_id: UserId, password_hash: str, *, at: datetime
    ) -> None:
        """Raises NotFound."""

    def find_logins(self, email: str, organization: str | None) -> Sequence[Login]:
        """Everyone with this normalised address in active organisations, at most 2.

        Precedes knowing the tenant; `organization` is a slug and narrows it to that one.
        """


class Sessions(Protocol):
    """Log-ins, each a family of refresh tokens known by their hashes."""

    def add(self, tenant_id: TenantId, session: Session, token_hash: bytes) -> None: ...

    def rotate(
        self, tenant_id: TenantId, token_hash: bytes, new_hash: bytes, *, at: datetime
    ) -> Session | None:
        """Spend one token for the next, in one compare-and-set: of two at once, one wins.

        None, and nothing changed, if the token is unknown or spent, or its session revoked or
        over.
        """

    def find_spent(self, tenant_id: TenantId, token_hash: bytes) -> SpentToken | None:
        """What became of a spent token; None for one that is unspent or unknown."""

    def find(self, tenant_id: TenantId, token_hash: bytes) -> Session | None:
        """The session any of whose tokens, spent or not, has this hash."""

    def revoke(
        self, tenant_id: TenantId, session_id: str, entry: AuditEntry, *, at: datetime
    ) -> bool:
        """End a family. False, and no audit entry, if it has ended already or is unknown."""


class ApiKeys(Protocol):
    """Keys that programs call with."""

    def add(self, tenant_id: TenantId, key: ApiKey, entry: AuditEntry) -> None:
        """Raises Conflict when the prefix is taken: draw again."""

    def list(self, tenant_id: TenantId, *, cursor: str | None, limit: int) -> Page[ApiKey]:
        """Oldest first."""

    def revoke(
        self, tenant_id: TenantId, key_id: ApiKeyId, entry: AuditEntry, *, at: datetime
    ) -> None:
        """Repeating it changes nothing. Raises NotFound."""

    def find_by_prefix(self, prefix: str) -> ApiKey | None:
        """Precedes knowing the tenant; None as well when the organisation is not active."""


class Passwords(Protocol):
    """The slow hash; every call costs tens of milliseconds on purpose."""

    def hash(self, password: str) -> str: ...

    def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether it is the password; against None it takes as long and is False."""

    def needs_rehash(self, password_hash: str) -> bool:
        """Whether it was made with weaker settings than today's."""


class Tokens(Protocol):
    """Signed tokens."""

    def sign(self, kind: TokenKind, claims: TokenClaims) -> str: ...

    def read(self, token: str, *kinds: TokenKind, now: datetime) -> TokenClaims:
        """What a token of one of these kinds says.

        Raises Unauthenticated for any other text, TokenExpired for one that was good once.
        """


class LoginGuard(Protocol):
    """Slows down guessing one account's password, wherever the guesses come from."""

    def admit(self, account: str) -> None:
        """Count one try. Raises LimitExceeded after too many, and Unavailable if it cannot count.

        `account` is a hash that says nothing about whom it stands for.
        """

    def forget(self, account: str) -> None:
        """Start counting anew, after a log-in that succeeded."""


class AccessPorts(Protocol):
    """All of these, each asked for only when it is needed: proving a token takes no store."""

    @property
    def users(self) -> Users: ...

    @property
    def sessions(self) -> Sessions: ...

    @property
    def api_keys(self) -> ApiKeys: ...

    @property
    def organizations(self) -> Organizations: ...

    @property
    def passwords(self) -> Passwords: ...

    @property
    def tokens(self) -> Tokens: ...

    @property
    def guard(self) -> LoginGuard: ...
