"""How often callers may call, and what happens when nobody can count."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from parley.domain.access import Caller
from parley.domain.errors import LimitExceeded, Unavailable
from parley.domain.ids import TenantId
from parley.domain.rates import Claim, Rate, Standing
from parley.repositories.memory.rates import MemoryRates
from parley.runtime.observability import count, logger
from parley.services.ports.rates import Rates

AWAY_S = 5
"""After the shared count did not answer it is left alone for so long: waiting for it costs more."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The rates a route is held to; None does not count.

    `address` is the one API Gateway saw (`sourceIp`): headers that claim another are not read.
    `fails_open`: where nobody can count for all processes, this one counts for itself.
    """

    tenant: Rate | None = None
    caller: Rate | None = None
    address: Rate | None = None
    fails_open: bool = True


USUAL = Limits(
    tenant=Rate("tenant", quota=12_000, window_s=60),
    caller=Rate("caller", quota=6_000, window_s=60),
    address=Rate("address", quota=6_000, window_s=60),
)
"""For callers who have proved who they are; customers have limits of their own."""


def customers_at(calls_per_minute: int) -> Limits:
    """What one customer may do, what all behind one address may, and all of one tenant together.

    Anybody may become a customer. So they have a budget apart from the tenant's staff and keys,
    whom they cannot shut out.
    """
    return Limits(
        tenant=Rate("customers", quota=100 * calls_per_minute, window_s=60),
        caller=Rate("customer", quota=calls_per_minute, window_s=60),
        address=Rate("customer-address", quota=10 * calls_per_minute, window_s=60),
    )


GUESSES = Limits(address=Rate("wrong-key-address", quota=60, window_s=60))
"""For API keys that nobody has: a program with a stale key meets it, and so does who guesses."""

PUBLIC = Limits(address=Rate("public", quota=600, window_s=60))
"""For routes open to all."""

LOG_IN = Limits(address=Rate("log-in-address", quota=60, window_s=60), fails_open=False)
"""For routes that take a password: whoever takes away the count must not be free to guess."""

UNLIMITED = Limits()
"""For answers that cost nothing to give: nobody counts them."""


type _Ask = Callable[[Rates, Sequence[Claim]], Sequence[Standing]]


class TooManyRequests(LimitExceeded):
    """A request beyond a rate; `standing` is how that rate stands."""

    def __init__(self, standing: Standing) -> None:
        rate = standing.rate
        super().__init__(
            f"more than {rate.quota} requests in {rate.window_s} s ({rate.name}); "
            f"try again in {standing.retry_after_s} s",
            limit=rate.name,
            retry_after_s=standing.retry_after_s,
        )
        self.standing = standing


class Limiter:
    """Counts each request against the limits of its route."""

    def __init__(
        self,
        shared: Callable[[TenantId], Rates],
        *,
        customers: Limits = USUAL,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared = shared
        self._customers = customers
        self._now_s = now_s
        self._own = MemoryRates(lambda: int(now_s() * 1_000_000))
        self._away_until_s = 0.0

    def take(
        self, limits: Limits, tenant_id: TenantId, caller: Caller | None, address: str
    ) -> Standing:
        """How the tightest of the limits stands after this request; at least one must apply.

        Raises TooManyRequests, or Unavailable if nobody can count and the limits fail closed.
        """
        if caller and caller.is_customer and limits.caller:
            limits = self._customers
        claims = _claims(limits, caller, address)
        standings = self._asked(limits, tenant_id, claims, lambda rates, own: rates.take(own))
        _require_admitted(standings)
        return min(standings, key=lambda standing: standing.remaining / standing.rate.quota)

    def require_room(self, limits: Limits, tenant_id: TenantId, address: str) -> None:
        """Raises TooManyRequests if one more would be too many; counts nothing."""
        claims = _claims(limits, None, address)
        _require_admitted(
            self._asked(limits, tenant_id, claims, lambda rates, own: rates.look(own))
        )

    def _asked(
        self, limits: Limits, tenant_id: TenantId, claims: Sequence[Claim], ask: _Ask
    ) -> Sequence[Standing]:
        if not limits.fails_open:
            return ask(self._shared(tenant_id), claims)
        if self._now_s() >= self._away_until_s:
            try:
                return ask(self._shared(tenant_id), claims)
            except Unavailable:
                self._away_until_s = self._now_s() + AWAY_S
                logger.warning("limits.counted_alone", store="redis")
                count("LimitsCountedAlone")
        return ask(self._own, [Claim(c.rate, f"{tenant_id}:{c.key}") for c in claims])


def _require_admitted(standings: Sequence[Standing]) -> None:
    refused = [standing for standing in standings if not standing.admitted]
    if refused:
        raise TooManyRequests(max(refused, key=lambda standing: standing.retry_after_s))


def _claims(limits: Limits, caller: Caller | None, address: str) -> Sequence[Claim]:
    claims = []
    if limits.tenant and caller:
        claims.append(Claim(limits.tenant, limits.tenant.name))
    if limits.caller and caller:
        whom = caller.key_id or caller.user_id
        claims.append(Claim(limits.caller, f"{limits.caller.name}:{whom}"))
    if limits.address:
        claims.append(Claim(limits.address, f"{limits.address.name}:{address}"))
    return claims


def rate_headers(standing: Standing) -> dict[str, str]:
    """RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10)."""
    rate = standing.rate
    return {
        "RateLimit-Policy": f'"{rate.name}";q={rate.quota};w={rate.window_s}',
        "RateLimit": f'"{rate.name}";r={standing.remaining};t={standing.reset_after_s}',
    }
