"""What a copy of the whole database would give away: no password, token or key."""

import base64
import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa

from parley.domain.access import Caller, Role
from parley.domain.errors import Unauthenticated
from parley.domain.tokens import REFRESH_GRACE, TokenPair, _checksum
from parley.repositories.postgres.database import Database, driver_url
from parley.repositories.postgres.tables import METADATA
from parley.runtime.passwords import ArgonPasswords
from parley.runtime.tokens import SignedTokens
from parley.services.access import AccessService
from parley.services.organizations import OrganizationService, SignedUp, SignUp
from tests.contract.stores import Proofs, Stores, postgres_stores
from tests.tenants import SteppingClock, new_id
from tests.unit.services.test_access import KEYS, ThreeTries

PASSWORD = "a canary of a password"


@dataclass
class House:
    """The services of access over PostgreSQL."""

    database: Database
    stores: Stores
    clock: SteppingClock
    access: AccessService
    organizations: OrganizationService

    def signed_up(self) -> SignedUp:
        return self.organizations.sign_up(
            SignUp(f"Shop {new_id()}", f"{new_id()}@example.com", PASSWORD)
        )


@pytest.fixture
def house(postgres_url: str) -> Iterator[House]:
    database = Database(postgres_url)
    stores = postgres_stores(database)
    passwords = ArgonPasswords(memory_kib=64)
    clock = SteppingClock()
    ports = Proofs(
        users=stores.users,
        sessions=stores.sessions,
        api_keys=stores.api_keys,
        organizations=stores.organizations,
        passwords=passwords,
        tokens=SignedTokens(KEYS),
        guard=ThreeTries(),
    )
    access = AccessService(
        ports, clock=clock, new_id=new_id, new_secret=lambda: secrets.token_bytes(32)
    )
    organizations = OrganizationService(
        stores.organizations, access, passwords, clock=clock, new_id=new_id
    )
    yield House(database, stores, clock, access, organizations)
    database.close()


def _dump(owner_url: str) -> str:
    """Every row of every table as text, byte strings in every way they may be written."""
    engine = sa.create_engine(driver_url(owner_url), poolclass=sa.NullPool)
    lines = []
    with engine.connect() as connection:
        for table in METADATA.sorted_tables:
            for row in connection.execute(sa.select(table)):
                for value in row:
                    if isinstance(value, bytes):
                        lines += [value.hex(), base64.urlsafe_b64encode(value).decode()]
                    else:
                        lines.append(json.dumps(value, default=str, ensure_ascii=False))
    return "\n".join(lines)


def test_no_password_token_or_key_is_in_any_table(house: House, postgres_owner_url: str) -> None:
    signed_up = house.signed_up()
    admin = Caller(signed_up.organization.tenant_id, signed_up.admin.id, Role.ADMIN)
    logged_in = house.access.token(signed_up.admin.email, PASSWORD)
    refreshed = house.access.refresh(logged_in.refresh_token)
    guest = house.access.guest(signed_up.organization.slug)
    created = house.access.create_api_key(admin, "deploy")
    assert house.access.authenticate(created.text).key_id == created.key.id

    dump = _dump(postgres_owner_url)

    key_secret = created.text.rpartition("_")[2]
    pairs: list[TokenPair] = [signed_up.tokens, logged_in, refreshed]
    for secret in (
        PASSWORD,
        created.text,
        key_secret,
        key_secret[:-6],
        guest.access_token,
        guest.visitor_token,
        *(pair.access_token for pair in pairs),
        *(pair.refresh_token for pair in pairs),
        *(pair.refresh_token.removeprefix("rt_")[-43:] for pair in pairs),
    ):
        assert secret not in dump
    assert created.key.prefix in dump
    assert signed_up.admin.email in dump


def test_a_key_with_a_wrong_prefix_costs_what_one_with_a_wrong_secret_costs(
    house: House,
) -> None:
    """The same statements are run, so time tells nothing about which prefixes there are."""
    signed_up = house.signed_up()
    admin = Caller(signed_up.organization.tenant_id, signed_up.admin.id, Role.ADMIN)
    known = house.access.create_api_key(admin, "deploy").key.prefix
    statements: list[str] = []
    engine = house.database._engine
    sa.event.listen(engine, "before_cursor_execute", lambda *ran: statements.append(ran[2]))

    def ran_for(prefix: str) -> list[str]:
        statements.clear()
        body = f"ck_live_{prefix}_{'0' * 43}"
        with pytest.raises(Unauthenticated):
            house.access.authenticate(body + _checksum(body))
        return list(statements)

    assert ran_for(known) == ran_for("nobodys0")
    assert len(ran_for(known)) == 4


def test_of_two_parallel_refreshes_one_wins_and_an_old_token_then_ends_the_family(
    house: House,
) -> None:
    first = house.signed_up().tokens

    with ThreadPoolExecutor(2) as pool:
        attempts = [pool.submit(house.access.refresh, first.refresh_token) for _ in range(2)]
    winners = [attempt.result() for attempt in attempts if attempt.exception() is None]
    losers = [type(attempt.exception()) for attempt in attempts if attempt.exception()]
    assert (len(winners), losers) == (1, [Unauthenticated])

    current = house.access.refresh(winners[0].refresh_token)
    house.clock.advance(REFRESH_GRACE + timedelta(seconds=1))
    with pytest.raises(Unauthenticated):
        house.access.refresh(first.refresh_token)
    with pytest.raises(Unauthenticated):
        house.access.refresh(current.refresh_token)

    entries = house.stores.audit_log.list(first.tenant_id, cursor=None, limit=10).items
    assert [link.entry.name for link in entries] == [
        "organization.signed_up",
        "session.reuse_detected",
    ]
