"""How often one account's password may be tried, from wherever."""

from parley.domain.errors import LimitExceeded
from parley.domain.rates import Claim, Rate
from parley.services.ports.rates import Rates

LOGINS = Rate("log-in", quota=10, window_s=15 * 60)
"""NIST SP 800-63B, 3.2.2 allows 100 failures in a row; a person needs far fewer."""


class CountingLoginGuard:
    """`LoginGuard` over a count that all processes share: where it is away, nobody logs in."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates

    def admit(self, account: str) -> None:
        (standing,) = self._rates.take([_claim(account)])
        if not standing.admitted:
            raise LimitExceeded(
                "too many log-ins were tried for this account; wait before the next",
                limit=LOGINS.name,
                retry_after_s=standing.retry_after_s,
            )

    def forget(self, account: str) -> None:
        self._rates.forget(_claim(account))


def _claim(account: str) -> Claim:
    return Claim(LOGINS, f"{LOGINS.name}:{account}")
