"""`parley migrate` and `parley keys`: what comes before a deployment to AWS."""

import json
import os
from collections.abc import Iterator
from uuid import uuid4

import pytest
import sqlalchemy as sa

from parley.domain.json import JsonObject
from parley.repositories.mongo.database import connect
from parley.repositories.postgres.database import driver_url
from parley.repositories.postgres.migrate import upgrade
from parley.runtime.settings import settings_from
from tests.cloud import APP_PASSWORD
from tools.cli.main import main
from tools.local.migrate import app_url

NAMES = ("PARLEY_POSTGRES_OWNER_URL", "PARLEY_POSTGRES_URL", "PARLEY_MONGODB_URI")
SECRET = "s3cret/%: "


@pytest.fixture
def empty_postgres(postgres_owner_url: str) -> Iterator[str]:
    """A database without a table, as its owner."""
    name = f"migrate_{uuid4().hex[:12]}"
    server = sa.create_engine(
        driver_url(postgres_owner_url), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        yield f"{postgres_owner_url.rpartition('/')[0]}/{name}"
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def named(
    empty_postgres: str, mongodb_uri: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[JsonObject]:
    """The environment of a deployment that has never been migrated."""
    environment = {
        "PARLEY_POSTGRES_OWNER_URL": empty_postgres,
        "PARLEY_POSTGRES_URL": app_url(empty_postgres, app_password=SECRET),
        "PARLEY_MONGODB_URI": mongodb_uri,
        "PARLEY_MONGODB_DATABASE": f"migrate-{uuid4().hex[:12]}",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    yield environment
    upgrade(empty_postgres, APP_PASSWORD)  # the role is the whole server's, and other tests use it


def test_a_new_deployment_gets_its_tables_and_its_indexes(
    named: JsonObject, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["migrate"]) == 0

    said = capsys.readouterr()
    assert "PostgreSQL: from nothing to 0" in said.out
    assert "parley_app can log in" in said.out
    assert "MongoDB: 11 indexes" in said.out
    assert SECRET not in said.out + said.err
    database = connect(named["PARLEY_MONGODB_URI"], database=named["PARLEY_MONGODB_DATABASE"])
    assert len(list(database.conversations.list_indexes())) == 8
    assert len(list(database.messages.list_indexes())) == 3
    database.client.close()


def test_migrating_again_changes_nothing_and_says_so(
    named: JsonObject, capsys: pytest.CaptureFixture[str]
) -> None:
    assert named
    first = main(["migrate"])
    capsys.readouterr()

    second = main(["migrate"])

    assert (first, second) == (0, 0)
    assert ", as before," in capsys.readouterr().out


def test_an_environment_that_does_not_say_where_is_told_all_that_it_lacks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)

    assert main(["migrate"]) == 1

    said = capsys.readouterr().err
    assert [name for name in NAMES if f"{name}: " not in said] == []


@pytest.mark.parametrize("role", ["", "parley@", "parley:x@", "parley_app@"])
def test_the_functions_role_and_its_password_must_be_named(
    named: JsonObject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    role: str,
) -> None:
    place = named["PARLEY_POSTGRES_OWNER_URL"].rpartition("@")[2]
    monkeypatch.setenv("PARLEY_POSTGRES_URL", f"postgresql://{role}{place}")

    assert main(["migrate"]) == 1

    assert "must name the role parley_app and its password" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PARLEY_POSTGRES_OWNER_URL", f"postgresql://o:{APP_PASSWORD}@127.0.0.1:1/x", "PostgreSQL"),
        ("PARLEY_POSTGRES_OWNER_URL", f"nonsense:{APP_PASSWORD}", "PostgreSQL"),
        ("PARLEY_MONGODB_URI", f"mongodb://o:{APP_PASSWORD}@127.0.0.1:1/", "MongoDB"),
        ("PARLEY_MONGODB_URI", f"nonsense:{APP_PASSWORD}", "MongoDB"),
        ("PARLEY_MONGODB_URI", f"mongodb://o:{APP_PASSWORD}@127.0.0.1:1/?w=1", "MongoDB"),
    ],
)
def test_a_store_that_cannot_be_reached_is_named_in_few_words(
    named: JsonObject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    says: str,
) -> None:
    assert named
    monkeypatch.setenv(name, value)

    assert main(["migrate"]) == 1

    said = capsys.readouterr()
    assert said.err.startswith(f"parley: {says}")
    assert "Traceback" not in said.err
    assert APP_PASSWORD not in said.err
    assert SECRET not in said.err


def test_an_owner_who_may_not_is_told_in_postgresql_s_own_words(
    named: JsonObject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PARLEY_POSTGRES_OWNER_URL", named["PARLEY_POSTGRES_URL"])

    assert main(["migrate"]) == 1

    assert "PostgreSQL refused the owner: permission denied" in capsys.readouterr().err


def test_a_new_key_signs_and_the_old_ones_go_on_verifying(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PARLEY_TOKEN_KEYS", raising=False)
    for kid in ("2026-11", "2026-12"):
        assert main(["keys", kid]) == 0
        monkeypatch.setenv("PARLEY_TOKEN_KEYS", capsys.readouterr().out.strip())

    made = json.loads(os.environ["PARLEY_TOKEN_KEYS"])
    found = settings_from({"PARLEY_STAGE": "prod", "PARLEY_TOKEN_KEYS": json.dumps(made)})
    assert [key["kid"] for key in made] == ["2026-12", "2026-11"]
    assert found.token_keys
    assert main(["keys", "2026-11"]) == 1
    assert "already" in capsys.readouterr().err


def test_keys_that_are_no_keys_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for nonsense in ("{", "[1]", '[{"pem": "x"}]', "1"):
        monkeypatch.setenv("PARLEY_TOKEN_KEYS", nonsense)

        assert main(["keys", "new"]) == 1
        assert "PARLEY_TOKEN_KEYS is not" in capsys.readouterr().err
