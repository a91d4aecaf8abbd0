"""`Database` on a real server: what goes wrong comes out as a fact of ours, never as a vendor's."""

import gc
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from parley.domain.errors import Conflict, Invalid, PlatformError, Unavailable
from parley.domain.flow_records import FlowQuery
from parley.repositories.postgres.database import Database, driver_url
from parley.repositories.postgres.flows import PostgresFlows
from tests.contract.stores import Stores, postgres_stores
from tests.tenants import a_flow, a_tenant_id, a_version, an_entry
from tools.local.ports import free_port


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    database = Database(postgres_url)
    yield database
    database.close()


@pytest.fixture
def stores(database: Database) -> Stores:
    return postgres_stores(database)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    database = Database(f"postgresql://parley_app@127.0.0.1:{free_port()}/postgres")

    with pytest.raises(Unavailable):
        database.ping()
    with pytest.raises(Unavailable):
        PostgresFlows(database).list(a_tenant_id(), FlowQuery(), cursor=None, limit=1)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_server_that_says_nothing_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """pg8000 leaves the socket of a connection that never came about to the garbage collector."""
    monkeypatch.setattr("parley.repositories.postgres.database._NETWORK_TIMEOUT_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        database = Database(f"postgresql://parley_app@127.0.0.1:{port}/postgres")

        with pytest.raises(Unavailable):
            database.ping()
    gc.collect()


def test_a_statement_that_cannot_even_be_made_is_a_mistake_of_ours(database: Database) -> None:
    with pytest.raises(RuntimeError), database.transaction(None) as connection:
        connection.execute(sa.select(sa.column("x")).where(sa.bindparam("missing")))


def test_a_server_that_answers_is_pinged(database: Database) -> None:
    database.ping()


def test_a_statement_that_takes_too_long_is_ended_by_the_server(postgres_url: str) -> None:
    database = Database(postgres_url, statement_timeout=timedelta(milliseconds=50))

    with pytest.raises(Unavailable), database.transaction(None) as connection:
        connection.execute(sa.text("SELECT pg_sleep(30)"))
    database.ping()
    database.close()


def test_a_connection_cut_between_two_transactions_is_replaced_unseen(
    database: Database, postgres_owner_url: str
) -> None:
    owner = sa.create_engine(driver_url(postgres_owner_url), poolclass=sa.NullPool)
    with database.transaction(None) as connection:
        pid = connection.scalar(sa.text("SELECT pg_backend_pid()"))

    with owner.begin() as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    with database.transaction(None) as connection:
        assert connection.scalar(sa.text("SELECT pg_backend_pid()")) != pid


def test_a_connection_cut_within_a_transaction_is_unavailable_and_the_next_one_works(
    database: Database, postgres_owner_url: str
) -> None:
    owner = sa.create_engine(driver_url(postgres_owner_url), poolclass=sa.NullPool)

    def cut_within_a_transaction() -> None:
        with database.transaction(None) as connection:
            pid = connection.scalar(sa.text("SELECT pg_backend_pid()"))
            with owner.begin() as other:
                other.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
            connection.execute(sa.text("SELECT 1"))

    with pytest.raises(Unavailable):
        cut_within_a_transaction()

    database.ping()
    gc.collect()


def test_what_a_transaction_did_before_it_failed_is_undone(stores: Stores) -> None:
    """A flow, its version and its audit entry are one: that entry is there, so none is stored."""
    tenant_id = stores.tenant()
    flow = a_flow(tenant_id)
    entry = an_entry(tenant_id)
    stores.flows.add(tenant_id, flow, a_version(flow), entry)
    second = a_flow(tenant_id)

    with pytest.raises(Conflict):
        stores.flows.add(tenant_id, second, a_version(second), entry)

    assert stores.flows.find_by_name(tenant_id, second.name) is None


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_a_text_that_postgresql_cannot_hold_is_invalid(stores: Stores, text: str) -> None:
    tenant_id = stores.tenant()

    with pytest.raises(Invalid):
        stores.flows.list(tenant_id, FlowQuery(q=text), cursor=None, limit=1)
    with pytest.raises(Invalid):
        stores.flows.find_by_name(tenant_id, text)


def test_an_answer_left_unread_is_never_taken_for_the_next_ones(stores: Stores) -> None:
    """The driver sends a statement before it finds a value that it cannot encode."""
    first, second = stores.tenant(), stores.tenant()
    flow = a_flow(first)
    stores.flows.add(first, flow, a_version(flow), an_entry(first))
    with pytest.raises(Invalid):
        stores.flows.list(first, FlowQuery(q=flow.name + "\ud800"), cursor=None, limit=1)

    assert stores.flows.list(second, FlowQuery(), cursor=None, limit=1).items == []
    assert stores.flows.list(first, FlowQuery(), cursor=None, limit=1).items == [flow]


def test_a_mistake_of_ours_is_neither_a_vendors_error_nor_worth_a_retry(
    database: Database,
) -> None:
    with (
        pytest.raises(RuntimeError, match="42P01") as error,
        database.transaction(None) as connection,
    ):
        connection.execute(sa.text("SELECT * FROM core.no_such_table"))

    assert not isinstance(error.value, PlatformError)


def test_a_pool_that_is_used_up_is_unavailable(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.repositories.postgres.database._POOL_TIMEOUT_S", 0.05)
    release, holding = threading.Event(), threading.Barrier(3, timeout=10)

    def hold() -> None:
        with database.transaction(None):
            holding.wait()
            release.wait(10)

    holders = [threading.Thread(target=hold) for _ in range(2)]
    for holder in holders:
        holder.start()
    holding.wait()
    try:
        with pytest.raises(Unavailable):
            database.ping()
    finally:
        release.set()
        for holder in holders:
            holder.join()


@pytest.mark.parametrize(
    "url", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+pg8000://u@h/d"]
)
def test_an_address_may_be_written_without_the_driver(url: str) -> None:
    assert driver_url(url) == "postgresql+pg8000://u@h/d"
