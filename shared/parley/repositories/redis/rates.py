"""Rates that all processes share: one script counts every claim of a try, or none.

For each claim a key holds its theoretical arrival time (`domain/rates.py`), by the server's clock.
"""

from collections.abc import Sequence
from typing import cast

from redis import Redis

from parley.domain.ids import TenantId
from parley.domain.rates import Claim, Standing, standing
from parley.repositories.redis.client import answered
from parley.repositories.redis.keys import rate_key

_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local arrivals, admitted = {}, 1
for i, key in ipairs(KEYS) do
  local interval, quota = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local arrival = math.max(tonumber(redis.call('GET', key) or 0), now)
  if arrival + interval - now > quota * interval then admitted = 0 end
  arrivals[i] = arrival
end
if admitted == 1 then
  for i, key in ipairs(KEYS) do
    arrivals[i] = arrivals[i] + tonumber(ARGV[2 * i - 1])
    local expiry = math.ceil((arrivals[i] - now) / 1000)
    redis.call('SET', key, string.format('%.0f', arrivals[i]), 'PX', expiry)
  end
end
local reply = {admitted, string.format('%.0f', now)}
for _, arrival in ipairs(arrivals) do reply[#reply + 1] = string.format('%.0f', arrival) end
return reply
"""
"""KEYS: one for each claim. ARGV: interval in us and quota of each. 2^53 us is in the year 2255."""


class RedisRates:
    """`Rates` of one tenant, or of everybody, in Redis."""

    def __init__(self, client: Redis, tenant_id: TenantId) -> None:
        self._client = client
        self._tenant_id = tenant_id
        self._take = client.register_script(_TAKE)

    def take(self, claims: Sequence[Claim]) -> Sequence[Standing]:
        keys = [rate_key(self._tenant_id, claim.key) for claim in claims]
        numbers = [n for claim in claims for n in (claim.rate.interval_us, claim.rate.quota)]
        with answered():
            reply = self._take(keys=keys, args=numbers)
        admitted, now_us, *arrivals = (int(field) for field in cast("list[str]", reply))
        return [
            standing(claim.rate, arrival_us=arrival_us, now_us=now_us, counted=bool(admitted))
            for claim, arrival_us in zip(claims, arrivals, strict=True)
        ]

    def look(self, claims: Sequence[Claim]) -> Sequence[Standing]:
        keys = [rate_key(self._tenant_id, claim.key) for claim in claims]
        with answered(), self._client.pipeline(transaction=False) as asked:
            asked.time()
            asked.mget(keys)
            (seconds, microseconds), arrivals = asked.execute()
        now_us = seconds * 1_000_000 + microseconds
        return [
            standing(claim.rate, arrival_us=int(arrival or 0), now_us=now_us, counted=False)
            for claim, arrival in zip(claims, arrivals, strict=True)
        ]

    def forget(self, claim: Claim) -> None:
        with answered():
            self._client.delete(rate_key(self._tenant_id, claim.key))
