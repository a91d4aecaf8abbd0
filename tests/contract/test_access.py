"""The ports `Sessions` and `ApiKeys`: memory and PostgreSQL behave alike."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from parley.domain.access import Role
from parley.domain.errors import Conflict, Invalid, NotFound
from parley.domain.ids import ApiKeyId
from parley.domain.tokens import Session, SpentToken
from tests.contract.stores import KINDS, Stores, opened
from tests.tenants import NOW, a_session, an_api_key, an_entry

LATER = NOW + timedelta(hours=1)


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    yield from opened(request)


def _hash() -> bytes:
    return secrets.token_bytes(32)


def _session(stores: Stores, token_hash: bytes) -> Session:
    admin = stores.signed_up()
    session = a_session(admin.tenant_id, admin.id)
    stores.sessions.add(admin.tenant_id, session, token_hash)
    return session


def test_a_token_is_spent_for_the_next(stores: Stores) -> None:
    first, second, third = _hash(), _hash(), _hash()
    session = _session(stores, first)

    assert stores.sessions.rotate(session.tenant_id, first, second, at=LATER) == session
    assert stores.sessions.rotate(session.tenant_id, first, third, at=LATER) is None
    assert stores.sessions.rotate(session.tenant_id, second, third, at=LATER) == session


def test_of_eight_who_spend_one_token_at_once_one_wins(stores: Stores) -> None:
    token = _hash()
    session = _session(stores, token)

    def rotate() -> Session | None:
        return stores.sessions.rotate(session.tenant_id, token, _hash(), at=LATER)

    with ThreadPoolExecutor(8) as pool:
        outcomes = [attempt.result() for attempt in [pool.submit(rotate) for _ in range(8)]]

    assert sorted(outcome is not None for outcome in outcomes) == [False] * 7 + [True]


def test_a_token_unknown_or_over_or_revoked_is_not_rotated(stores: Stores) -> None:
    token, revoked = _hash(), _hash()
    session = _session(stores, token)
    gone = _session(stores, revoked)
    stores.sessions.revoke(gone.tenant_id, gone.id, an_entry(gone.tenant_id), at=NOW)

    assert stores.sessions.rotate(session.tenant_id, _hash(), _hash(), at=LATER) is None
    assert stores.sessions.rotate(session.tenant_id, token, _hash(), at=session.expires_at) is None
    assert stores.sessions.rotate(gone.tenant_id, revoked, _hash(), at=LATER) is None


def test_a_spent_token_says_when_and_of_which_session(stores: Stores) -> None:
    first, second = _hash(), _hash()
    session = _session(stores, first)
    stores.sessions.rotate(session.tenant_id, first, second, at=LATER)

    assert stores.sessions.find_spent(session.tenant_id, first) == SpentToken(session, LATER)
    assert stores.sessions.find_spent(session.tenant_id, second) is None
    assert stores.sessions.find_spent(session.tenant_id, _hash()) is None
    assert stores.sessions.find(session.tenant_id, first) == session
    assert stores.sessions.find(session.tenant_id, second) == session
    assert stores.sessions.find(session.tenant_id, _hash()) is None


def test_a_family_ends_once(stores: Stores) -> None:
    token = _hash()
    session = _session(stores, token)
    entry = an_entry(session.tenant_id, "session.ended")

    first = stores.sessions.revoke(session.tenant_id, session.id, entry, at=LATER)
    second = stores.sessions.revoke(
        session.tenant_id, session.id, an_entry(session.tenant_id), at=LATER
    )

    assert (first, second) == (True, False)
    assert stores.sessions.find(session.tenant_id, token) == replace(session, revoked_at=LATER)
    logged = stores.audit_log.list(session.tenant_id, cursor=None, limit=10).items
    assert logged[-1].entry == entry


def test_a_key_comes_back_as_it_was_stored(stores: Stores) -> None:
    admin = stores.signed_up()
    key = an_api_key(admin.tenant_id, admin.id, role=Role.AGENT, expires_at=LATER)

    stores.api_keys.add(admin.tenant_id, key, an_entry(admin.tenant_id))

    assert stores.api_keys.find_by_prefix(key.prefix) == key
    assert stores.api_keys.list(admin.tenant_id, cursor=None, limit=10).items == [key]


def test_a_prefix_is_taken_once_whoever_has_it(stores: Stores) -> None:
    admin, other = stores.signed_up(), stores.signed_up()
    key = an_api_key(admin.tenant_id, admin.id)
    stores.api_keys.add(admin.tenant_id, key, an_entry(admin.tenant_id))

    with pytest.raises(Conflict):
        stores.api_keys.add(
            other.tenant_id,
            an_api_key(other.tenant_id, other.id, prefix=key.prefix),
            an_entry(other.tenant_id),
        )

    assert stores.api_keys.find_by_prefix(key.prefix) == key


def test_a_prefix_nobody_has_finds_nothing_nor_does_one_of_a_closed_organization(
    stores: Stores,
) -> None:
    closed = stores.signed_up(is_active=False)
    key = an_api_key(closed.tenant_id, closed.id)
    stores.api_keys.add(closed.tenant_id, key, an_entry(closed.tenant_id))

    assert stores.api_keys.find_by_prefix("nobodys0") is None
    assert stores.api_keys.find_by_prefix(key.prefix) is None


def test_a_key_is_revoked_once_and_stays(stores: Stores) -> None:
    admin = stores.signed_up()
    key = an_api_key(admin.tenant_id, admin.id)
    stores.api_keys.add(admin.tenant_id, key, an_entry(admin.tenant_id))

    for at in (LATER, LATER + timedelta(days=1)):
        stores.api_keys.revoke(admin.tenant_id, key.id, an_entry(admin.tenant_id), at=at)

    assert stores.api_keys.find_by_prefix(key.prefix) == replace(key, revoked_at=LATER)
    assert len(stores.audit_log.list(admin.tenant_id, cursor=None, limit=10).items) == 3


@pytest.mark.parametrize("key_id", ["no-uuid", "0190b0c0-0000-7000-8000-000000000000"])
def test_a_key_that_is_not_there_is_not_found(stores: Stores, key_id: str) -> None:
    tenant_id = stores.tenant()

    with pytest.raises(NotFound):
        stores.api_keys.revoke(tenant_id, ApiKeyId(key_id), an_entry(tenant_id), at=NOW)


def test_keys_are_listed_oldest_first_in_pages(stores: Stores) -> None:
    admin = stores.signed_up()
    keys = [
        an_api_key(admin.tenant_id, admin.id, created_at=NOW + timedelta(hours=index // 2))
        for index in range(5)
    ]
    for key in reversed(keys):
        stores.api_keys.add(admin.tenant_id, key, an_entry(admin.tenant_id))

    first = stores.api_keys.list(admin.tenant_id, cursor=None, limit=3)
    second = stores.api_keys.list(admin.tenant_id, cursor=first.next_cursor, limit=3)

    assert [*first.items, *second.items] == keys
    assert second.next_cursor is None
    with pytest.raises(Invalid):
        stores.api_keys.list(admin.tenant_id, cursor="x", limit=3)
