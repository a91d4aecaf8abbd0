"""`parley keys KID`."""

import argparse
import json
import os

from tools.local.errors import CloudError
from tools.local.secrets import new_token_key


def run(arguments: argparse.Namespace) -> int:
    """Print PARLEY_TOKEN_KEYS with a new key in front; its old ones go on verifying."""
    try:
        present = json.loads(os.environ.get("PARLEY_TOKEN_KEYS") or "[]")
        known = [key["kid"] for key in present]
    except (ValueError, TypeError, KeyError):
        raise CloudError('PARLEY_TOKEN_KEYS is not [{"kid": ..., "pem": ...}]') from None
    if arguments.kid in known:
        raise CloudError(f"there is a key {arguments.kid!r} already: give the new one a new name")
    print(json.dumps([new_token_key(arguments.kid), *present]))
    return 0
