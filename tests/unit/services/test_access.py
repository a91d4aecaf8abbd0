"""`AccessService` over memory, with real tokens and a real, quick, argon2id."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from parley.domain.access import Caller, Role
from parley.domain.audit import AuditEntry
from parley.domain.errors import (
    CredentialsWrong,
    Invalid,
    LimitExceeded,
    NotFound,
    TokenExpired,
    Unauthenticated,
)
from parley.domain.ids import ApiKeyId, TenantId
from parley.domain.tokens import (
    ACCESS_LIFETIME,
    GUEST_LIFETIME,
    REFRESH_GRACE,
    REFRESH_LIFETIME,
    VISITOR_LIFETIME,
    TokenKey,
    TokenKeys,
    _checksum,
    new_api_key,
    refresh_token,
)
from parley.domain.users import User, UserStatus
from parley.repositories.memory.access import MemoryApiKeys, MemorySessions
from parley.repositories.memory.events import MemoryAuditLog
from parley.repositories.memory.organizations import MemoryOrganizations
from parley.runtime.passwords import ArgonPasswords
from parley.runtime.tokens import SignedTokens
from parley.services.access import AccessService
from tests.contract.stores import Proofs
from tests.tenants import (
    SteppingClock,
    a_caller,
    a_tenant_id,
    a_user,
    an_entry,
    an_organization,
    new_id,
)

PASSWORD = "correct horse battery staple"


def a_key(kid: str = "k1") -> TokenKey:
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return TokenKey(kid, pem.decode())


KEYS = TokenKeys((a_key(),))
QUICK = ArgonPasswords(memory_kib=64)


@dataclass
class ThreeTries:
    """A guard that admits three tries on an account."""

    tries: dict[str, int] = field(default_factory=dict)

    def admit(self, account: str) -> None:
        self.tries[account] = self.tries.get(account, 0) + 1
        if self.tries[account] > 3:
            raise LimitExceeded("too many tries", limit="account", retry_after_s=60)

    def forget(self, account: str) -> None:
        self.tries.pop(account, None)


def _secrets() -> Callable[[], bytes]:
    numbers = count(1)
    return lambda: next(numbers).to_bytes(32)


@dataclass
class World:
    """The service, and what it stands on."""

    clock: SteppingClock = field(default_factory=SteppingClock)
    guard: ThreeTries = field(default_factory=ThreeTries)
    passwords: ArgonPasswords = QUICK

    def __post_init__(self) -> None:
        self.audit_log = MemoryAuditLog()
        self.organizations = MemoryOrganizations(self.audit_log)
        self.sessions = MemorySessions(self.audit_log)
        self.api_keys = MemoryApiKeys(self.organizations, self.audit_log)
        ports = Proofs(
            users=self.organizations.users,
            sessions=self.sessions,
            api_keys=self.api_keys,
            organizations=self.organizations,
            passwords=self.passwords,
            tokens=SignedTokens(KEYS),
            guard=self.guard,
        )
        self.access = AccessService(ports, clock=self.clock, new_id=new_id, new_secret=_secrets())

    def signed_up(self, **changes: Any) -> User:
        tenant_id = a_tenant_id()
        user = replace(a_user(tenant_id), **changes)
        self.organizations.add(
            tenant_id,
            an_organization(tenant_id),
            user,
            QUICK.hash(PASSWORD),
            an_entry(tenant_id),
        )
        return user

    def slug(self, tenant_id: TenantId) -> str:
        return self.organizations.get(tenant_id).slug

    def logged(self, tenant_id: TenantId) -> list[AuditEntry]:
        return [
            link.entry for link in self.audit_log.list(tenant_id, cursor=None, limit=100).items
        ][1:]


@pytest.fixture
def world() -> World:
    return World()


def test_a_log_in_gives_tokens_that_speak_for_the_user(world: World) -> None:
    user = world.signed_up(role=Role.SUPERVISOR)

    pair = world.access.token(f"  {user.email.upper()} ", PASSWORD)

    assert world.access.authenticate(pair.access_token) == Caller(
        user.tenant_id, user.id, Role.SUPERVISOR
    )
    assert (pair.tenant_id, pair.user_id, pair.role) == (user.tenant_id, user.id, Role.SUPERVISOR)
    assert pair.expires_in_s == ACCESS_LIFETIME.total_seconds()
    assert pair.refresh_expires_at == world.clock.now + REFRESH_LIFETIME


def test_whatever_is_wrong_with_a_log_in_the_answer_is_the_same(world: World) -> None:
    user = world.signed_up()
    suspended = world.signed_up(status=UserStatus.SUSPENDED)
    attempts = [
        (user.email, "a wrong password", None),
        ("nobody@example.com", PASSWORD, None),
        (user.email, PASSWORD, "no-such-organization"),
        (suspended.email, PASSWORD, None),
        ("no address", "", None),
        (user.email + "\ud800", PASSWORD + "\ud800", None),
        (user.email, PASSWORD + "\0", None),
    ]

    answers = set()
    for email, password, organization in attempts:
        with pytest.raises(CredentialsWrong) as error:
            world.access.token(email, password, organization=organization)
        answers.add((error.value.code, str(error.value)))

    assert len(answers) == 1


def test_an_address_in_two_organizations_must_say_which(world: World) -> None:
    user = world.signed_up()
    twin = world.signed_up(email=user.email)

    with pytest.raises(CredentialsWrong, match="name the organization"):
        world.access.token(user.email, PASSWORD)
    pair = world.access.token(user.email, PASSWORD, organization=world.slug(twin.tenant_id))

    assert pair.user_id == twin.id


def test_an_unknown_users_password_is_checked_all_the_same() -> None:
    """So that time does not tell: the hash is what takes long."""
    checked: list[str | None] = []

    class Counting(ArgonPasswords):
        def matches(self, password: str, password_hash: str | None) -> bool:
            checked.append(password_hash)
            return super().matches(password, password_hash)

    world = World(passwords=Counting(memory_kib=64))

    with pytest.raises(CredentialsWrong):
        world.access.token("nobody@example.com", PASSWORD)

    assert checked == [None]


def test_an_account_admits_no_more_tries_than_its_guard_and_a_success_starts_anew(
    world: World,
) -> None:
    user = world.signed_up()
    for _ in range(2):
        with pytest.raises(CredentialsWrong):
            world.access.token(user.email, "a wrong password")
    world.access.token(user.email, PASSWORD)
    for _ in range(3):
        with pytest.raises(CredentialsWrong):
            world.access.token(user.email.upper(), "a wrong password", organization="any")

    with pytest.raises(LimitExceeded):
        world.access.token(user.email, PASSWORD)
    assert user.email not in str(world.guard.tries)


def test_a_password_hashed_with_weaker_settings_is_hashed_anew_at_log_in() -> None:
    stronger = ArgonPasswords(memory_kib=128)
    world = World(passwords=stronger)
    user = world.signed_up()

    world.access.token(user.email, PASSWORD)

    (login,) = world.organizations.users.find_logins(user.email, None)
    assert not stronger.needs_rehash(login.password_hash)
    assert stronger.matches(PASSWORD, login.password_hash)


def test_a_suspension_that_is_over_no_longer_counts(world: World) -> None:
    user = world.signed_up(
        status=UserStatus.SUSPENDED, suspended_until=world.clock.now + timedelta(hours=1)
    )

    with pytest.raises(CredentialsWrong):
        world.access.token(user.email, PASSWORD)
    world.clock.advance(timedelta(hours=1))

    assert world.access.token(user.email, PASSWORD).user_id == user.id


def test_an_access_token_ends_and_a_refresh_gives_the_next(world: World) -> None:
    user = world.signed_up()
    pair = world.access.token(user.email, PASSWORD)

    world.clock.advance(ACCESS_LIFETIME)
    with pytest.raises(TokenExpired):
        world.access.authenticate(pair.access_token)
    renewed = world.access.refresh(pair.refresh_token)

    assert world.access.authenticate(renewed.access_token).user_id == user.id
    assert renewed.refresh_token != pair.refresh_token


def test_rotation_does_not_prolong_a_session(world: World) -> None:
    pair = world.access.token(world.signed_up().email, PASSWORD)

    for _ in range(6):
        world.clock.advance(timedelta(days=1))
        pair = world.access.refresh(pair.refresh_token)
    world.clock.advance(timedelta(hours=23, minutes=50))
    last = world.access.refresh(pair.refresh_token)
    assert last.expires_in_s == 600
    world.clock.advance(timedelta(minutes=10))

    with pytest.raises(Unauthenticated):
        world.access.refresh(last.refresh_token)


def test_an_old_refresh_token_ends_its_whole_family(world: World) -> None:
    user = world.signed_up()
    stolen = world.access.token(user.email, PASSWORD)
    current = world.access.refresh(stolen.refresh_token)
    world.clock.advance(REFRESH_GRACE + timedelta(microseconds=1))

    with pytest.raises(Unauthenticated):
        world.access.refresh(stolen.refresh_token)
    with pytest.raises(Unauthenticated):
        world.access.refresh(current.refresh_token)
    with pytest.raises(Unauthenticated):
        world.access.refresh(stolen.refresh_token)

    assert [entry.name for entry in world.logged(user.tenant_id)] == ["session.reuse_detected"]


def test_whoever_comes_second_with_a_stolen_token_the_family_ends(world: World) -> None:
    """The thief first: then it is the user's own refresh that ends what the thief has."""
    victim = world.access.token(world.signed_up().email, PASSWORD)
    thief = world.access.refresh(victim.refresh_token)
    world.clock.advance(timedelta(minutes=5))

    with pytest.raises(Unauthenticated):
        world.access.refresh(victim.refresh_token)
    with pytest.raises(Unauthenticated):
        world.access.refresh(thief.refresh_token)


