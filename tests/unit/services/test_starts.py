"""A flow that fails to start: the one that stands in for it is started instead, once."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from parley.domain.conversations import Conversation, FlowPin, FlowVersion, ItemKind, Status
from parley.domain.errors import FlowInvalid, Unavailable
from parley.domain.ids import ConversationId, FlowId, TenantId
from parley.domain.json import JsonObject
from parley.engine.services import IntegrationReply, IntegrationRequest
from parley.services.conversations import Started
from parley.services.ports.programs import Fallback, LoadedFlow
from parley.services.starts import MAX_FALLBACKS
from tests.builders import (
    A_TENANT,
    ECHO,
    FixedPrograms,
    Shop,
    World,
    a_caller,
    a_flow,
    a_world,
    an_inbound,
)
from tests.unit.engine.talks import a_flow as a_document
from tests.unit.engine.talks import says, state, to


def a_pin(name: str) -> FlowPin:
    return FlowPin(FlowId(name), FlowVersion("1.0"))


def ends_in_error(name: str) -> JsonObject:
    """Calls the shop, says so, and gives up."""
    pay = {"integration_id": "shop", "endpoint": "/payments", "method": "POST"}
    return a_document(
        state(
            "pay",
            "integration",
            to("said", "integration_success"),
            to("said", "integration_error"),
            config=pay,
        ),
        says("said", "never heard", to("broken", "expression", expression="true"), is_final=False),
        state("broken", "error", config={"response_templates": {"en": "nor this"}}),
        name=name,
    )


def too_large(name: str) -> JsonObject:
    return a_document(says("hello", "Hello", to("hello")), variables={"v": "x" * 40_000}, name=name)


class Flows(FixedPrograms):
    """Flows by name, each with what stands in for it; `broken` ones cannot be loaded."""

    def __init__(
        self,
        documents: dict[str, JsonObject],
        fallbacks: Sequence[tuple[str, str]],
        broken: Exception | None = None,
    ) -> None:
        super().__init__(
            {a_pin(name): a_flow(document) for name, document in documents.items()},
            {a_pin(of): Fallback(of, name, a_pin(name)) for of, name in fallbacks},
        )
        self.broken = broken or FlowInvalid("a flow of yesterday")
        self.asked: list[str] = []

    def get(self, tenant_id: TenantId, pin: FlowPin) -> LoadedFlow:
        self.asked.append(pin.id)
        if pin.id.startswith("broken"):
            raise self.broken
        return super().get(tenant_id, pin)

    def resolve(self, tenant_id: TenantId, flow: str | None, channel: Any) -> FlowPin:
        return a_pin(flow) if flow else super().resolve(tenant_id, flow, channel)


def start(world: World, flow: str, key: str = "k") -> Started:
    return world.service.start(a_caller(), flow=flow, key=key)


def told(conversation: Conversation) -> list[tuple[str, JsonObject]]:
    """The events of the first turn, in order."""
    items = conversation.outbox.items
    return [(i.body["name"], i.body["data"]) for i in items if i.kind is ItemKind.EVENT]


@pytest.mark.parametrize(
    ("name", "broken", "why"),
    [
        ("broken", FlowInvalid("a flow of yesterday"), "FlowInvalid"),
        ("broken", LookupError("a bug"), "LookupError"),
        ("large", None, "TooLarge"),
        ("error", None, "its first turn ended with status error"),
    ],
)
def test_what_fails_to_start_is_replaced_by_its_fallback(
    name: str, broken: Exception | None, why: str
) -> None:
    documents = {"simple": ECHO, "large": too_large("large"), "error": ends_in_error("error")}
    programs = Flows(documents, [(name, "simple")], broken)
    world = a_world(programs=programs)

    started = start(world, name)

    assert started.conversation.flow == a_pin("simple")
    assert started.conversation.status is Status.ACTIVE
    assert not started.conversation.wants_agent
    assert [message.content["text"] for message in started.messages] == ["Hello"]
    assert started.messages[0].sequence_number == 1
    assert told(started.conversation) == [
        ("flow.fell_back", {"flow": name, "fallback": "simple", "why": why}),
        ("conversation.started", {"channel": "web", "flow": {"id": "simple", "version": "1.0"}}),
        *told(started.conversation)[2:],
    ]
    assert world.service.get(a_caller(), started.conversation.id).flow == a_pin("simple")


def test_the_conversation_goes_on_in_the_fallback() -> None:
    world = a_world(programs=Flows({"simple": ECHO}, [("broken", "simple")]))
    begun = start(world, "broken").conversation

    taken = world.turns.take(an_inbound("hi", conversation_id=begun.id))

    assert [message.content["text"] for message in taken.messages] == ["You said hi"]
    replayed = world.service.replay(a_caller(), begun.id, None)
    assert (replayed.turns, replayed.difference) == (2, None)


def test_a_later_turn_that_fails_has_no_fallback() -> None:
    flow = a_document(
        says("hello", "Hello", to("broken")),
        state("broken", "error", config={"response_templates": {"en": "Sorry"}}),
    )
    world = a_world(programs=Flows({"flow": flow, "simple": ECHO}, [("flow", "simple")]))
    begun = start(world, "flow").conversation

    taken = world.turns.take(an_inbound("hi", conversation_id=begun.id))

    assert (taken.conversation.flow, taken.conversation.status) == (a_pin("flow"), Status.ERROR)


def test_a_flow_that_ends_well_at_once_has_started() -> None:
    flow = a_document(says("bye", "Bye"))
    programs = Flows({"flow": flow, "simple": ECHO}, [("flow", "simple")])

    begun = start(a_world(programs=programs), "flow").conversation

    assert (begun.flow, begun.status) == (a_pin("flow"), Status.COMPLETED)


def test_fallbacks_follow_one_another_up_to_a_bound() -> None:
    names = [f"broken-{n}" for n in range(MAX_FALLBACKS + 2)]
    chain = [*pairwise(names)]
    programs = Flows({"simple": ECHO}, [*chain[: MAX_FALLBACKS - 1], (names[2], "simple")])
    world = a_world(programs=programs)

    begun = start(world, names[0]).conversation

    assert begun.flow == a_pin("simple")
    switches = [data for name, data in told(begun) if name == "flow.fell_back"]
    assert [(data["flow"], data["fallback"]) for data in switches] == [
        ("broken-0", "broken-1"),
        ("broken-1", "broken-2"),
        ("broken-2", "simple"),
    ]
    endless = Flows({"simple": ECHO}, [*chain, (names[-1], "simple")])
    start(a_world(programs=endless), names[0])
    assert endless.asked == names[: MAX_FALLBACKS + 1]


def test_fallbacks_in_a_circle_end() -> None:
    programs = Flows({}, [("broken-a", "broken-b"), ("broken-b", "broken-a")])
    programs._flows = {a_pin("simple"): a_flow(ECHO)}

    begun = start(a_world(programs=programs), "broken-a").conversation

    assert programs.asked == ["broken-a", "broken-b"]
    assert (begun.flow, begun.status) == (a_pin("broken-b"), Status.ERROR)


def test_where_nothing_starts_the_failure_is_said_and_a_person_asked_for() -> None:
    world = a_world(programs=Flows({"simple": ECHO}, [("broken-a", "broken-b")]))

    started = start(world, "broken-a")

    assert [message.content["text"] for message in started.messages] == [
        "Sorry, something went wrong."
    ]
    assert started.conversation.wants_agent
    assert [name for name, _ in told(started.conversation)][:2] == [
        "flow.fell_back",
        "turn.failed",
    ]


def test_a_store_that_is_away_is_no_reason_to_start_something_else() -> None:
    away = Unavailable("the store is away")
    programs = Flows({"simple": ECHO}, [("broken", "simple")], away)
    world = a_world(programs=programs)

    with pytest.raises(Unavailable):
        start(world, "broken")
    programs.broken = FlowInvalid("now it can be read")

    assert start(world, "broken").conversation.flow == a_pin("simple")


def test_a_start_that_is_repeated_is_the_same_conversation() -> None:
    world = a_world(programs=Flows({"simple": ECHO}, [("broken", "simple")]))

    first, second = start(world, "broken"), start(world, "broken")

    assert second.conversation.id == first.conversation.id
    assert [message.id for message in second.messages] == [m.id for m in first.messages]
    assert second.conversation.turn_no == 1


class Interrupted(Shop):
    """A shop whose first call is answered, and whose caller dies before it can say so."""

    has_died = False

    def call(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        request: IntegrationRequest,
        *,
        idempotency_key: str,
    ) -> IntegrationReply:
        reply = super().call(tenant_id, conversation_id, request, idempotency_key=idempotency_key)
        if not self.has_died:
            self.has_died = True
            raise KeyboardInterrupt
        return reply


@pytest.mark.parametrize("dies", [False, True])
def test_what_a_failed_start_has_called_is_called_once_and_leaves_nothing(*, dies: bool) -> None:
    shop = Interrupted() if dies else Shop()
    documents = {"error": ends_in_error("error"), "simple": ECHO}
    world = a_world(programs=Flows(documents, [("error", "simple")]), integrations=shop)
    if dies:
        with pytest.raises(KeyboardInterrupt):
            start(world, "error")

    begun = start(world, "error").conversation

    assert len(shop.keys) == 1
    assert (begun.flow, begun.turn_no, begun.journal) == (a_pin("simple"), 1, {})
    stored = world.conversations.find(A_TENANT, begun.id)
    assert stored is not None
    assert stored.flow == a_pin("simple")


def test_a_fallback_makes_the_same_ids_wherever_it_runs() -> None:
    documents = {"error": ends_in_error("error"), "simple": ECHO}

    def ids() -> list[str]:
        world = a_world(programs=Flows(documents, [("error", "simple")]))
        return [item.oid for item in start(world, "error").conversation.outbox.items]

    assert ids() == ids()
