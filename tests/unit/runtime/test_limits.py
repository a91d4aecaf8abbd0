"""Who may call how often, and what happens when nobody can count."""

from collections.abc import Sequence

import pytest

from parley.domain.access import Caller, Role
from parley.domain.errors import LimitExceeded, Unavailable
from parley.domain.ids import TenantId, UserId
from parley.domain.rates import Claim, Rate, Standing
from parley.repositories.memory.rates import MemoryRates
from parley.runtime.limits import AWAY_S, LOG_IN, USUAL, Limiter, Limits, customers_at
from parley.services.ports.rates import Rates

TENANT = TenantId("t-1")
ADA = Caller(TENANT, UserId("ada"), Role.ADMIN)
KEY = Caller(TENANT, UserId("ada"), Role.ADMIN, key_id="k-1")
CUSTOMERS = Limits(Rate("customers", 5, 60), Rate("customer", 2, 60), Rate("crowd", 4, 60))
LIMITS = Limits(Rate("tenant", 5, 60), Rate("caller", 3, 60), Rate("address", 4, 60))


class World:
    """A clock to move, and a shared count that can go away."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.is_away = False
        self.asked = 0
        self._counts: dict[TenantId, Rates] = {}
        self.limiter = Limiter(self._shared, customers=CUSTOMERS, now_s=lambda: self.now_s)

    def _shared(self, tenant_id: TenantId) -> Rates:
        return Shared(self, self._counts.setdefault(tenant_id, MemoryRates(self._now_us)))

    def _now_us(self) -> int:
        return int(self.now_s * 1_000_000)

    def calls(self, caller: Caller, address: str = "a-1", limits: Limits = LIMITS) -> int:
        """How many calls in a row get through."""
        for number in range(100):
            try:
                self.limiter.take(limits, caller.tenant_id, caller, address)
            except LimitExceeded:
                return number
        return 100


class Shared:
    """A shared count, as far as the world lets it answer."""

    def __init__(self, world: World, rates: Rates) -> None:
        self._world = world
        self._rates = rates

    def take(self, claims: Sequence[Claim]) -> Sequence[Standing]:
        self._world.asked += 1
        if self._world.is_away:
            raise Unavailable("away")
        return self._rates.take(claims)

    def look(self, claims: Sequence[Claim]) -> Sequence[Standing]:
        self._world.asked += 1
        if self._world.is_away:
            raise Unavailable("away")
        return self._rates.look(claims)

    def forget(self, claim: Claim) -> None:
        self._rates.forget(claim)


def test_the_tightest_limit_decides() -> None:
    assert World().calls(ADA) == 3


def test_a_key_and_a_person_count_apart_and_share_the_tenants_limit() -> None:
    world = World()

    assert (world.calls(ADA), world.calls(KEY)) == (3, 1)  # the address allows 4


def test_a_tenant_is_limited_whoever_calls_from_wherever() -> None:
    world = World()
    people = [Caller(TENANT, UserId(f"u-{n}"), Role.AGENT) for n in range(4)]

    assert sum(world.calls(one, f"a-{n}") for n, one in enumerate(people)) == 5


def test_another_tenant_is_not_touched() -> None:
    world = World()
    world.calls(ADA)

    assert world.calls(Caller(TenantId("t-2"), UserId("ada"), Role.ADMIN)) == 3


def test_a_customer_has_limits_of_their_own() -> None:
    """Two calls each, four from one address, five of the tenant."""
    world = World()
    guests = [Caller(TENANT, UserId(f"g-{n}"), Role.CUSTOMER) for n in range(5)]

    assert [world.calls(guest, "a-1") for guest in guests[:3]] == [2, 2, 0]
    assert [world.calls(guest, "a-2") for guest in guests[3:]] == [1, 0]


def test_customers_cannot_shut_out_the_tenants_own_people() -> None:
    world = World()
    for n in range(20):
        world.calls(Caller(TENANT, UserId(f"g-{n}"), Role.CUSTOMER), f"a-{n}")

    assert world.calls(ADA, "office") == 3


def test_a_customers_usual_limit_is_as_many_calls_a_minute_as_settings_say() -> None:
    limits = customers_at(120)
    guest = Caller(TENANT, UserId("g"), Role.CUSTOMER)
    counts = MemoryRates(lambda: 0)
    limiter = Limiter(lambda _tenant_id: counts, customers=limits)

    standing = [limiter.take(USUAL, TENANT, guest, "a") for _ in range(120)][-1]

    assert (standing.rate.name, standing.remaining) == ("customer", 0)
    with pytest.raises(LimitExceeded):
        limiter.take(USUAL, TENANT, guest, "a")


def test_looking_whether_there_is_room_takes_none() -> None:
    world, tries = World(), Limits(address=Rate("tries", 2, 60))
    for is_away in (False, True):
        world.is_away = is_away
        for _ in range(2):
            for _ in range(5):
                world.limiter.require_room(tries, TENANT, "a-1")
            world.limiter.take(tries, TENANT, None, "a-1")

        with pytest.raises(LimitExceeded):
            world.limiter.require_room(tries, TENANT, "a-1")
        world.limiter.require_room(tries, TENANT, "a-2")


def test_a_refusal_names_the_limit_and_when_to_come_again() -> None:
    world = World()
    world.calls(ADA)

    with pytest.raises(LimitExceeded) as error:
        world.limiter.take(LIMITS, TENANT, ADA, "a-1")

    assert (error.value.limit, error.value.retry_after_s) == ("caller", 20)
    assert error.value.detail == "more than 3 requests in 60 s (caller); try again in 20 s"
    world.now_s += 20
    assert world.limiter.take(LIMITS, TENANT, ADA, "a-1")


def test_the_answer_tells_how_the_tightest_stands() -> None:
    standing = World().limiter.take(LIMITS, TENANT, ADA, "a-1")

    assert standing == Standing(
        Rate("caller", 3, 60), admitted=True, remaining=2, retry_after_s=0, reset_after_s=20
    )


def test_when_the_shared_count_is_away_this_process_counts_alone() -> None:
    world = World()
    world.is_away = True

    assert world.calls(ADA) == 3


def test_a_count_that_is_away_is_left_alone_for_a_while() -> None:
    """Waiting for it at each request would cost more than it gives."""
    world = World()
    world.is_away = True
    world.calls(ADA)
    assert world.asked == 1

    world.is_away = False
    world.now_s += AWAY_S

    assert world.calls(ADA) == 3
    assert world.asked == 5


def test_a_log_in_is_refused_when_nobody_can_count() -> None:
    world = World()
    world.is_away = True

    for _ in range(2):
        with pytest.raises(Unavailable):
            world.limiter.take(LOG_IN, TENANT, None, "a-1")
