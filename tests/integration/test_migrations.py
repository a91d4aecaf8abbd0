"""Migrations go up, down and up again, under an owner that is no superuser."""

import secrets
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from parley.repositories.postgres.database import driver_url
from parley.repositories.postgres.migrate import APP_ROLE, downgrade, upgrade
from parley.repositories.postgres.tables import METADATA
from tests.cloud import APP_PASSWORD

SCHEMAS = ("core", "audit")


def _with(url: str, *, user: str, database: str) -> str:
    parts = urlsplit(driver_url(url))
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}@{place}", path=f"/{database}"))


def _run(url: str, *statements: str) -> None:
    engine = sa.create_engine(driver_url(url), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.fixture
def empty_database(postgres_owner_url: str) -> Iterator[str]:
    """A new database of a role that may create roles, and is no superuser."""
    name = f"migrations_{secrets.token_hex(4)}"
    _run(
        postgres_owner_url,
        f"CREATE ROLE {name} LOGIN CREATEROLE",
        f"GRANT parley_app, parley_lookup TO {name} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE",
        f"CREATE DATABASE {name} OWNER {name}",
    )
    yield _with(postgres_owner_url, user=name, database=name)
    _run(
        postgres_owner_url,
        f"DROP DATABASE {name} WITH (FORCE)",
        f"REASSIGN OWNED BY {name} TO CURRENT_USER",
        f"DROP OWNED BY {name}",
        f"DROP ROLE {name}",
    )


def _names(url: str) -> set[str]:
    """Every table and function in our schemas."""
    engine = sa.create_engine(driver_url(url), poolclass=sa.NullPool)
    with engine.connect() as connection:
        tables = connection.scalars(
            sa.text(
                "SELECT table_schema || '.' || table_name FROM information_schema.tables "
                "WHERE table_schema IN ('core', 'audit')"
            )
        )
        functions = connection.scalars(
            sa.text(
                "SELECT n.nspname || '.' || p.proname || '()' FROM pg_proc p "
                "JOIN pg_namespace n ON n.oid = p.pronamespace "
                "WHERE n.nspname IN ('core', 'audit')"
            )
        )
        return {*tables, *functions}


def test_migrations_go_up_and_down_and_up_again(empty_database: str) -> None:
    upgrade(empty_database, APP_PASSWORD)
    first = _names(empty_database)
    downgrade(empty_database)
    between = _names(empty_database)
    upgrade(empty_database, APP_PASSWORD)

    assert between == set()
    assert _names(empty_database) == first
    assert {f"{table.schema}.{table.name}" for table in METADATA.sorted_tables} <= first


def test_migrations_go_up_and_down_step_by_step(empty_database: str) -> None:
    upgrade(empty_database, APP_PASSWORD, revision="0001")
    for revision in ("0002", "0003", "0004", "0005"):
        before = _names(empty_database)
        upgrade(empty_database, APP_PASSWORD, revision=revision)
        downgrade(empty_database, revision="-1")

        assert _names(empty_database) == before

        upgrade(empty_database, APP_PASSWORD, revision=revision)


def test_migrating_a_migrated_database_changes_nothing(empty_database: str) -> None:
    upgrade(empty_database, APP_PASSWORD)
    before = _names(empty_database)

    upgrade(empty_database, APP_PASSWORD)

    assert _names(empty_database) == before


def test_the_tables_of_the_code_are_the_tables_of_the_migrations(postgres_owner_url: str) -> None:
    """Alembic finds no table, column or type to change; constraints stand in migrations alone."""
    engine = sa.create_engine(driver_url(postgres_owner_url), poolclass=sa.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_schemas": True,
                "include_name": lambda name, kind, _parents: (
                    name in SCHEMAS if kind == "schema" else kind in {"table", "column"}
                ),
            },
        )
        differences = compare_metadata(context, METADATA)

    assert [
        difference
        for difference in differences
        if not (
            isinstance(difference, tuple)
            and difference[0].endswith(("_index", "_constraint", "_fk"))
        )
    ] == []


def test_the_functions_role_logs_in_with_a_password_of_any_characters(empty_database: str) -> None:
    password = 'it\'s 100% \\ "quoted" $$ :x é'

    upgrade(empty_database, password)

    engine = sa.create_engine(driver_url(empty_database), poolclass=sa.NullPool)
    with engine.connect() as connection:
        can_log_in = connection.scalar(
            sa.text(
                "SELECT rolcanlogin AND NOT rolsuper AND NOT rolbypassrls AND NOT rolcreaterole "
                "FROM pg_roles WHERE rolname = :name"
            ),
            {"name": APP_ROLE},
        )
    assert can_log_in is True
    upgrade(empty_database, APP_PASSWORD)
