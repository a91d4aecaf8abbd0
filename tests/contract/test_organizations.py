"""The ports `Organizations` and `Users`: memory and PostgreSQL behave alike."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from parley.domain.access import Role
from parley.domain.errors import Conflict, NotFound
from parley.domain.ids import UserId
from parley.domain.organizations import Limits, Tier
from parley.domain.users import UserStatus
from tests.contract.stores import A_HASH, KINDS, Stores, opened
from tests.tenants import NOW, a_tenant_id, a_user, an_entry, an_organization, new_id


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    yield from opened(request)


def test_an_organization_comes_back_as_it_was_stored(stores: Stores) -> None:
    tenant_id = a_tenant_id()
    organization = an_organization(
        tenant_id,
        name="Ärzte & Söhne",
        tier=Tier.STARTER,
        trial_ends_at=NOW + timedelta(days=14),
        limits=Limits(max_users=3),
        timezone="Asia/Tokyo",
        default_language="ja",
        supported_languages=("ja", "en"),
        settings={"colour": "blue"},
    )
    admin = a_user(tenant_id, display_name="Ada", role=Role.ADMIN)

    stores.organizations.add(tenant_id, organization, admin, A_HASH, an_entry(tenant_id))

    assert stores.organizations.get(tenant_id) == organization
    assert stores.organizations.find_by_slug(organization.slug) == organization
    assert stores.users.get(tenant_id, admin.id) == admin


def test_a_slug_is_taken_once_and_a_refused_sign_up_leaves_nothing(stores: Stores) -> None:
    taken = stores.organizations.get(stores.tenant())
    tenant_id = a_tenant_id()
    admin = a_user(tenant_id)

    with pytest.raises(Conflict):
        stores.organizations.add(
            tenant_id,
            an_organization(tenant_id, slug=taken.slug),
            admin,
            A_HASH,
            an_entry(tenant_id),
        )

    assert stores.organizations.find_by_slug(taken.slug) == taken
    assert stores.users.find_logins(admin.email, None) == []


def test_an_organization_that_is_not_active_is_not_found_by_its_slug(stores: Stores) -> None:
    admin = stores.signed_up(is_active=False)
    slug = stores.organizations.get(admin.tenant_id).slug

    assert stores.organizations.find_by_slug(slug) is None
    assert stores.users.find_logins(admin.email, None) == []


def test_there_is_no_organization_that_nobody_signed_up(stores: Stores) -> None:
    with pytest.raises(NotFound):
        stores.organizations.get(a_tenant_id())
    assert stores.organizations.find_by_slug("nobody") is None


@pytest.mark.parametrize("spelled", ["Ada.Lovelace@Example.com", "ada.lovelace@example.com"])
def test_an_address_is_unique_within_its_organization_in_any_case(
    stores: Stores, spelled: str
) -> None:
    tenant_id = stores.tenant()
    stores.users.add(
        tenant_id,
        a_user(tenant_id, email="ada.lovelace@example.com"),
        A_HASH,
        an_entry(tenant_id),
    )

    with pytest.raises(Conflict):
        stores.users.add(tenant_id, a_user(tenant_id, email=spelled), A_HASH, an_entry(tenant_id))


def test_log_ins_of_an_address_in_two_organizations_are_both_found_or_the_one_asked_for(
    stores: Stores,
) -> None:
    first = stores.signed_up()
    second = stores.signed_up()
    theirs = a_user(second.tenant_id, email=first.email)
    stores.users.add(second.tenant_id, theirs, A_HASH, an_entry(second.tenant_id))
    slug = stores.organizations.get(second.tenant_id).slug

    everywhere = stores.users.find_logins(first.email, None)
    there = stores.users.find_logins(first.email, slug)

    assert {login.user.tenant_id for login in everywhere} == {first.tenant_id, second.tenant_id}
    assert [(login.user, login.password_hash) for login in there] == [(theirs, A_HASH)]
    assert stores.users.find_logins(first.email, "no-such-slug") == []


def test_at_most_two_log_ins_are_looked_at(stores: Stores) -> None:
    email = f"{new_id()}@example.com"
    for _ in range(3):
        tenant_id = stores.tenant()
        stores.users.add(tenant_id, a_user(tenant_id, email=email), A_HASH, an_entry(tenant_id))

    assert len(stores.users.find_logins(email, None)) == 2


def test_a_suspension_comes_back(stores: Stores) -> None:
    tenant_id = stores.tenant()
    user = a_user(tenant_id, status=UserStatus.SUSPENDED, suspended_until=NOW)

    stores.users.add(tenant_id, user, A_HASH, an_entry(tenant_id))

    assert stores.users.get(tenant_id, user.id) == user


def test_a_new_password_hash_replaces_the_old(stores: Stores) -> None:
    admin = stores.signed_up()
    later = NOW + timedelta(days=1)
    new_hash = A_HASH.replace("aGFzaA", "YW5ldw")

    stores.users.set_password_hash(admin.tenant_id, admin.id, new_hash, at=later)

    (login,) = stores.users.find_logins(admin.email, None)
    assert login.password_hash == new_hash
    assert login.user == replace(admin, updated_at=later, row_version=2)


@pytest.mark.parametrize("user_id", ["no-uuid", "0190b0c0-0000-7000-8000-000000000000"])
def test_a_user_that_is_not_there_is_not_found(stores: Stores, user_id: str) -> None:
    tenant_id = stores.tenant()

    with pytest.raises(NotFound):
        stores.users.get(tenant_id, UserId(user_id))
    with pytest.raises(NotFound):
        stores.users.set_password_hash(tenant_id, UserId(user_id), A_HASH, at=NOW)
