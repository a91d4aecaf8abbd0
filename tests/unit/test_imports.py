"""A function loads what it uses: no handler imports a store's driver, the engine or the SDK.

Each handler is imported in a process of its own, forked from one that has loaded nothing but what
every function has.
"""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HANDLERS = sorted(f"{file.parent.name}.{file.stem}" for file in (ROOT / "functions").glob("*/*.py"))
LOADED_WHEN_USED = [
    "alembic", "argon2", "aws_xray_sdk", "babel", "boto3", "cel_expr_python", "certifi",
    "cryptography", "google.protobuf", "httpcore", "httpx", "jwt", "liquid", "moto", "pg8000",
    "pymongo", "re2", "redis", "ruamel", "sqlalchemy", "uuid_utils",
    "parley.channels.transport", "parley.engine.compile", "parley.engine.turn",
    "parley.nlu.matcher",
    "parley.repositories.mongo.conversations", "parley.repositories.postgres.database",
    "parley.repositories.redis.client", "parley.runtime.aws", "parley.services.turns",
]  # fmt: skip

_IMPORT_EACH = """
import json, os, sys
sys.path[:0] = [sys.argv[1] + "/shared", sys.argv[1] + "/functions"]
unwanted = json.loads(sys.argv[2])
import parley.runtime.http
found = {}
for handler in json.loads(sys.argv[3]):
    reading, writing = os.pipe()
    if os.fork() == 0:
        __import__(handler)
        loaded = [name for name in unwanted if name in sys.modules]
        os.write(writing, json.dumps(loaded).encode())
        os._exit(0)
    os.close(writing)
    found[handler] = json.loads(os.read(reading, 65536) or '["it cannot be imported"]')
    os.wait()
print(json.dumps(found))
"""


@cache
def loaded() -> dict[str, list[str]]:
    """What each handler loads of that which it should not."""
    done = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-c", _IMPORT_EACH, ROOT, *map(json.dumps, (LOADED_WHEN_USED, HANDLERS))],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_handler_loads_nothing_before_it_is_used(handler: str) -> None:
    assert loaded()[handler] == []


def test_what_is_loaded_when_used_can_be_loaded() -> None:
    """Else a name that is spelled wrong would guard nothing."""
    check = "import importlib.util as u, sys, json; sys.path.insert(0, sys.argv[1] + '/shared');"
    check += "print([n for n in json.loads(sys.argv[2]) if u.find_spec(n) is None])"

    done = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-c", check, ROOT, json.dumps(LOADED_WHEN_USED)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert done.stdout.strip() == "[]"
