"""Signed tokens: JWTs under ES256 (RFC 7515, 7519), through PyJWT, held tighter than it holds them.

The header has exactly `alg` (always ES256), `kid` (one of our keys) and `typ`, which with `aud`
tells the kinds apart; so a key, an algorithm or an extension named by the token itself is never
looked at. `iss aud sub tid role iat nbf exp jti` are all required.
"""

import base64
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt import InvalidTokenError, PyJWS

from parley.domain.access import Role
from parley.domain.errors import TokenExpired, Unauthenticated
from parley.domain.ids import TenantId, UserId
from parley.domain.tokens import TokenClaims, TokenKey, TokenKeys, TokenKind

ISSUER = "parley"
LEEWAY = timedelta(seconds=30)
"""How far the clocks of two machines may differ; for what has just begun, never for its end."""
_ALGORITHM = "ES256"
_MAX_LENGTH = 2_048
_SEGMENTS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")
_HEADER = {"alg", "kid", "typ"}
_CLAIMS = {"iss", "aud", "sub", "tid", "role", "iat", "nbf", "exp", "jti"}
_ROLES = {
    TokenKind.ACCESS: frozenset(Role) - {Role.CUSTOMER, Role.SYSTEM},
    TokenKind.GUEST: frozenset({Role.CUSTOMER}),
    TokenKind.VISITOR: frozenset({Role.CUSTOMER}),
    TokenKind.CALLBACK: frozenset({Role.SYSTEM}),
}


class SignedTokens:
    """The port `Tokens`. The first key signs; each of them verifies, while keys are rolled over."""

    def __init__(self, keys: TokenKeys) -> None:
        self._keys = {key.kid: _private_key(key) for key in keys.keys}
        if not self._keys:
            raise ValueError("there is no key to sign tokens with")
        self._signing_kid = keys.keys[0].kid
        self._jws = PyJWS(algorithms=[_ALGORITHM])

    def sign(self, kind: TokenKind, claims: TokenClaims) -> str:
        payload = {
            "iss": ISSUER,
            "aud": _audience(kind),
            "sub": claims.user_id,
            "tid": claims.tenant_id,
            "role": claims.role.value,
            "iat": int(claims.issued_at.timestamp()),
            "nbf": int(claims.issued_at.timestamp()),
            "exp": int(claims.expires_at.timestamp()),
            "jti": claims.id,
        }
        return self._jws.encode(
            json.dumps(payload, separators=(",", ":")).encode(),
            self._keys[self._signing_kid],
            algorithm=_ALGORITHM,
            headers={"kid": self._signing_kid, "typ": _type(kind)},
        )

    def read(self, token: str, *kinds: TokenKind, now: datetime) -> TokenClaims:
        try:
            kind, payload = self._verified(token, kinds)
            claims = _claims(kind, payload)
        except (InvalidTokenError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise Unauthenticated("the token does not hold") from error
        if claims.issued_at > now + LEEWAY:
            raise Unauthenticated("the token does not hold yet")
        if claims.expires_at <= now:
            raise TokenExpired("the token has expired")
        return claims

    def _verified(
        self, token: str, kinds: tuple[TokenKind, ...]
    ) -> tuple[TokenKind, Mapping[str, Any]]:
        """The kind and the payload of a token whose signature is ours. Raises ValueError & co."""
        if len(token) > _MAX_LENGTH or not _SEGMENTS.fullmatch(token):
            raise ValueError("is not three segments of base64url")
        header, payload, signature = (_decoded(segment) for segment in token.split("."))
        del signature
        head = _object(header, _HEADER)
        kind = {_type(kind): kind for kind in kinds}[head["typ"]]
        key = self._keys[head["kid"]]
        self._jws.decode(token, key.public_key(), algorithms=[_ALGORITHM])
        return kind, _object(payload, _CLAIMS)


def _type(kind: TokenKind) -> str:
    """The media type in `typ` (RFC 8725, 3.11; `at+jwt` is RFC 9068's)."""
    return "at+jwt" if kind is TokenKind.ACCESS else f"{kind.value}+jwt"


def _audience(kind: TokenKind) -> str:
    return f"{ISSUER}:{kind.value}"


def _claims(kind: TokenKind, payload: Mapping[str, Any]) -> TokenClaims:
    if payload["iss"] != ISSUER or payload["aud"] != _audience(kind):
        raise ValueError("is for somebody else")
    if payload["nbf"] != payload["iat"]:
        raise ValueError("is not as we make them")
    role = Role(payload["role"])
    if role not in _ROLES[kind]:
        raise ValueError("has a role that its kind cannot have")
    return TokenClaims(
        id=_text(payload["jti"]),
        tenant_id=TenantId(_text(payload["tid"])),
        user_id=UserId(_text(payload["sub"])),
        role=role,
        issued_at=_instant(payload["iat"]),
        expires_at=_instant(payload["exp"]),
    )


def _decoded(segment: str) -> bytes:
    """Strict base64url (RFC 7515, 2): no padding, and no bits left over that say nothing."""
    raw = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != segment:
        raise ValueError("is not canonical base64url")
    return raw


def _object(raw: bytes, names: set[str]) -> dict[str, Any]:
    """A JSON object with exactly these names, none of them twice."""
    pairs: list[tuple[str, Any]] = json.loads(raw.decode(), object_pairs_hook=list)
    if not isinstance(pairs, list) or sorted(name for name, _ in pairs) != sorted(names):
        raise ValueError("has other names than ours")
    return dict(pairs)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("is no text")
    return value


def _instant(value: object) -> datetime:
    if type(value) is not int:
        raise TypeError("is no whole number of seconds")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("is no instant") from error


def _private_key(key: TokenKey) -> EllipticCurvePrivateKey:
    """Raises ValueError for anything but a P-256 private key: a wrong key stops the start."""
    loaded = load_pem_private_key(key.pem.encode(), password=None)
    if isinstance(loaded, EllipticCurvePrivateKey) and isinstance(loaded.curve, SECP256R1):
        return loaded
    raise ValueError(f"key {key.kid!r} is not a P-256 private key")
