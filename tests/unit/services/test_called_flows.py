"""The flows that a tenant's flows call: by pin, by name, and never another tenant's."""

from parley.domain.conversations import Channel, FlowPin, FlowVersion, Status
from parley.domain.ids import FlowId
from parley.domain.json import JsonObject
from parley.repositories.memory.flows import MemoryFlowCache, MemoryFlows
from parley.services.called_flows import called_by
from parley.services.flows import FlowService
from parley.services.programs import FlowPrograms
from tests.builders import A_TENANT, a_world, an_inbound
from tests.tenants import SteppingClock, a_caller, a_tenant_id, new_id
from tests.unit.engine.talks import a_flow, says, to

ASKS = a_flow(says("ask", "How was it?", to("bye")), says("bye", "Noted."), name="survey")


def calls(name: str) -> JsonObject:
    action = {"type": "trigger_flow", "config": {"flow": name, "mode": "call"}}
    return a_flow(says("hi", "Hi", to("end", actions=[action])), says("end", "Bye"), name="shop")


def published(*documents: JsonObject) -> FlowPrograms:
    caller = a_caller(A_TENANT)
    store = MemoryFlows()
    service = FlowService(store, clock=SteppingClock(), new_id=new_id)
    for document in documents:
        service.publish(caller, service.create(caller, document).id)
    return FlowPrograms(store, MemoryFlowCache())


def test_a_flow_is_found_by_its_pin_and_by_its_name() -> None:
    programs = published(ASKS)
    pin = programs.resolve(A_TENANT, "survey", Channel.WEB)

    find = called_by(programs, A_TENANT)

    by_pin, by_name = find(str(pin)), find("survey")
    assert by_pin is not None
    assert by_name is not None
    assert by_pin.program is by_name.program


def test_what_the_tenant_does_not_have_is_not_there() -> None:
    programs = published(ASKS)
    pin = programs.resolve(A_TENANT, "survey", Channel.WEB)
    unknown = FlowPin(FlowId(new_id()), FlowVersion("1.0"))

    assert called_by(programs, A_TENANT)(str(unknown)) is None
    assert called_by(programs, A_TENANT)("nobody") is None
    assert called_by(programs, a_tenant_id())(str(pin)) is None
    assert called_by(programs, a_tenant_id())("survey") is None


def test_a_conversation_goes_through_a_called_flow_turn_by_turn() -> None:
    programs = published(ASKS, calls("survey"))
    world = a_world(programs=programs)
    begun = world.starts(flow="shop")

    asked = world.turns.take(an_inbound("on", conversation_id=begun.id))
    ended = world.turns.take(an_inbound("fine", conversation_id=begun.id))

    assert [message.content["text"] for message in asked.messages] == ["How was it?"]
    assert asked.conversation.current_state == "ask"
    assert [message.content["text"] for message in ended.messages] == ["Noted.", "Bye"]
    assert ended.conversation.status is Status.COMPLETED
