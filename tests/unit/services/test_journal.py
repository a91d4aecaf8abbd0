"""Calls to a tenant's systems from inside a turn: made once, whatever happens."""

import pytest

from parley.domain.conversations import Conversation
from parley.domain.errors import Unavailable
from parley.domain.ids import ConversationId, TenantId
from parley.domain.queued import Receipt
from parley.engine.events import StartEvent
from parley.engine.services import IntegrationReply, IntegrationRequest
from parley.engine.turn import Turn, run_turn
from parley.repositories.memory.conversations import MemoryConversations
from tests.builders import (
    A_PIN,
    FixedPrograms,
    Shop,
    World,
    a_caller,
    a_flow,
    a_world,
    an_inbound,
    paying,
)


class Dying(Shop):
    """A shop whose first `deaths` calls arrive, and kill the caller."""

    def __init__(self, deaths: int) -> None:
        super().__init__()
        self.deaths = deaths

    def call(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        request: IntegrationRequest,
        *,
        idempotency_key: str,
    ) -> IntegrationReply:
        reply = super().call(tenant_id, conversation_id, request, idempotency_key=idempotency_key)
        if self.deaths:
            self.deaths -= 1
            raise SystemExit
        return reply


def a_shop_world(shop: Shop, *, method: str = "POST", is_declared: bool = False) -> World:
    def run(*turn: object) -> Turn:
        services = turn[3]
        call = services.call  # type: ignore[attr-defined]  # TurnServices

        class Declared:
            def __getattr__(self, name: str) -> object:
                return getattr(services, name)

            def call(self, request: IntegrationRequest) -> IntegrationReply:
                fields = {name: getattr(request, name) for name in request.__slots__}
                reply: IntegrationReply = call(
                    IntegrationRequest(**{**fields, "idempotent": is_declared})
                )
                return reply

        return run_turn(turn[0], turn[1], turn[2], Declared())  # type: ignore[arg-type]  # as they came

    programs = FixedPrograms({A_PIN: a_flow(paying(method=method))})
    return a_world(programs=programs, integrations=shop, run=run)


def said(world: World, begun: Conversation, *, receive_count: int = 1) -> str:
    message = an_inbound(pid="web:pay", conversation_id=begun.id)
    taken = world.turns.take(message, Receipt(receive_count=receive_count))
    return str(taken.messages[-1].content["text"])


def test_a_call_is_made_under_the_turns_key_and_leaves_no_journal() -> None:
    shop = Shop()
    world = a_shop_world(shop)
    begun = world.starts()

    assert said(world, begun) == "Paid: R1"
    document = world.conversations.find(begun.tenant_id, begun.id)
    assert document is not None
    assert document.journal == {}
    assert shop.keys[0].startswith(f"{document.last_turn_id}:0-")


def test_a_call_begun_before_a_crash_is_not_made_again() -> None:
    shop = Dying(1)
    world = a_shop_world(shop)
    begun = world.starts()
    with pytest.raises(SystemExit):
        said(world, begun)

    assert said(world, begun) == "Not paid: unknown"
    assert len(shop.keys) == 1


def test_a_call_declared_idempotent_is_made_again_under_the_same_key() -> None:
    shop = Dying(1)
    world = a_shop_world(shop, is_declared=True)
    begun = world.starts()
    with pytest.raises(SystemExit):
        said(world, begun)

    assert said(world, begun) == "Paid: R1"
    assert len(shop.keys) == 2
    assert len(set(shop.keys)) == 1


def test_a_call_that_only_reads_is_made_again() -> None:
    shop = Dying(1)
    world = a_shop_world(shop, method="GET")
    begun = world.starts()
    with pytest.raises(SystemExit):
        said(world, begun)

    assert said(world, begun, receive_count=2) == "Paid: R1"


def test_a_reply_that_is_known_survives_losing_a_race() -> None:
    class Raced(MemoryConversations):
        lost = 0

        def replace(self, before: Conversation, after: Conversation, arrival: object) -> bool:
            if arrival is not None and not self.lost:
                self.lost += 1
                return False
            return super().replace(before, after, arrival)  # type: ignore[arg-type]  # as it came

    shop = Shop()
    programs = FixedPrograms({A_PIN: a_flow(paying())})
    world = a_world(programs=programs, integrations=shop, conversations=Raced())
    begun = world.starts()

    assert said(world, begun) == "Paid: R1"
    assert len(shop.keys) == 1


def test_two_calls_of_one_turn_enter_the_first_ones_reply_with_the_second() -> None:
    class Twice(Shop):
        def call(
            self,
            tenant_id: TenantId,
            conversation_id: ConversationId,
            request: IntegrationRequest,
            *,
            idempotency_key: str,
        ) -> IntegrationReply:
            reply = super().call(
                tenant_id, conversation_id, request, idempotency_key=idempotency_key
            )
            if len(self.keys) == 2:
                raise SystemExit
            return reply

    calls: list[IntegrationReply] = []

    def run(*turn: object) -> Turn:
        if not isinstance(turn[2], StartEvent):
            request = IntegrationRequest("shop", "/payments", "POST", {"n": 1}, 1_000)
            calls.extend(turn[3].call(request) for _ in range(2))  # type: ignore[attr-defined]  # TurnServices
        return run_turn(*turn)  # type: ignore[arg-type]  # passed on as they came

    shop = Twice()
    world = a_world(integrations=shop, run=run)
    begun = world.starts()
    with pytest.raises(SystemExit):
        said(world, begun)

    said(world, begun)

    first, again, unknown = calls
    assert (first, again.data, unknown.kind) == (again, {"receipt": "R1"}, "unknown")
    assert len(shop.keys) == 2


def test_a_start_that_calls_out_is_stored_before_it_does() -> None:
    flow = paying()
    flow["initial_state"] = "pay"
    shop = Dying(1)
    world = a_world(programs=FixedPrograms({A_PIN: a_flow(flow)}), integrations=shop)
    with pytest.raises(SystemExit):
        world.service.start(a_caller(), key="k")

    started = world.service.start(a_caller(), key="k")

    assert started.messages[-1].content["text"] == "Not paid: unknown"
    assert (started.conversation.turn_no, len(shop.keys)) == (1, 1)


def test_an_integration_that_cannot_be_asked_leaves_the_turn_for_later() -> None:
    class Away(Shop):
        def call(self, *_: object, **_named: object) -> IntegrationReply:
            raise Unavailable("the circuit store is away")

    world = a_shop_world(Away(), method="GET")
    begun = world.starts()

    with pytest.raises(Unavailable):
        said(world, begun)