def test_another_log_in_of_the_user_outlives_an_ended_family(world: World) -> None:
    user = world.signed_up()
    other = world.access.token(user.email, PASSWORD)
    stolen = world.access.token(user.email, PASSWORD)
    world.access.refresh(stolen.refresh_token)
    world.clock.advance(timedelta(minutes=1))
    with pytest.raises(Unauthenticated):
        world.access.refresh(stolen.refresh_token)

    assert world.access.refresh(other.refresh_token).user_id == user.id


def test_of_two_parallel_refreshes_one_wins_and_the_family_lives(world: World) -> None:
    """The loser within the grace is two tabs, not a thief: refused, and nothing else."""
    user = world.signed_up()
    pair = world.access.token(user.email, PASSWORD)

    with ThreadPoolExecutor(2) as pool:
        attempts = [pool.submit(world.access.refresh, pair.refresh_token) for _ in range(2)]
    winners = [attempt.result() for attempt in attempts if attempt.exception() is None]
    losers = [attempt.exception() for attempt in attempts if attempt.exception() is not None]

    assert (len(winners), [type(error) for error in losers]) == (1, [Unauthenticated])
    assert world.access.refresh(winners[0].refresh_token).user_id == user.id
    assert world.logged(user.tenant_id) == []


def test_a_suspended_user_is_not_refreshed(world: World) -> None:
    user = world.signed_up(
        status=UserStatus.SUSPENDED, suspended_until=world.clock.now + timedelta(days=1)
    )
    pair = world.access.open_session(user)

    with pytest.raises(Unauthenticated):
        world.access.refresh(pair.refresh_token)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "rt_",
        "rt_é",
        "rt_AAAA",
        "rt_" + "A" * 64,
        "rt_" + "A" * 63 + "!",
        "ck_live_x",
        "x" * 9999,
    ],
)
def test_what_is_no_refresh_token_is_refused_and_logs_nobody_out(world: World, token: str) -> None:
    with pytest.raises(Unauthenticated):
        world.access.refresh(token)
    world.access.logout(token)


