"""Where a call goes: built-in integrations are asked here, all others outside."""

import pytest

from parley.domain.ids import ConversationId, TenantId
from parley.domain.integrations import BUILT_INS
from parley.domain.json import JsonObject
from parley.engine.services import IntegrationReply, IntegrationRequest
from parley.services.calls import RoutedIntegrations
from tests.builders import A_TENANT, Shop
from tests.unit.engine.talks import FixedServices, Talk, a_flow, says, state, to

TALK = ConversationId("c-1")


class Tasks:
    """The port `BuiltIn`: a list of what it was asked."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def call(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        operation: str,
        request: JsonObject,
        *,
        idempotency_key: str,
    ) -> IntegrationReply:
        self.asked.append((tenant_id, conversation_id, operation, request, idempotency_key))
        return IntegrationReply("success", data={"id": "task-1"})


def called(name: str, operation: str, tasks: Tasks, shop: Shop) -> IntegrationReply:
    routed = RoutedIntegrations(
        shop,
        built_ins={"parley.tasks": tasks},
        public_url="",
        token_for=lambda *_: pytest.fail("nothing is answered later"),
    )
    request = IntegrationRequest(name, operation, "POST", {"title": "Call"}, 5_000)
    return routed.call(A_TENANT, TALK, request, idempotency_key="turn:0")


def test_a_built_in_that_is_served_is_asked_for_its_operation() -> None:
    tasks, shop = Tasks(), Shop()

    assert called("parley.tasks", "create", tasks, shop).data == {"id": "task-1"}
    assert tasks.asked == [(A_TENANT, TALK, "create", {"title": "Call"}, "turn:0")]
    assert shop.keys == []


@pytest.mark.parametrize("name", sorted(BUILT_INS.keys() - {"parley.tasks"}))
def test_a_built_in_that_nobody_serves_says_so(name: str) -> None:
    tasks, shop = Tasks(), Shop()

    reply = called(name, BUILT_INS[name][0], tasks, shop)

    assert (reply.status, reply.kind) == ("error", "not_available")
    assert reply.error == f"{name} is not available yet"
    assert (tasks.asked, shop.keys) == ([], [])


@pytest.mark.parametrize(
    ("name", "operation", "why"),
    [
        ("parley.tasks", "destroy", "one of create, query, update, complete, delete"),
        ("parley.task", "create", "there are parley.tasks, "),
    ],
)
def test_what_no_built_in_does_is_refused_with_what_there_is(
    name: str, operation: str, why: str
) -> None:
    tasks, shop = Tasks(), Shop()

    reply = called(name, operation, tasks, shop)

    assert reply.kind == "refused"
    assert reply.error is not None
    assert why in reply.error
    assert (tasks.asked, shop.keys) == ([], [])


def test_all_others_are_called_outside() -> None:
    tasks, shop = Tasks(), Shop()

    assert called("shop", "/payments", tasks, shop).status == "success"
    assert (tasks.asked, shop.keys) == ([], ["turn:0"])


def test_a_state_and_an_action_ask_a_built_in_in_json_whatever_their_method() -> None:
    action = {
        "type": "call_integration",
        "config": {"integration_id": "parley.tasks", "endpoint": "query", "method": "GET"},
    }
    config = {
        "integration_id": "parley.tasks",
        "endpoint": "create",
        "method": "DELETE",
        "request_mapping": {"title": "vars.title"},
    }
    ways = (to("b", "integration_success"), to("b", "integration_error", "not_available"))
    services = FixedServices(replies=[IntegrationReply("success", data=[])])
    flow = a_flow(
        state("a", "integration", *ways, config=config, entry_actions=[action]),
        says("b"),
        variables={"title": "Call"},
    )
    Talk(flow, services)

    first, second = services.calls
    assert (first.endpoint, first.method, first.body, first.idempotent) == (
        "query",
        "POST",
        None,
        True,
    )
    assert (second.endpoint, second.method, second.body, second.idempotent) == (
        "create",
        "POST",
        {"title": "Call"},
        True,
    )
