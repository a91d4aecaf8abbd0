"""A tenant with a published flow, conversations on it, and a new version to move them to."""

from collections.abc import Collection
from dataclasses import dataclass, field

from parley.domain.access import Caller
from parley.domain.conversations import Conversation, FlowPin, FlowVersion
from parley.domain.errors import Unavailable
from parley.domain.flow_records import Flow
from parley.domain.ids import FlowId, TenantId
from parley.domain.json import JsonObject
from parley.domain.queued import Inbound, OutboundTurn
from parley.domain.turns import TurnTaken
from parley.repositories.memory.conversations import MemoryConversations
from parley.repositories.memory.flows import MemoryFlowCache, MemoryFlows
from parley.repositories.memory.queues import MemoryFifo
from parley.services.flows import FlowService
from parley.services.migrations import MigrationService
from parley.services.ports.programs import LoadedFlow
from parley.services.programs import FlowPrograms, built
from tests.builders import ManualClock, World, a_caller, a_world, an_inbound
from tests.tenants import new_id
from tests.unit.engine.talks import a_flow, says, state, to


def asking(name: str = "ask", text: str = "{{ slots.age }}!", **slot: object) -> JsonObject:
    """A flow that asks for an age in the state `name`, then says `text` at every message."""
    return a_flow(
        state(
            name,
            "slot_filling",
            to("told", "all_slots_filled"),
            config={"required_slots": ["age"]},
        ),
        says("told", text, to("told")),
        slots={"age": {"type": "integer", **slot}},
        name="asking",
    )


class Refusing(MemoryFifo[Inbound]):
    """A queue that takes nothing while it is told to be away."""

    is_away = False

    def send(self, body: Inbound) -> None:
        if self.is_away:
            raise Unavailable("the queue is away")
        super().send(body)


class Killed(BaseException):
    """A worker's end."""


class Deadly(FlowPrograms):
    """Programs that kill whoever loads one, while they are told to, and some that do not load."""

    is_deadly = False
    unreadable: Collection[FlowVersion] = ()

    def get(self, tenant_id: TenantId, pin: FlowPin) -> LoadedFlow:
        if self.is_deadly:
            raise Killed
        if pin.version in self.unreadable:
            built({"schema": "parley/0"})
        return super().get(tenant_id, pin)


@dataclass
class Moved:
    """Every service that has to do with it, over the same memory."""

    clock: ManualClock = field(default_factory=ManualClock)
    caller: Caller = field(default_factory=a_caller)
    queue: Refusing = field(default_factory=Refusing)
    conversations: MemoryConversations = field(default_factory=MemoryConversations)

    def __post_init__(self) -> None:
        self.stored = MemoryFlows()
        self.flows = FlowService(self.stored, clock=self.clock, new_id=new_id)
        self.programs = Deadly(self.stored, MemoryFlowCache())
        self.outbound = MemoryFifo[OutboundTurn]()
        self.world: World = a_world(
            conversations=self.conversations,
            inbound=self.queue,
            outbound=self.outbound,
            programs=self.programs,
            clock=self.clock,
        )
        self.migrations = MigrationService(
            self.flows,
            self.programs,
            conversations=self.conversations,
            inbound=self.queue,
            clock=self.clock,
        )

    def published(self, document: JsonObject) -> Flow:
        """A new flow of this document, live as 1.0."""
        return self.flows.publish(self.caller, self.flows.create(self.caller, document).id)

    def drafted(self, flow: Flow, document: JsonObject) -> None:
        """The next version, not live yet; the same content twice would be one version."""
        change = self.flows.get(self.caller, flow.id).version_count
        changed = {**document, "description": f"change {change}"}
        self.flows.create_version(self.caller, flow.id, changed)

    def started(self, flow: Flow, key: str = "k") -> Conversation:
        return self.world.service.start(self.caller, flow=flow.id, key=key).conversation

    def say(self, begun: Conversation, text: str) -> list[str]:
        """What a message is answered."""
        message = an_inbound(
            text, conversation_id=begun.id, tenant_id=begun.tenant_id, at=self.clock.now
        )
        return [one.content["text"] for one in self.world.turns.take(message).messages]

    def now(self, begun: Conversation) -> Conversation:
        found = self.conversations.find(begun.tenant_id, begun.id)
        assert found is not None
        return found

    def drain(self) -> list[TurnTaken]:
        """The turns of all that is queued."""
        taken = []
        while (record := self.queue.receive()) is not None:
            taken.append(self.world.turns.take(record.body, record.receipt))
            self.queue.delete(record)
        return taken

    def told(self, name: str) -> list[JsonObject]:
        """The data of every event of this name."""
        bodies = [item.body for sent in self.outbound.sent for item in sent.items]
        return [body["data"] for body in bodies if body.get("name") == name]

    def move(self, flow_id: FlowId, **names: str) -> list[TurnTaken]:
        """Publish the latest version and move what can; the turns that it took."""
        self.migrations.publish(self.caller, flow_id, state_map=names)
        return self.drain()
