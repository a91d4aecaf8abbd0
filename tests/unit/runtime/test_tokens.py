"""Signed tokens: what is ours is read, and whatever else a token may be is refused."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from parley.domain.access import Role
from parley.domain.errors import TokenExpired, Unauthenticated
from parley.domain.ids import TenantId, UserId
from parley.domain.tokens import TokenClaims, TokenKey, TokenKeys, TokenKind
from parley.runtime.tokens import LEEWAY, SignedTokens
from tests.tenants import NOW, new_id

PRIVATE = ec.generate_private_key(ec.SECP256R1())
WHOLE_NOW = NOW.replace(microsecond=0)


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


TOKENS = SignedTokens(TokenKeys((TokenKey("k1", _pem(PRIVATE)),)))
CLAIMS = TokenClaims(
    id=new_id(),
    tenant_id=TenantId(new_id()),
    user_id=UserId(new_id()),
    role=Role.ADMIN,
    issued_at=WHOLE_NOW,
    expires_at=WHOLE_NOW + timedelta(minutes=30),
)
HEADER = {"alg": "ES256", "kid": "k1", "typ": "at+jwt"}
PAYLOAD: dict[str, Any] = {
    "iss": "parley",
    "aud": "parley:access",
    "sub": CLAIMS.user_id,
    "tid": CLAIMS.tenant_id,
    "role": "admin",
    "iat": int(NOW.timestamp()),
    "nbf": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 1_800,
    "jti": CLAIMS.id,
}


def _segment(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _signed(header: bytes, payload: bytes, key: ec.EllipticCurvePrivateKey = PRIVATE) -> str:
    """A token whose signature is right, whatever it signs."""
    signed = f"{_segment(header)}.{_segment(payload)}".encode()
    der = key.sign(signed, ec.ECDSA(hashes.SHA256()))
    raw = jwt.utils.der_to_raw_signature(der, ec.SECP256R1())
    return f"{signed.decode()}.{_segment(raw)}"


def _token(header: object = HEADER, payload: object = PAYLOAD) -> str:
    return _signed(json.dumps(header).encode(), json.dumps(payload).encode())


def _refused(token: str, *kinds: TokenKind) -> None:
    with pytest.raises(Unauthenticated) as error:
        TOKENS.read(token, *(kinds or (TokenKind.ACCESS,)), now=NOW)
    assert not isinstance(error.value, TokenExpired)


def test_the_token_that_these_tests_bend_is_good_before_they_do() -> None:
    assert TOKENS.read(_token(), TokenKind.ACCESS, now=NOW) == CLAIMS


@pytest.mark.parametrize("kind", TokenKind)
def test_what_was_signed_is_read(kind: TokenKind) -> None:
    roles = {TokenKind.ACCESS: CLAIMS.role, TokenKind.CALLBACK: Role.SYSTEM}
    claims = replace(CLAIMS, role=roles.get(kind, Role.CUSTOMER))

    token = TOKENS.sign(kind, claims)

    assert TOKENS.read(token, *TokenKind, now=NOW) == claims
    assert len(token) <= 512
    for other in set(TokenKind) - {kind}:
        _refused(token, other)


def test_a_token_of_one_kind_made_to_look_like_another_is_refused() -> None:
    """Its `typ` and its audience must both be that kind's."""
    _refused(_token(payload={**PAYLOAD, "aud": "parley:guest", "role": "customer"}))
    _refused(_token({**HEADER, "typ": "guest+jwt"}), TokenKind.GUEST)


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        (TokenKind.ACCESS, "customer"),
        (TokenKind.ACCESS, "system"),
        (TokenKind.ACCESS, "root"),
        (TokenKind.GUEST, "admin"),
        (TokenKind.CALLBACK, "admin"),
        (TokenKind.CALLBACK, "customer"),
    ],
)
def test_a_role_that_the_kind_cannot_have_is_refused(kind: TokenKind, role: str) -> None:
    typ = "at+jwt" if kind is TokenKind.ACCESS else f"{kind.value}+jwt"
    payload = {**PAYLOAD, "aud": f"parley:{kind.value}", "role": role}

    _refused(_token({**HEADER, "typ": typ}, payload), kind)


def test_a_token_is_good_to_its_last_second_and_expired_after_it() -> None:
    token = _token()

    TOKENS.read(token, TokenKind.ACCESS, now=CLAIMS.expires_at - timedelta(microseconds=1))
    with pytest.raises(TokenExpired):
        TOKENS.read(token, TokenKind.ACCESS, now=CLAIMS.expires_at)


def test_a_token_from_the_future_is_refused_beyond_what_clocks_differ() -> None:
    token = _token()

    TOKENS.read(token, TokenKind.ACCESS, now=WHOLE_NOW - LEEWAY)
    with pytest.raises(Unauthenticated):
        TOKENS.read(token, TokenKind.ACCESS, now=WHOLE_NOW - LEEWAY - timedelta(seconds=1))


@pytest.mark.parametrize("name", sorted(PAYLOAD))
def test_every_claim_is_required_and_no_claim_has_another_type(name: str) -> None:
    _refused(_token(payload={k: v for k, v in PAYLOAD.items() if k != name}))
    values: list[object] = [None, True, [], {}, 1.5, "", ["parley:access"], -(10**20), 10**20]
    for value in values:
        _refused(_token(payload={**PAYLOAD, name: value}))


@pytest.mark.parametrize(
    "extra",
    [
        {"jku": "https://evil.example/keys"},
        {"jwk": {"kty": "EC"}},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["MII"]},
        {"crit": ["exp"]},
        {"crit": []},
        {"b64": False, "crit": ["b64"]},
        {"zip": "DEF"},
        {"cty": "JWT"},
        {"use": "enc"},
    ],
)
def test_a_header_that_says_more_than_ours_is_refused(extra: dict[str, Any]) -> None:
    _refused(_token({**HEADER, **extra}))