def test_a_token_that_nobody_was_given_logs_nobody_out(world: World) -> None:
    user = world.signed_up()
    pair = world.access.token(user.email, PASSWORD)

    world.access.logout(refresh_token(user.tenant_id, b"?" * 32))

    assert world.access.refresh(pair.refresh_token)


def test_logging_out_ends_the_family_and_may_be_repeated(world: World) -> None:
    user = world.signed_up()
    first = world.access.token(user.email, PASSWORD)
    second = world.access.refresh(first.refresh_token)

    for token in (second.refresh_token, second.refresh_token, first.refresh_token):
        world.access.logout(token)

    with pytest.raises(Unauthenticated):
        world.access.refresh(second.refresh_token)
    assert [entry.name for entry in world.logged(user.tenant_id)] == ["session.ended"]


def test_tokens_of_one_kind_do_not_open_what_another_opens(world: World) -> None:
    user = world.signed_up()
    pair = world.access.token(user.email, PASSWORD)
    guest = world.access.guest(world.slug(user.tenant_id))

    for text in (pair.refresh_token, guest.visitor_token, "", "x.y.z"):
        with pytest.raises(Unauthenticated):
            world.access.authenticate(text)
    for text in (pair.access_token, guest.access_token):
        with pytest.raises(Unauthenticated):
            world.access.refresh(text)


def test_a_guest_is_a_customer_of_that_organization(world: World) -> None:
    user = world.signed_up()

    guest = world.access.guest(world.slug(user.tenant_id))

    caller = world.access.authenticate(guest.access_token)
    assert caller == Caller(user.tenant_id, guest.user_id, Role.CUSTOMER)
    assert caller.expires_at == world.clock.now.replace(microsecond=0) + GUEST_LIFETIME
    assert guest.expires_in_s == GUEST_LIFETIME.total_seconds()
    world.clock.advance(GUEST_LIFETIME)
    with pytest.raises(TokenExpired):
        world.access.authenticate(guest.access_token)


