"""How often something may happen, and what became of one try."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """`quota` times at once, and again as many spread evenly over `window_s` seconds.

    (The generic cell rate algorithm, ITU-T I.371: a leaky bucket kept as one timestamp.)
    """

    name: str
    quota: int
    window_s: int

    @property
    def interval_us(self) -> int:
        """Microseconds after which one more may happen."""
        return self.window_s * 1_000_000 // self.quota


@dataclass(frozen=True, slots=True)
class Claim:
    """A rate, counted for `key`: whoever shares the key shares the quota."""

    rate: Rate
    key: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a claim stands after a try: it was `admitted`, or may be after `retry_after_s`.

    `remaining` more may happen now; after `reset_after_s` the whole quota may.
    """

    rate: Rate
    admitted: bool
    remaining: int
    retry_after_s: int
    reset_after_s: int


def standing(rate: Rate, *, arrival_us: int, now_us: int, counted: bool) -> Standing:
    """How a claim stands whose theoretical arrival time is `arrival_us`.

    `counted`: this try is in that time already, so it was admitted. Another is admitted when the
    time, one interval later, is at most a whole window ahead.
    """
    ahead_us = max(arrival_us - now_us, 0)
    room_us = rate.quota * rate.interval_us - ahead_us
    admitted = counted or room_us >= rate.interval_us
    return Standing(
        rate=rate,
        admitted=admitted,
        remaining=max(room_us // rate.interval_us, 0),
        retry_after_s=0 if admitted else _seconds_up(rate.interval_us - room_us),
        reset_after_s=_seconds_up(ahead_us),
    )


def _seconds_up(us: int) -> int:
    return -(-us // 1_000_000)
