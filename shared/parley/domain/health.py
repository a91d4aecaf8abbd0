"""How the stores are, for `GET /health`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class StoreStatus(StrEnum):
    """What a store answered: in time, an error, or nothing before the deadline."""

    UP = "up"
    DOWN = "down"
    TIMEOUT = "timeout"


class OverallStatus(StrEnum):
    """`degraded`: only stores are away that the platform can do without."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """One store: `ms` is how long its answer took, or how long was waited."""

    status: StoreStatus
    ms: float


@dataclass(frozen=True, slots=True)
class HealthReport:
    """Every store by name (X-24, X-25)."""

    status: OverallStatus
    stores: Mapping[str, StoreHealth]

    @property
    def is_ready(self) -> bool:
        """Whether requests can be served."""
        return self.status is not OverallStatus.DOWN
