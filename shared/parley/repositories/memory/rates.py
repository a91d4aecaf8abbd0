"""Rates of this process alone: for tests, and for when the shared count cannot be reached."""

from collections import OrderedDict
from collections.abc import Callable, Sequence

from parley.domain.rates import Claim, Standing, standing

MAX_KEYS = 10_000
"""Keys remembered; beyond it the one longest unused is forgotten."""


class MemoryRates:
    """`Rates` in a dictionary: key -> theoretical arrival time in microseconds."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._arrivals: OrderedDict[str, int] = OrderedDict()

    def take(self, claims: Sequence[Claim]) -> Sequence[Standing]:
        now_us = self._now_us()
        arrivals = self._arrived(claims, now_us)
        found = _standings(claims, arrivals, now_us, counted=False)
        if not all(each.admitted for each in found):
            return found
        arrivals = [
            at_us + claim.rate.interval_us for claim, at_us in zip(claims, arrivals, strict=True)
        ]
        for claim, arrival_us in zip(claims, arrivals, strict=True):
            self._put(claim.key, arrival_us)
        return _standings(claims, arrivals, now_us, counted=True)

    def look(self, claims: Sequence[Claim]) -> Sequence[Standing]:
        now_us = self._now_us()
        return _standings(claims, self._arrived(claims, now_us), now_us, counted=False)

    def forget(self, claim: Claim) -> None:
        self._arrivals.pop(claim.key, None)

    def _arrived(self, claims: Sequence[Claim], now_us: int) -> Sequence[int]:
        return [max(self._arrivals.get(claim.key, 0), now_us) for claim in claims]

    def _put(self, key: str, arrival_us: int) -> None:
        self._arrivals[key] = arrival_us
        self._arrivals.move_to_end(key)
        if len(self._arrivals) > MAX_KEYS:
            self._arrivals.popitem(last=False)


def _standings(
    claims: Sequence[Claim], arrivals: Sequence[int], now_us: int, *, counted: bool
) -> Sequence[Standing]:
    return [
        standing(claim.rate, arrival_us=arrival_us, now_us=now_us, counted=counted)
        for claim, arrival_us in zip(claims, arrivals, strict=True)
    ]
