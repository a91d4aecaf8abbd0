"""Counting how often things happen, in memory and in Redis alike."""

import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from parley.domain.errors import Unavailable
from parley.domain.ids import TenantId
from parley.domain.rates import Claim, Rate
from parley.repositories.memory.rates import MAX_KEYS, MemoryRates
from parley.repositories.redis.client import redis_client
from parley.repositories.redis.rates import RedisRates
from parley.services.ports.rates import Rates
from tests.tenants import a_tenant_id

type NewRates = Callable[[TenantId], Rates]

_names = itertools.count()


@pytest.fixture(params=["memory", "redis"])
def new_rates(request: pytest.FixtureRequest) -> Iterator[NewRates]:
    """Rates of a tenant; each call gives another view of the same count."""
    if request.param == "memory":
        kept: dict[TenantId, Rates] = {}
        yield lambda tenant_id: kept.setdefault(
            tenant_id, MemoryRates(lambda: time.monotonic_ns() // 1_000)
        )
        return
    with redis_client(request.getfixturevalue("redis_url")) as client:
        yield lambda tenant_id: RedisRates(client, tenant_id)


def a_claim(quota: int, *, window_s: int = 3_600) -> Claim:
    return Claim(Rate("test", quota, window_s), f"test:{next(_names)}")


def test_a_quota_may_happen_at_once_and_no_more(new_rates: NewRates) -> None:
    rates, claim = new_rates(a_tenant_id()), a_claim(3)

    tries = [rates.take([claim])[0] for _ in range(5)]

    assert [one.admitted for one in tries] == [True, True, True, False, False]
    assert [one.remaining for one in tries] == [2, 1, 0, 0, 0]
    assert [one.reset_after_s for one in tries] == [1_200, 2_400, 3_600, 3_600, 3_600]
    assert [one.retry_after_s for one in tries] == [0, 0, 0, 1_200, 1_200]


def test_looking_counts_nothing(new_rates: NewRates) -> None:
    rates, used, unused = new_rates(a_tenant_id()), a_claim(3), a_claim(2)
    for _ in range(3):
        rates.take([used])

    for _ in range(5):
        looked = rates.look([used, unused])

    assert [(one.admitted, one.remaining) for one in looked] == [(False, 0), (True, 2)]
    assert looked[0].retry_after_s == 1_200


def test_what_is_used_comes_back_evenly(new_rates: NewRates) -> None:
    rates, claim = new_rates(a_tenant_id()), a_claim(20, window_s=1)
    while rates.take([claim])[0].admitted:
        pass

    time.sleep(0.06)

    assert rates.take([claim])[0].admitted


def test_a_try_that_one_claim_refuses_counts_for_none(new_rates: NewRates) -> None:
    rates, tight, wide = new_rates(a_tenant_id()), a_claim(1), a_claim(10)
    rates.take([wide, tight])

    refused = rates.take([wide, tight])

    assert [one.admitted for one in refused] == [True, False]
    assert rates.take([wide])[0].remaining == 8


def test_everyone_counts_for_themselves(new_rates: NewRates) -> None:
    ours, theirs, claim = new_rates(a_tenant_id()), new_rates(a_tenant_id()), a_claim(1)
    ours.take([claim])

    assert theirs.take([claim])[0].admitted
    assert not ours.take([claim])[0].admitted


def test_what_is_forgotten_may_happen_again(new_rates: NewRates) -> None:
    rates, claim = new_rates(a_tenant_id()), a_claim(1)
    rates.take([claim])

    rates.forget(claim)

    assert rates.take([claim])[0].admitted


def test_a_hundred_at_once_are_admitted_as_often_as_allowed(redis_url: str) -> None:
    """S20: never one more, however many processes count."""
    claim, tenant_id = a_claim(10), a_tenant_id()

    def try_once(_: int) -> bool:
        with redis_client(redis_url) as client:
            return RedisRates(client, tenant_id).take([claim])[0].admitted

    with ThreadPoolExecutor(20) as pool:
        admitted = list(pool.map(try_once, range(100)))

    assert admitted.count(True) == 10


def test_a_count_leaves_redis_when_it_no_longer_matters(redis_url: str) -> None:
    tenant_id = a_tenant_id()
    with redis_client(redis_url) as client:
        RedisRates(client, tenant_id).take([a_claim(10, window_s=1)])
        keys = list(client.scan_iter(f"{{{tenant_id}}}:*"))

        assert len(keys) == 1
        assert 0 < client.pttl(keys[0]) <= 100


def test_a_redis_that_is_away_is_unavailable_within_a_second() -> None:
    client = redis_client("redis://127.0.0.1:1")
    started = time.monotonic()

    with pytest.raises(Unavailable):
        RedisRates(client, a_tenant_id()).take([a_claim(1)])

    assert time.monotonic() - started < 1


def test_memory_forgets_who_has_not_come_for_longest() -> None:
    rates = MemoryRates(lambda: 1)
    first = a_claim(1)
    rates.take([first])

    for _ in range(MAX_KEYS):
        rates.take([a_claim(1)])

    assert rates.take([first])[0].admitted