@pytest.mark.parametrize(
    "kid",
    [
        "k2",
        "",
        "../../dev/null",
        "' OR '1'='1",
        "https://evil.example/key",
        None,
        1,
        ["k1"],
        {"k1": 1},
        "K1",
    ],
)
def test_a_key_that_is_not_ours_is_refused(kid: object) -> None:
    _refused(_token({**HEADER, "kid": kid}))


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "RS256", "ES384", "es256", "", None, []])
def test_an_algorithm_that_is_not_ours_is_refused_though_the_signature_is_good(
    alg: object,
) -> None:
    _refused(_token({**HEADER, "alg": alg}))


def test_a_token_without_signature_is_refused() -> None:
    head = _segment(json.dumps({**HEADER, "alg": "none"}).encode())
    body = _segment(json.dumps(PAYLOAD).encode())

    for token in (f"{head}.{body}.", f"{head}.{body}", f"{head}.{body}.{'A' * 86}"):
        _refused(token)


def test_a_token_keyed_with_our_public_key_is_refused() -> None:
    """HS256 under the PEM of the public key: the oldest confusion of all."""
    public = PRIVATE.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for alg in ("HS256", "ES256"):
        head = _segment(json.dumps({**HEADER, "alg": alg}).encode())
        body = _segment(json.dumps(PAYLOAD).encode())
        mac = hmac.new(public, f"{head}.{body}".encode(), hashlib.sha256).digest()
        _refused(f"{head}.{body}.{_segment(mac)}")
        _refused(f"{head}.{body}.{_segment(mac + mac)}")


def test_a_signature_of_another_key_is_refused() -> None:
    other = ec.generate_private_key(ec.SECP256R1())

    _refused(_signed(json.dumps(HEADER).encode(), json.dumps(PAYLOAD).encode(), other))


@pytest.mark.parametrize("segment", [0, 1, 2])
def test_every_character_counts(segment: int) -> None:
    parts = _token().split(".")
    for place in range(len(parts[segment])):
        letter = "A" if parts[segment][place] != "A" else "B"
        bent = parts[segment][:place] + letter + parts[segment][place + 1 :]
        _refused(".".join([*parts[:segment], bent, *parts[segment + 1 :]]))


def test_a_signature_written_another_way_is_refused() -> None:
    """The last of 86 characters has four bits to spare: 16 spellings of one signature."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = _token()
    last = letters.index(token[-1])

    for spare in range(1, 16):
        _refused(token[:-1] + letters[last + spare])


@pytest.mark.parametrize(
    "bent",
    [
        lambda _: "",
        lambda _: ".",
        lambda _: "..",
        lambda _: "a.b.c",
        lambda _: "é.é.é",
        lambda _: "x" * 10_000,
        lambda token: token + "=",
        lambda token: token + " ",
        lambda token: token + "\n",
        lambda token: " " + token,
        lambda token: token.replace(".", "..", 1),
        lambda token: token + ".",
        lambda token: token.replace("A", "%41", 1),
    ],
)
def test_what_is_not_written_as_a_token_is_refused(bent: Callable[[str], str]) -> None:
    _refused(bent(_token()))


@pytest.mark.parametrize(
    "header",
    [
        b"{}",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b'{"alg":"ES256","kid":"k1","typ":"at+jwt","typ":"at+jwt"}',
        b'{"alg":"none","alg":"ES256","kid":"k1"}',
        b"[" * 1_000,
    ],
)
def test_a_header_that_is_no_object_of_ours_is_refused(header: bytes) -> None:
    _refused(_signed(header, json.dumps(PAYLOAD).encode()))


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b"\xff", b"[" * 1_000, b'{"exp":NaN}'])
def test_a_payload_that_is_no_object_of_ours_is_refused(payload: bytes) -> None:
    _refused(_signed(json.dumps(HEADER).encode(), payload))


def test_keys_roll_over_without_anybody_being_logged_out() -> None:
    old, new = (
        TokenKey("k1", _pem(PRIVATE)),
        TokenKey("k2", _pem(ec.generate_private_key(ec.SECP256R1()))),
    )
    issued = SignedTokens(TokenKeys((old,))).sign(TokenKind.ACCESS, CLAIMS)
    both = SignedTokens(TokenKeys((new, old)))
    only_new = SignedTokens(TokenKeys((new,)))

    assert both.read(issued, TokenKind.ACCESS, now=NOW) == CLAIMS
    assert only_new.read(both.sign(TokenKind.ACCESS, CLAIMS), TokenKind.ACCESS, now=NOW) == CLAIMS
    with pytest.raises(Unauthenticated):
        only_new.read(issued, TokenKind.ACCESS, now=NOW)


def test_a_key_that_is_not_of_the_curve_stops_the_start() -> None:
    wrong = (
        rsa.generate_private_key(public_exponent=65_537, key_size=2_048),
        ec.generate_private_key(ec.SECP384R1()),
    )
    for key in wrong:
        with pytest.raises(ValueError, match="'k1' is not a P-256 private key"):
            SignedTokens(TokenKeys((TokenKey("k1", _pem(key)),)))
    with pytest.raises(ValueError, match="no key"):
        SignedTokens(TokenKeys(()))


def test_a_key_is_not_shown_when_it_is_printed() -> None:
    assert "PRIVATE" not in repr(TokenKeys((TokenKey("k1", _pem(PRIVATE)),)))