def test_a_visitor_who_comes_back_is_the_same_guest_and_their_visit_is_prolonged(
    world: World,
) -> None:
    slug = world.slug(world.signed_up().tenant_id)
    first = world.access.guest(slug)

    world.clock.advance(VISITOR_LIFETIME - timedelta(seconds=1))
    second = world.access.guest(slug, visitor_token=first.visitor_token)
    world.clock.advance(timedelta(days=1))
    third = world.access.guest(slug, visitor_token=second.visitor_token)

    assert first.user_id == second.user_id == third.user_id


def test_a_visitor_token_of_another_kind_or_place_or_time_makes_a_new_visitor(
    world: World,
) -> None:
    slug, elsewhere = (world.slug(world.signed_up().tenant_id) for _ in range(2))
    first = world.access.guest(slug)

    others = [
        world.access.guest(elsewhere, visitor_token=first.visitor_token),
        world.access.guest(slug, visitor_token=first.access_token),
        world.access.guest(slug, visitor_token="nonsense"),
        world.access.guest(slug),
    ]
    world.clock.advance(VISITOR_LIFETIME)
    others.append(world.access.guest(slug, visitor_token=first.visitor_token))

    assert len({first.user_id, *(guest.user_id for guest in others)}) == 6


def test_there_are_no_guests_of_an_organization_that_is_not_there_or_not_active(
    world: World,
) -> None:
    tenant_id = a_tenant_id()
    closed = an_organization(tenant_id, is_active=False)
    world.organizations.add(tenant_id, closed, a_user(tenant_id), "x", an_entry(tenant_id))

    for slug in ("nobody", closed.slug):
        with pytest.raises(NotFound):
            world.access.guest(slug)


def test_a_key_speaks_for_its_organization_until_it_is_revoked(world: World) -> None:
    user = world.signed_up()
    admin = Caller(user.tenant_id, user.id, Role.ADMIN)

    created = world.access.create_api_key(admin, " deploy ", Role.AGENT)

    assert world.access.authenticate(created.text) == Caller(
        user.tenant_id, user.id, Role.AGENT, key_id=created.key.id
    )
    assert world.access.api_keys(admin).items == [created.key]
    assert created.key.name == "deploy"
    world.access.revoke_api_key(admin, created.key.id)
    with pytest.raises(Unauthenticated):
        world.access.authenticate(created.text)
    assert [(entry.name, entry.actor_id) for entry in world.logged(user.tenant_id)] == [
        ("api_key.created", user.id),
        ("api_key.revoked", user.id),
    ]


def test_a_key_that_is_over_opens_nothing(world: World) -> None:
    user = world.signed_up()
    admin = Caller(user.tenant_id, user.id, Role.ADMIN)
    created = world.access.create_api_key(admin, "deploy")
    assert world.access.authenticate(created.text).expires_at is None
    stored = replace(created.key, expires_at=world.clock.now, id=ApiKeyId(new_id()))
    world.api_keys._keys.clear()
    world.api_keys.add(user.tenant_id, stored, an_entry(user.tenant_id))

    with pytest.raises(Unauthenticated):
        world.access.authenticate(created.text)


def test_a_key_with_one_character_changed_opens_nothing(world: World) -> None:
    user = world.signed_up()
    text = world.access.create_api_key(Caller(user.tenant_id, user.id, Role.ADMIN), "deploy").text

    for place in range(len(text)):
        changed = text[:place] + ("x" if text[place] != "x" else "y") + text[place + 1 :]
        with pytest.raises(Unauthenticated):
            world.access.authenticate(changed)


def test_a_key_with_another_secret_opens_nothing_though_its_checksum_is_right(
    world: World,
) -> None:
    user = world.signed_up()
    created = world.access.create_api_key(Caller(user.tenant_id, user.id, Role.ADMIN), "deploy")
    forged, _, _ = new_api_key(b"", b"another secret")
    _, _, _, secret = forged.split("_")
    body = f"ck_live_{created.key.prefix}_{secret[:-6]}"

    for secret_of_right_form in (
        body + _checksum(body),
        created.text.replace("ck_live", "ck_test"),
    ):
        with pytest.raises(Unauthenticated):
            world.access.authenticate(secret_of_right_form)


@pytest.mark.parametrize("role", [Role.SYSTEM, Role.CUSTOMER])
def test_a_key_cannot_be_more_than_a_member_nor_less(world: World, role: Role) -> None:
    with pytest.raises(Invalid):
        world.access.create_api_key(a_caller(a_tenant_id()), "deploy", role)


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_a_key_has_a_name(world: World, name: str) -> None:
    with pytest.raises(Invalid):
        world.access.create_api_key(a_caller(a_tenant_id()), name)
