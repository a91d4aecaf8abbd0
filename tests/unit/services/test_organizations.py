"""`OrganizationService` over memory."""

from dataclasses import replace

import pytest

from parley.domain.access import Caller, Role
from parley.domain.errors import Conflict, Invalid
from parley.domain.organizations import SLUG_PATTERN, Tier
from parley.services.organizations import OrganizationService, SignUp
from tests.tenants import new_id
from tests.unit.services.test_access import PASSWORD, QUICK, World

DRAFT = SignUp("Example Shop", "ada@example.com", PASSWORD, display_name="Ada", language="de")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def service(world: World) -> OrganizationService:
    return OrganizationService(
        world.organizations, world.access, QUICK, clock=world.clock, new_id=new_id
    )


def test_signing_up_makes_an_organization_and_its_admin_who_is_logged_in(
    world: World, service: OrganizationService
) -> None:
    signed_up = service.sign_up(replace(DRAFT, email=" Ada@Example.COM "))

    organization, admin = signed_up.organization, signed_up.admin
    caller = Caller(organization.tenant_id, admin.id, Role.ADMIN)
    assert service.get(caller) == organization
    assert (organization.slug, organization.name, organization.tier) == (
        "example-shop",
        "Example Shop",
        Tier.TRIAL,
    )
    assert (organization.default_language, organization.supported_languages) == ("de", ("de",))
    assert (admin.email, admin.display_name) == ("ada@example.com", "Ada")
    assert world.access.authenticate(signed_up.tokens.access_token) == caller
    assert world.access.token("ada@example.com", PASSWORD).user_id == admin.id


def test_signing_up_is_in_the_audit_log_without_the_password(
    world: World, service: OrganizationService
) -> None:
    signed_up = service.sign_up(DRAFT)

    (link,) = world.audit_log.list(signed_up.organization.tenant_id, cursor=None, limit=10).items
    assert (link.entry.name, link.entry.actor_id) == ("organization.signed_up", signed_up.admin.id)
    assert PASSWORD not in repr(link)
    assert "argon2" not in repr(link)


def test_a_slug_that_was_asked_for_and_is_taken_is_a_conflict(
    service: OrganizationService,
) -> None:
    service.sign_up(replace(DRAFT, slug="my-shop"))

    with pytest.raises(Conflict):
        service.sign_up(replace(DRAFT, slug="my-shop"))


@pytest.mark.parametrize("name", ["Example Shop", "日本の店", "---", "ab", "x" * 200])
def test_a_slug_made_of_the_name_is_always_a_good_one_and_nobody_elses(
    service: OrganizationService, name: str
) -> None:
    slugs = [
        service.sign_up(replace(DRAFT, organization=name, email=f"{index}@example.com"))
        for index in range(3)
    ]

    found = [signed_up.organization.slug for signed_up in slugs]
    assert len(set(found)) == 3
    assert all(SLUG_PATTERN.fullmatch(slug) for slug in found)


def test_everything_wrong_with_a_sign_up_is_said_at_once(
    world: World, service: OrganizationService
) -> None:
    with pytest.raises(Invalid) as error:
        service.sign_up(SignUp("  ", "no address", "short", slug="-Bad_"))

    assert [fault.pointer for fault in error.value.faults] == [
        "/organization",
        "/slug",
        "/email",
        "/password",
    ]
    assert world.organizations.find_by_slug("-Bad_") is None


@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        ("x" * 11, False),
        ("x" * 12, True),
        ("x" * 128, True),
        ("x" * 129, False),
        ("no digits nor capitals", True),
        ("пароль-пароль", True),
        ("long enough \ud800", False),
    ],
)
def test_a_password_is_12_to_128_characters_of_any_kind(
    service: OrganizationService, password: str, *, is_good: bool
) -> None:
    draft = replace(DRAFT, password=password)

    if is_good:
        assert service.sign_up(draft).tokens
    else:
        with pytest.raises(Invalid):
            service.sign_up(draft)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "@",
        "a@",
        "@b",
        "a@b@c",
        "a b@c.de",
        "a@c.de\nBcc: x@y.z",
        "a\0@c.de",
        "x" * 250 + "@c.de",
    ],
)
def test_an_address_that_can_be_none_is_refused(service: OrganizationService, email: str) -> None:
    with pytest.raises(Invalid):
        service.sign_up(replace(DRAFT, email=email))


def test_a_password_is_not_shown_when_a_sign_up_is_printed() -> None:
    assert PASSWORD not in repr(DRAFT)
