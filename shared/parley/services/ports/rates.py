"""Where it is counted how often things happen."""

from collections.abc import Sequence
from typing import Protocol

from parley.domain.rates import Claim, Standing


class Rates(Protocol):
    """Counts tries, all claims of one in a single step."""

    def take(self, claims: Sequence[Claim]) -> Sequence[Standing]:
        """How each claim stands after this try, in their order.

        If one of them does not admit it, none counts it. May raise Unavailable.
        """

    def look(self, claims: Sequence[Claim]) -> Sequence[Standing]:
        """How each claim stands, without a try. May raise Unavailable."""

    def forget(self, claim: Claim) -> None:
        """The whole quota may happen again. May raise Unavailable."""
