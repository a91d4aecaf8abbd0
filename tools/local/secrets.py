"""What one laptop cloud keeps to itself: made once, kept in a file that only its user may read."""

import json
import secrets
from dataclasses import asdict, dataclass
from typing import Self

from parley.domain.json import JsonObject
from tools.local.places import Places, read_json, write_json

_KEY_ID = "local"


@dataclass(frozen=True, slots=True)
class Secrets:
    """`token_keys` is the template's parameter of that name; passwords are drawn at random."""

    token_keys: str
    app_password: str
    demo_password: str

    @classmethod
    def of(cls, places: Places) -> Self:
        """The same ones at each start."""
        known = read_json(places.secrets)
        if known:
            return cls(**known)
        keys = json.dumps([new_token_key(_KEY_ID)])
        made = cls(keys, secrets.token_urlsafe(24), secrets.token_urlsafe(12))
        write_json(places.secrets, asdict(made))
        return made


def new_token_key(kid: str) -> JsonObject:
    """An ES256 key (NIST P-256, RFC 7518 3.4) as `TokenKeys` has them: its name, and it in PEM."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 -- made once, ever
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 -- as above

    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {"kid": kid, "pem": pem.decode()}
