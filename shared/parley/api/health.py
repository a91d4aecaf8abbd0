"""Whether the service lives, and whether its stores answer."""

from typing import Literal, Self

from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from pydantic import Field

from parley.api.bodies import View
from parley.domain.health import HealthReport, OverallStatus, StoreStatus


class HealthView(View):
    """The function itself answers; no store was asked."""

    status: Literal["ok"]


class StoreView(View):
    """One store's answer to the smallest possible question."""

    status: StoreStatus
    ms: float = Field(description="Milliseconds the answer took, or the wait for it.")


class ReadinessView(View):
    """Whether requests can be served."""

    status: OverallStatus = Field(
        description="`degraded`: only the cache is away, and everything goes on without it."
    )
    stores: dict[str, StoreView]

    @classmethod
    def of(cls, report: HealthReport) -> Self:
        stores = {
            name: StoreView(status=store.status, ms=store.ms)
            for name, store in report.stores.items()
        }
        return cls(status=report.status, stores=stores)


READINESS: dict[int, OpenAPIResponse] = {
    200: {
        "description": "Requests can be served.",
        "content": {"application/json": {"model": ReadinessView}},
    },
    503: {
        "description": "A store that nothing goes without does not answer.",
        "content": {"application/json": {"model": ReadinessView}},
    },
}
