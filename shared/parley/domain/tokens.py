"""What proves who calls: signed tokens, refresh tokens, API keys, and how long each lives."""

import base64
import binascii
import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from parley.domain.access import Role
from parley.domain.ids import ApiKeyId, TenantId, UserId

ACCESS_LIFETIME = timedelta(minutes=30)
REFRESH_LIFETIME = timedelta(days=7)
"""Absolute: rotation does not prolong it; then people log in again (ASVS V10.4.8)."""
REFRESH_GRACE = timedelta(seconds=10)
"""How long after its rotation a spent refresh token is merely refused.

Two tabs, or a client whose answer got lost, present one token twice within moments; after that a
repeat means that two parties hold it, and the whole family ends.
"""
GUEST_LIFETIME = timedelta(hours=1)
VISITOR_LIFETIME = timedelta(days=30)

SECRET_BYTES = 32
_REFRESH_PREFIX = "rt_"
_KEY_START = "ck_"
_KEY_PREFIX = "ck_live_"
_KEY_PUBLIC_LENGTH = 8
_KEY_SECRET_LENGTH = 43
_CHECKSUM_LENGTH = 6
MAX_KEY_NAME_LENGTH = 100
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class TokenKind(StrEnum):
    """What a signed token is for; each has an audience and a `typ` of its own.

    `access` speaks for a user, `guest` for a visitor of a public web channel; `visitor` only lets
    a returning visitor be the same guest again and opens nothing; `callback` answers one call: its
    `sub` is the conversation, its `jti` the call's id.
    """

    ACCESS = "access"
    GUEST = "guest"
    VISITOR = "visitor"
    CALLBACK = "callback"


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A P-256 private key: PKCS #8 PEM, named by `kid` in what it signs."""

    kid: str
    pem: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """The keys that may have signed a token; the first signs new ones."""

    keys: tuple[TokenKey, ...]


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """What a signed token says; `id` is its `jti`."""

    id: str
    tenant_id: TenantId
    user_id: UserId
    role: Role
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a log-in gives; neither part can be asked for again."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_s: int
    refresh_expires_at: datetime
    tenant_id: TenantId
    user_id: UserId
    role: Role


@dataclass(frozen=True, slots=True)
class GuestTokens:
    """What a visitor gets: the short token, and the one to come back with."""

    access_token: str = field(repr=False)
    visitor_token: str = field(repr=False)
    expires_in_s: int
    tenant_id: TenantId
    user_id: UserId


@dataclass(frozen=True, slots=True)
class Session:
    """One log-in: the family of every refresh token that came from it."""

    tenant_id: TenantId
    id: str
    user_id: UserId
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SpentToken:
    """A refresh token that was used already: by whom is the question."""

    session: Session
    spent_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of an organisation; `prefix` is public and finds it, the secret is kept hashed."""

    tenant_id: TenantId
    id: ApiKeyId
    name: str
    prefix: str
    secret_hash: bytes = field(repr=False)
    role: Role
    created_at: datetime
    created_by: UserId
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether it is neither revoked nor past its end."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class CreatedApiKey:
    """A new key and, this once, its full text."""

    key: ApiKey
    text: str = field(repr=False)


def hashed(secret: bytes) -> bytes:
    """The SHA-256 of a random secret: enough, since 256 random bits cannot be guessed."""
    return hashlib.sha256(secret).digest()


def refresh_token(tenant_id: TenantId, secret: bytes) -> str:
    """`rt_` and, in base64url, the tenant's id and the secret: what to look up where."""
    raw = uuid.UUID(tenant_id).bytes + secret
    return _REFRESH_PREFIX + base64.urlsafe_b64encode(raw).decode()


def parsed_refresh_token(text: str) -> tuple[TenantId, bytes] | None:
    """The tenant and the secret of a refresh token; None if it is none."""
    if not text.startswith(_REFRESH_PREFIX) or not text.isascii():
        return None
    try:
        raw = base64.b64decode(text.removeprefix(_REFRESH_PREFIX), altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    if len(raw) != 16 + SECRET_BYTES:
        return None
    return TenantId(str(uuid.UUID(bytes=raw[:16]))), raw[16:]


def new_api_key(public: bytes, secret: bytes) -> tuple[str, str, bytes]:
    """A key's text, its prefix and the hash of its secret.

    The text is `ck_live_<8 public>_<43 that hold 256 random bits><6 of checksum>`, in base 62; the
    checksum lets a scanner of leaked secrets tell a key from chance, offline.
    """
    prefix = _base62(int.from_bytes(public), _KEY_PUBLIC_LENGTH)
    random = _base62(int.from_bytes(secret), _KEY_SECRET_LENGTH)
    body = f"{_KEY_PREFIX}{prefix}_{random}"
    return body + _checksum(body), prefix, hashed(random.encode())


def is_api_key(credential: str) -> bool:
    """Whether somebody means it to be an API key; all else is a signed token, or nothing."""
    return credential.startswith(_KEY_START)


def parsed_api_key(text: str) -> tuple[str, bytes] | None:
    """The public prefix of a key and its secret's hash; None if the text is no key."""
    length = len(_KEY_PREFIX) + _KEY_PUBLIC_LENGTH + 1 + _KEY_SECRET_LENGTH + _CHECKSUM_LENGTH
    if len(text) != length or not text.startswith(_KEY_PREFIX) or not text.isascii():
        return None
    body, checksum = text[:-_CHECKSUM_LENGTH], text[-_CHECKSUM_LENGTH:]
    prefix, separator, secret = body.removeprefix(_KEY_PREFIX).partition("_")
    if not separator or len(prefix) != _KEY_PUBLIC_LENGTH or checksum != _checksum(body):
        return None
    return prefix, hashed(secret.encode())


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def _checksum(body: str) -> str:
    return _base62(binascii.crc32(body.encode()), _CHECKSUM_LENGTH)
