"""Fixtures that start the real servers: once a session (and worker), free ports, thrown away.

`postgres_url`, `redis_url` and `mongodb_uri` start one server each, and only when a test asks.
`cloud` is a whole laptop cloud; with several workers, one of them runs all tests that use it.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from parley.domain.json import JsonObject
from tools.local.api import Api
from tools.local.demo import ORGANIZATION, log_in
from tools.local.migrate import app_url, migrate
from tools.local.mongodb import mongodb
from tools.local.mongodb import mongodb_uri as uri_of_mongodb
from tools.local.parts import Part, Running, start
from tools.local.places import ROOT, Places, write_json
from tools.local.plan import USUAL_PORTS
from tools.local.ports import free_port
from tools.local.postgres import owner_url, postgres
from tools.local.processes import environment_for_children, wait_until
from tools.local.state import Phase, State
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


@dataclass(frozen=True, slots=True)
class Cloud:
    """A laptop cloud of its own: its folder is `home`, its ports are free ones."""

    home: Path

    def parley(self, *arguments: str, says: str | None = None) -> subprocess.CompletedProcess[str]:
        """What the command says, given `says` on its standard input."""
        return subprocess.run(  # noqa: S603 -- our own command
            [sys.executable, "-m", "tools.cli.main", *arguments],
            cwd=ROOT,
            env={**environment_for_children(), "PARLEY_HOME": str(self.home)},
            input=says,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def up(self) -> None:
        """Raises AssertionError, with what it said, when it does not come up."""
        came = self.parley("up", "--detach")
        assert came.returncode == 0, came.stdout + came.stderr

    def is_up(self) -> bool:
        """Whether its supervisor says so, and lives."""
        return State.read(Places(self.home)).phase is Phase.READY

    def status(self) -> JsonObject:
        """What `parley status --json` says."""
        status: JsonObject = json.loads(self.parley("status", "--json").stdout)
        return status

    @property
    def addresses(self) -> Mapping[str, str]:
        """Where `page`, `api`, `aws`, `mongodb`, `postgresql`, `valkey` and `orders` are."""
        state: JsonObject = json.loads(Places(self.home).state.read_text())
        addresses: Mapping[str, str] = state["addresses"]
        return addresses

    @property
    def outputs(self) -> Mapping[str, str]:
        """The stack's outputs: ids of the APIs, addresses of the queues."""
        deployed: JsonObject = json.loads(Places(self.home).deployed.read_text())
        outputs: Mapping[str, str] = deployed["outputs"]
        return outputs

    @property
    def api(self) -> Api:
        """The API, called as nobody."""
        return Api(self.addresses["api"])

    def as_admin(self) -> Api:
        """The API as the demo organisation's administrator."""
        demo = self.status()["demo"]
        return log_in(self.api, demo["email"], demo["password"])

    def as_guest(self) -> Api:
        """The API as a new visitor of the demo organisation."""
        token = self.api.post("/auth/guest", {"organization": ORGANIZATION})["access_token"]
        return Api(self.addresses["api"], token)

    def pid(self, part: str) -> int:
        """The process that is `part` now: postgresql, valkey, mongodb, ministack, orders, page."""
        state: JsonObject = json.loads(Places(self.home).state.read_text())
        return next(
            int(entry["process"]["pid"]) for entry in state["parts"] if entry["name"] == part
        )

    def kill(self, part: str) -> None:
        """SIGKILL, and back: returns when the supervisor has started the part again."""
        killed = self.pid(part)
        os.kill(killed, signal.SIGKILL)
        assert wait_until(lambda: self.pid(part) != killed, within_s=30), f"{part} stayed away"


def new_cloud(home: Path) -> Cloud:
    """A laptop cloud that is not up yet."""
    chosen: dict[str, int] = {}
    for part in USUAL_PORTS:
        chosen[part] = free_port(taken=chosen.values())
    write_json(Places(home).ports, dict(chosen))
    return Cloud(home)


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """The laptop cloud, up: real servers, the deployed template, the demo organisation."""
    folder = Path(tempfile.mkdtemp(prefix="parley-cloud-"))
    started = new_cloud(folder / "home")
    try:
        started.up()
        yield started
    finally:
        started.parley("down")
        shutil.rmtree(folder, ignore_errors=True)
