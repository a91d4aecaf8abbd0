"""The authorizer stands before every request: it must not load a store to read a token."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from parley.domain.tokens import TokenKey, TokenKeys, TokenKind
from parley.runtime.chance import now
from parley.runtime.tokens import SignedTokens
from tests.unit.runtime.test_tokens import CLAIMS, PRIVATE, _pem

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
from parley.runtime.wiring import services
print(services().access.authenticate(sys.argv[1]).user_id)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_a_signed_token_is_proven_without_any_store() -> None:
    key = TokenKey("k1", _pem(PRIVATE))
    issued_at = now().replace(microsecond=0)
    claims = replace(
        CLAIMS, issued_at=issued_at, expires_at=issued_at + (CLAIMS.expires_at - CLAIMS.issued_at)
    )
    token = SignedTokens(TokenKeys((key,))).sign(TokenKind.ACCESS, claims)

    ran = subprocess.run(  # noqa: S603 -- a program of this very file
        [sys.executable, "-c", PROGRAM, token],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "shared"),
            "PARLEY_STAGE": "local",
            "PARLEY_TOKEN_KEYS": json.dumps([{"kid": key.kid, "pem": key.pem}]),
        },
        capture_output=True,
        text=True,
        check=True,
    )

    user_id, loaded = ran.stdout.splitlines()
    assert user_id == claims.user_id
    assert not {"sqlalchemy", "pg8000", "redis", "pymongo", "boto3", "argon2"} & set(loaded.split())
