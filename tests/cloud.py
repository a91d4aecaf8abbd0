"""Fixtures that start the real servers: once a session (and worker), free ports, thrown away.

`postgres_url`, `redis_url` and `mongodb_uri` start one server each, and only when a test asks.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tools.local.migrate import app_url, migrate
from tools.local.mongodb import mongodb
from tools.local.mongodb import mongodb_uri as uri_of_mongodb
from tools.local.parts import Part, Running, start
from tools.local.ports import free_port
from tools.local.postgres import owner_url, postgres
from tools.local.valkey import redis_url as url_of_valkey
from tools.local.valkey import valkey

APP_PASSWORD = "only-in-tests"


@contextmanager
def running(part: Part) -> Iterator[Running]:
    """A part that answers, ended at the end."""
    server = start(part)
    try:
        server.wait_until_it_answers()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    """Where this session's servers keep their data, short enough for any path limit."""
    folder = Path(tempfile.mkdtemp(prefix="parley-tests-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server(servers_folder: Path) -> Iterator[Running]:
    """An empty PostgreSQL 18."""
    folder = servers_folder / "postgresql"
    part = postgres(folder, free_port(), servers_folder / "postgresql.log", durable=False)
    with running(part) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_owner_url(postgres_server: Running) -> str:
    """The migrated database, as the role that owns the tables and passes every row-level policy."""
    url = owner_url(postgres_server.part.port)
    migrate(url, app_password=APP_PASSWORD)
    return url


@pytest.fixture(scope="session")
def postgres_url(postgres_owner_url: str) -> str:
    """The migrated database, as the role the functions use: it owns nothing."""
    return app_url(postgres_owner_url, app_password=APP_PASSWORD)


@pytest.fixture(scope="session")
def valkey_server(servers_folder: Path) -> Iterator[Running]:
    part = valkey(
        servers_folder / "valkey", free_port(), servers_folder / "valkey.log", durable=False
    )
    with running(part) as server:
        yield server


@pytest.fixture(scope="session")
def redis_url(valkey_server: Running) -> str:
    return url_of_valkey(valkey_server.part.port)


@pytest.fixture(scope="session")
def mongodb_server(servers_folder: Path) -> Iterator[Running]:
    part = mongodb(servers_folder / "mongodb", free_port(), servers_folder / "mongodb.log")
    with running(part) as server:
        yield server


@pytest.fixture(scope="session")
def mongodb_uri(mongodb_server: Running) -> str:
    return uri_of_mongodb(mongodb_server.part.port)
