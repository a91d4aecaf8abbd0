"""The tenant wall itself: what the functions' role may see and do when code forgets to ask.

Every statement here is SQL of the test's own, without the filter that repositories always set.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from parley.domain.ids import TenantId
from parley.domain.queued import EventQueued
from parley.domain.tokens import hashed
from parley.repositories.postgres.database import Database, driver_url, sqlstate
from parley.repositories.postgres.tables import METADATA
from tests.contract.stores import Stores, postgres_stores
from tests.tenants import (
    NOW,
    a_flow,
    a_session,
    a_version,
    an_api_key,
    an_entry,
    new_id,
    published,
)

TABLES = sorted(METADATA.tables)
INSUFFICIENT_PRIVILEGE = "42501"


@pytest.fixture(scope="module")
def app_engine(postgres_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(driver_url(postgres_url), poolclass=sa.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def owner_engine(postgres_owner_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(driver_url(postgres_owner_url), poolclass=sa.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def stores(postgres_url: str) -> Iterator[Stores]:
    database = Database(postgres_url)
    yield postgres_stores(database)
    database.close()


@pytest.fixture(scope="module")
def full_tenants(stores: Stores) -> tuple[TenantId, TenantId]:
    """Two tenants with a row in every table."""
    first, second = (_filled(stores) for _ in range(2))
    return first, second


def _filled(stores: Stores) -> TenantId:
    admin = stores.signed_up()
    tenant_id = admin.tenant_id
    stores.sessions.add(tenant_id, a_session(tenant_id, admin.id), hashed(uuid.uuid4().bytes))
    stores.api_keys.add(tenant_id, an_api_key(tenant_id, admin.id), an_entry(tenant_id))
    flow = a_flow(tenant_id)
    stores.flows.add(tenant_id, flow, a_version(flow), an_entry(tenant_id))
    stores.flows.publish(tenant_id, published(flow), flow.latest_version, an_entry(tenant_id))
    event = EventQueued(tenant_id=tenant_id, id=new_id(), name="x", at=NOW, data={})
    stores.events.add(tenant_id, event)
    return tenant_id


@contextmanager
def _as_tenant(engine: sa.Engine, tenant_id: str | None) -> Iterator[sa.Connection]:
    """A transaction that is rolled back at the end."""
    with engine.connect() as connection:
        if tenant_id is not None:
            connection.execute(
                sa.text("SELECT set_config('parley.tenant_id', :t, true)"), {"t": tenant_id}
            )
        yield connection


def _count(connection: sa.Connection, table: str) -> int | None:
    return connection.scalar(sa.select(sa.func.count()).select_from(METADATA.tables[table]))


def _refused(connection: sa.Connection, statement: str, **values: str) -> str | None:
    """The state with which PostgreSQL refuses a statement."""
    with pytest.raises(SQLAlchemyError) as error:
        connection.execute(sa.text(statement), values)
    return sqlstate(error.value)


@pytest.mark.parametrize("table", TABLES)
def test_without_the_filter_a_tenant_sees_its_own_rows_and_no_others(
    app_engine: sa.Engine, full_tenants: tuple[TenantId, TenantId], table: str
) -> None:
    first, _ = full_tenants

    with _as_tenant(app_engine, first) as connection:
        seen = {
            str(tenant_id)
            for tenant_id in connection.scalars(sa.select(METADATA.tables[table].c.tenant_id))
        }

    assert seen == {first}


@pytest.mark.parametrize("tenant_id", [None, ""])
@pytest.mark.parametrize("table", TABLES)
def test_a_transaction_opened_for_nobody_sees_nothing(
    app_engine: sa.Engine,
    full_tenants: tuple[TenantId, TenantId],
    table: str,
    tenant_id: str | None,
) -> None:
    del full_tenants

    with _as_tenant(app_engine, tenant_id) as connection:
        assert _count(connection, table) == 0


@pytest.mark.parametrize("table", TABLES)
def test_the_setting_ends_with_its_transaction(
    postgres_url: str, full_tenants: tuple[TenantId, TenantId], table: str
) -> None:
    """A pooled connection passes from tenant to tenant: nothing of one is left for the next."""
    engine = sa.create_engine(driver_url(postgres_url), pool_size=1, max_overflow=0)
    with _as_tenant(engine, full_tenants[0]) as connection:
        assert _count(connection, table)
    with _as_tenant(engine, None) as connection:
        assert _count(connection, table) == 0
    engine.dispose()


@pytest.mark.parametrize("table", TABLES)
def test_every_table_forces_its_policy_on_its_owner_too(
    owner_engine: sa.Engine, table: str
) -> None:
    with owner_engine.connect() as connection:
        (walled,) = connection.execute(
            sa.text(
                "SELECT relrowsecurity, relforcerowsecurity, "
                "pg_get_userbyid(relowner) <> 'parley_app' "
                "FROM pg_class WHERE oid = CAST(:name AS regclass)"
            ),
            {"name": table},
        ).all()

    assert tuple(walled) == (True, True, True)


def test_no_table_was_forgotten(owner_engine: sa.Engine) -> None:
    with owner_engine.connect() as connection:
        tables = connection.scalars(
            sa.text(
                "SELECT n.nspname || '.' || c.relname FROM pg_class c "
                "JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE n.nspname IN ('core', 'audit') AND c.relkind IN ('r', 'p', 'v', 'm')"
            )
        ).all()

    assert sorted(tables) == TABLES


def test_every_index_begins_with_the_tenant_but_for_those_asked_before_it_is_known(
    owner_engine: sa.Engine,
) -> None:
    with owner_engine.connect() as connection:
        others = connection.scalars(
            sa.text(
                "SELECT indexname FROM pg_indexes WHERE schemaname IN ('core', 'audit') "
                "AND indexdef NOT LIKE '%(tenant_id%' ORDER BY indexname"
            )
        ).all()

    assert others == ["api_keys_prefix_key", "organizations_slug_key", "users_login_idx"]


def test_the_functions_role_owns_nothing_and_may_not_pass_policies(
    owner_engine: sa.Engine,
) -> None:
    with owner_engine.connect() as connection:
        owned = connection.scalar(
            sa.text(
                "SELECT (SELECT count(*) FROM pg_class WHERE relowner = r.oid) + "
                "(SELECT count(*) FROM pg_proc WHERE proowner = r.oid) + "
                "(SELECT count(*) FROM pg_namespace WHERE nspowner = r.oid) + "
                "(SELECT count(*) FROM pg_auth_members WHERE member = r.oid) "
                "FROM pg_roles r WHERE rolname = 'parley_app'"
            )
        )
        powers = connection.execute(
            sa.text(
                "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication "
                "FROM pg_roles WHERE rolname IN ('parley_app', 'parley_lookup')"
            )
        ).all()

    assert owned == 0
    assert [tuple(row) for row in powers] == [(False,) * 5] * 2


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "verb", ["DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET tenant_id = tenant_id"]
)
def test_the_functions_role_cannot_delete_nor_move_rows(
    app_engine: sa.Engine, full_tenants: tuple[TenantId, TenantId], table: str, verb: str
) -> None:
    with _as_tenant(app_engine, full_tenants[0]) as connection:
        assert _refused(connection, verb.format(table)) == INSUFFICIENT_PRIVILEGE


def test_a_row_cannot_be_written_for_another_tenant(
    app_engine: sa.Engine, full_tenants: tuple[TenantId, TenantId]
) -> None:
    first, second = full_tenants

    with _as_tenant(app_engine, first) as connection:
        refused = _refused(
            connection,
            "INSERT INTO audit.events (tenant_id, id, name, at, ordinal, data) "
            "VALUES (:other, 'x', 'x', now(), 0, '{}')",
            other=second,
        )

    assert refused == INSUFFICIENT_PRIVILEGE


def test_another_tenants_row_is_not_changed(
    app_engine: sa.Engine, full_tenants: tuple[TenantId, TenantId]
) -> None:
    first, second = full_tenants

    with _as_tenant(app_engine, first) as connection:
        changed = connection.execute(
            sa.text(
                "UPDATE core.flows SET status = 'archived', is_default = false "
                "WHERE tenant_id = :other"
            ),
            {"other": second},
        ).rowcount

    assert changed == 0


def test_a_look_up_tells_ids_and_nothing_else(
    app_engine: sa.Engine, owner_engine: sa.Engine
) -> None:
    with owner_engine.connect() as connection:
        functions = connection.execute(
            sa.text(
                "SELECT proname, pg_get_function_result(oid), prosecdef, proconfig, "
                "pg_get_userbyid(proowner) "
                "FROM pg_proc WHERE pronamespace = CAST('core' AS regnamespace) AND prosecdef "
                "ORDER BY proname"
            )
        ).all()
    with app_engine.connect() as connection:
        refused = _refused(connection, "SET ROLE parley_lookup")

    path = ["search_path=pg_catalog, pg_temp"]
    assert [tuple(row) for row in functions] == [
        ("logins_of_email", "TABLE(tenant_id uuid, user_id uuid)", True, path, "parley_lookup"),
        ("organization_of_key", "uuid", True, path, "parley_lookup"),
        ("organization_of_slug", "uuid", True, path, "parley_lookup"),
    ]
    assert refused == INSUFFICIENT_PRIVILEGE


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core.flow_versions SET document = '{}'",
        "UPDATE core.flow_versions SET status = 'draft', published_at = NULL",
        "UPDATE core.flow_versions SET change_description = 'other'",
        "UPDATE core.flow_versions SET calls = '{}'",
        "DELETE FROM core.flow_versions",
        "UPDATE audit.audit_log SET actor_id = 'somebody else'",
        "DELETE FROM audit.audit_log",
        "TRUNCATE audit.audit_log",
        "UPDATE audit.events SET data = '{}'",
        "TRUNCATE audit.events",
        "INSERT INTO audit.audit_log SELECT * FROM audit.audit_log LIMIT 1",
    ],
)
def test_not_even_the_owner_changes_what_is_published_or_logged(
    owner_engine: sa.Engine, full_tenants: tuple[TenantId, TenantId], statement: str
) -> None:
    del full_tenants

    with owner_engine.connect() as connection:
        assert _refused(connection, statement) == "23000"


def test_an_audit_entry_that_leaves_a_gap_is_refused(
    app_engine: sa.Engine, full_tenants: tuple[TenantId, TenantId]
) -> None:
    with _as_tenant(app_engine, full_tenants[0]) as connection:
        refused = _refused(
            connection,
            "INSERT INTO audit.audit_log SELECT (jsonb_populate_record(l, jsonb_build_object("
            "'number', 999, 'id', gen_random_uuid()))).* FROM audit.audit_log l LIMIT 1",
        )

    assert refused == "23000"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core.flow_versions SET source = 'other' WHERE flow_id = :id",
        "UPDATE core.flow_versions SET tests = '{}' WHERE flow_id = :id",
    ],
)
def test_a_draft_versions_content_never_changes_either(
    stores: Stores, owner_engine: sa.Engine, statement: str
) -> None:
    tenant_id = stores.tenant()
    flow = a_flow(tenant_id)
    stores.flows.add(tenant_id, flow, a_version(flow), an_entry(tenant_id))

    with owner_engine.connect() as connection:
        refused = _refused(connection, statement, id=flow.id)

    assert refused == "23000"


def test_a_tenant_has_one_default_flow_whatever_is_written(
    app_engine: sa.Engine, full_tenants: tuple[TenantId, TenantId], stores: Stores
) -> None:
    tenant_id, _ = full_tenants
    second = a_flow(tenant_id)
    stores.flows.add(tenant_id, second, a_version(second), an_entry(tenant_id))
    stores.flows.publish(tenant_id, published(second), second.latest_version, an_entry(tenant_id))

    with _as_tenant(app_engine, tenant_id) as connection:
        refused = _refused(connection, "UPDATE core.flows SET is_default = true")

    assert refused == "23505"
