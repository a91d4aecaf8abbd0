"""Which calls may be made again after a crash is for the flow's author to say."""

import pytest

from parley.domain.json import JsonObject
from tests.unit.engine.talks import FixedServices, Talk, a_flow, says, state, to


def a_call(method: str, **more: JsonObject) -> JsonObject:
    ways_on = (to("done", "integration_success"), to("done", "integration_error"))
    config = {"integration_id": "shop", "endpoint": "/orders", "method": method, **more}
    return a_flow(state("call", "integration", *ways_on, config=config), says("done"))


def may_repeat(flow: JsonObject) -> bool:
    services = FixedServices()
    Talk(flow, services)
    return services.calls[0].idempotent


@pytest.mark.parametrize(
    ("method", "expected"),
    [("GET", True), ("POST", False), ("PUT", False), ("PATCH", False), ("DELETE", False)],
)
def test_unless_the_author_says_so_only_a_get_may_be_made_again(
    method: str, *, expected: bool
) -> None:
    assert may_repeat(a_call(method)) is expected


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_author_declares_which_others_may(method: str) -> None:
    assert may_repeat(a_call(method, retry_config={"methods": [method]}))
