"""A conversation's small world: queues, workers, an impatient caller, a sweeper, and a clock.

Everything that happens is an action somebody chooses: a seed (the crash sweep) or Hypothesis.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from parley.domain.conversations import Arrival, Conversation, FlowPin, FlowVersion
from parley.domain.errors import NotFound, Unavailable
from parley.domain.ids import ConversationId, FlowId, ProviderId, TenantId, TurnId
from parley.domain.json import JsonObject
from parley.domain.queued import Inbound, OutboundTurn
from parley.domain.tokens import TokenKey, TokenKeys
from parley.engine.services import IntegrationReply, IntegrationRequest
from parley.repositories.memory.conversations import MemoryConversations
from parley.repositories.memory.messages import MemoryMessages
from parley.repositories.memory.queues import MemoryFifo, Record
from parley.runtime.tokens import SignedTokens
from parley.services.callbacks import CallbackService
from parley.services.calls import CALLBACK_HEADER, RoutedIntegrations
from parley.services.journal import VISIBILITY
from parley.services.migrations import migration
from parley.services.outbox import OutboxService
from parley.services.ports.programs import Fallback
from parley.services.turns import TurnService
from tests.builders import (
    A_PIN,
    A_TENANT,
    FixedPrograms,
    ManualClock,
    Shop,
    World,
    a_caller,
    a_flow,
    a_world,
    an_inbound,
    paying,
)
from tests.property.turns.processes import Fault, Process, Watched
from tests.wired import a_key_pem

SWEEP_EVERY = timedelta(seconds=60)
REDELIVERED_AFTER = timedelta(seconds=1)
KEY = "k"
ORDER = "order"
"""A message that begins so is answered later, at the address that came with the call."""
_TOKENS = SignedTokens(TokenKeys((TokenKey("k1", a_key_pem()),)))
MAX_STEPS = 2_000


class Broken(AssertionError):
    """An invariant does not hold; the message begins with its number."""


@dataclass
class Ledger:
    """What was committed, in order, as the store saw it; and what was sent when it was."""

    turns: list[TurnId] = field(default_factory=list)
    committed_at: dict[TurnId, datetime] = field(default_factory=dict)
    items: list[str] = field(default_factory=list)
    rows: list[JsonObject] = field(default_factory=list)
    sent_uncommitted: list[str] = field(default_factory=list)


class RecordingConversations(MemoryConversations):
    """Writes down each commit as it is applied."""

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self._ledger = ledger
        self._clock = clock

    def add(self, conversation: Conversation, arrival: Arrival | None) -> bool:
        is_added = super().add(conversation, arrival)
        if is_added and arrival is not None:
            self._note(conversation, 0, 0)
        return is_added

    def replace(self, before: Conversation, after: Conversation, arrival: Arrival | None) -> bool:
        is_replaced = super().replace(before, after, arrival)
        if is_replaced and arrival is not None:
            self._note(after, len(before.outbox.items), len(before.tail))
        return is_replaced

    def _note(self, after: Conversation, items: int, rows: int) -> None:
        self._ledger.turns.append(after.last_turn_id)
        self._ledger.committed_at[after.last_turn_id] = self._clock()
        self._ledger.items += [item.oid for item in after.outbox.items[items:]]
        self._ledger.rows += after.tail[rows:]


class RecordingOutbound(MemoryFifo[OutboundTurn]):
    """Notices what is sent before it is committed (I4)."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger

    def send(self, body: OutboundTurn) -> None:
        turns = set(self._ledger.turns)
        rows = {row["id"] for row in self._ledger.rows}
        self._ledger.sent_uncommitted += [
            item.oid
            for item in body.items
            if item.oid not in rows and item.oid.rpartition(":")[0] not in turns
        ]
        super().send(body)


class BusyShop(Shop):
    """A shop that keeps the addresses at which it is to say what became of an order.

    `addresses` are those of the calls with these ids, `called_at` is when each call was made.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self.addresses: dict[str, str] = {}
        self.called_at: dict[str, datetime] = {}
        self._clock = clock

    def call(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        request: IntegrationRequest,
        *,
        idempotency_key: str,
    ) -> IntegrationReply:
        if request.callback is not None:
            call_id = request.callback.call_id
            self.addresses[call_id] = request.headers[CALLBACK_HEADER]
            self.called_at[call_id] = self._clock()
        return super().call(tenant_id, conversation_id, request, idempotency_key=idempotency_key)


@dataclass(frozen=True)
class Code:
    """The code under test, or a mutant of it."""

    turns: type[TurnService] = TurnService
    outbox: type[OutboxService] = OutboxService
    acknowledges_first: bool = False


class Simulation:
    """One conversation that calls a shop on every message, begun by a flow that fails to start.

    An order is answered later; `answered` are the calls of which that was tried.
    """

    def __init__(self, code: Code | None = None, tenant_id: TenantId = A_TENANT) -> None:
        self.code = code or Code()
        self.ledger = Ledger()
        self.clock = ManualClock()
        self.shop = BusyShop(self.clock)
        self.answered: list[str] = []
        self.came_too_late: set[str] = set()
        """Calls whose address was no good any more: the wait was over by the clock."""
        self.stored = RecordingConversations(self.ledger, self.clock)
        self.history = MemoryMessages()
        self.queue: MemoryFifo[Inbound] = MemoryFifo()
        self.callbacks = CallbackService(
            tokens=lambda: _TOKENS, inbound=self.queue, clock=self.clock
        )
        self.wire = RecordingOutbound(self.ledger)
        self.accepted: list[ProviderId] = []
        self.given_up: set[ProviderId] = set()
        """Whose worker died, or was so slow that the queue took it for dead."""
        self.clock_was_off = timedelta(0)
        """By how much in all, beside the time that things take."""
        self.clock_went_back = False
        self.faults = 0
        self.tenant_id = tenant_id
        self.conversation_id = ConversationId("")
        self._current: Process | None = None
        self.world = self._world()

    def _world(self) -> World:
        def watched(name: str, port: Any) -> Any:
            return Watched(name, port, lambda: self._current)

        return a_world(
            conversations=watched("conversations", self.stored),
            messages=watched("messages", self.history),
            inbound=watched("inbound", self.queue),
            outbound=watched("outbound", self.wire),
            integrations=RoutedIntegrations(
                watched("integrations", self.shop),
                built_ins={},
                public_url="https://api.shop.example/v1",
                token_for=self.callbacks.token,
            ),
            programs=watched("programs", FixedPrograms(FLOWS, FALLBACKS)),
            clock=self.clock,
            turn_service=self.code.turns,
            outbox_service=self.code.outbox,
        )

    @property
    def conversation(self) -> Conversation:
        found = self.stored.find(self.tenant_id, self.conversation_id)
        assert found is not None
        return found

    def starting(self) -> Process:
        """A caller who begins the conversation, under a key."""

        def work() -> None:
            started = self.world.service.start(a_caller(self.tenant_id), key=KEY)
            self.conversation_id = started.conversation.id

        return Process("starter", _until_answered(work))

    def accept(self, text: str, *, pid: str | None = None) -> Inbound:
        """A message is put on the queue: from now on it must not be lost."""
        inbound = self.message(text, pid=pid)
        self.queue.send(inbound)
        if inbound.pid not in self.accepted:
            self.accepted.append(inbound.pid)
        return inbound

    def accept_move(self) -> None:
        """The conversation is to move to the other version of its flow; that is queued, too."""
        to = NEXT_PIN if self.conversation.flow == A_PIN else A_PIN
        moving = migration(self.conversation, to, {}, self.clock.now)
        self.queue.send(moving)
        if moving.pid not in self.accepted:
            self.accepted.append(moving.pid)

    def answer(self, call_id: str) -> None:
        """The shop says what became of an order: for the first time, or again."""
        is_first = call_id not in self.answered
        self.answered.append(call_id)
        answer = {"status": "success", "data": {"receipt": f"of {call_id}"}}
        try:
            self.callbacks.take(self.shop.addresses[call_id].rpartition("/")[2], answer)
        except NotFound:
            self.came_too_late |= {call_id} if is_first else set()
            return
        pid = self.queue.sent[-1].pid
        if pid not in self.accepted:
            self.accepted.append(pid)

    def unanswered(self) -> list[str]:
        return [known for known in self.shop.addresses if known not in self.answered]

    def message(self, text: str, *, pid: str | None = None) -> Inbound:
        return an_inbound(
            text,
            pid=pid or f"web:{text}",
            conversation_id=self.conversation_id,
            tenant_id=self.tenant_id,
            at=self.clock.now,
        )

    def delivery(self, name: str) -> Process | None:
        """A worker receives a record, if there is one to be received."""
        record = self.queue.receive()
        if record is None:
            return None
        return Process(name, lambda: self._take(record))

    def direct(self, inbound: Inbound) -> Process:
        """A caller who does not queue but waits (`Prefer: wait`)."""

        def work() -> None:
            self.world.turns.take(inbound)
            if inbound.pid not in self.accepted:
                self.accepted.append(inbound.pid)

        return Process("caller", _until_answered(work), again=lambda: self.direct(inbound))

    def sweep(self) -> Process:
        """The schedule runs; leases that are out by the clock are taken over."""
        return Process("sweeper", self._swept)

    def lose_leases(self) -> None:
        """Every lease runs out, under live owners too."""
        self.set_the_clock(SWEEP_EVERY)

    def set_the_clock(self, by: timedelta) -> None:
        self.clock.now += by
        self.clock_was_off += abs(by)
        self.clock_went_back |= by < timedelta(0)

    def expire_visibility(self) -> bool:
        """The first record in flight is received again, though somebody may be at work on it."""
        record = next(iter(self.queue.in_flight()), None)
        if record is not None:
            self.clock.now += VISIBILITY
            self.given_up.add(record.body.pid)
            self.queue.give_back(record)
        return record is not None

    def step(self, process: Process, fault: Fault | None = None) -> None:
        self._current = process
        self.faults += fault is not None
        try:
            process.step(fault)
        finally:
            self._current = None

    def finish(self, process: Process) -> None:
        for _ in range(MAX_STEPS):
            if process.is_over:
                return
            self.step(process)
        raise Broken(f"I7: {process.name} never ends")

    def drain(self, running: list[Process]) -> None:
        """No more faults: all that is under way ends, then whatever is left is done."""
        for process in running:
            self.finish(process)
        for _ in range(40):
            for call_id in self.unanswered():
                self.answer(call_id)
            while self.expire_visibility():
                pass
            while (worker := self.delivery("drainer")) is not None:
                self.finish(worker)
                self.clock.now += REDELIVERED_AFTER
                while self.expire_visibility():
                    pass
            self.clock.now += SWEEP_EVERY
            self.finish(self.sweep())
            is_done = not len(self.queue) and self.conversation.pending.is_empty
            if is_done and not self.unanswered():
                return

    def _take(self, record: Record[Inbound]) -> None:
        queue = cast("MemoryFifo[Inbound]", self.world.inbound)
        if self.code.acknowledges_first:
            queue.delete(record)
        try:
            self.world.turns.take(record.body, record.receipt)
            queue.delete(record)
        except Unavailable:
            self.queue.give_back(record)

    def _swept(self) -> None:
        try:
            self.world.outbox.flush_stuck()
        except Unavailable:
            return


def _until_answered(work: Callable[[], None]) -> Callable[[], None]:
    """The caller tries again, under the same id, for as long as it gets no answer."""

    def repeated() -> None:
        while True:
            try:
                return work()
            except Unavailable:
                continue

    return repeated


def _failing() -> JsonObject:
    """A flow that calls the shop as it begins, and fails to start."""
    flow = paying()
    _, pay, *_ = flow["states"]
    ways = [{**way, "target_state": "broken"} for way in pay["transitions"]]
    broken = {"name": "broken", "type": "error", "config": {"response_templates": {"en": "Sorry"}}}
    states = [{**pay, "transitions": ways}, broken]
    return {**flow, "name": "failing", "initial_state": "pay", "states": states}


def _paying_or_ordering() -> JsonObject:
    """A flow that calls the shop on every message; it waits for its answer to an order.

    A customer who does not want to wait any more may pay for something else.
    """
    flow = paying()
    _, pay, *_ = flow["states"]
    order = {
        **pay,
        "name": "order",
        "config": {**pay["config"], "endpoint": "/orders", "async": True},
        "timeout_seconds": 600,
    }
    for state in flow["states"]:
        if state["name"] != "pay":
            is_order = f"input.text.startsWith('{ORDER}')"
            first = {"condition": "any_input", "expression": is_order, "target_state": "order"}
            state["transitions"] = [first, *state["transitions"]]
    leaves = {
        "condition": "any_input",
        "expression": "input.text.startsWith('direct')",
        "target_state": "pay",
    }
    return {
        **flow,
        "settings": {"max_fallbacks": 10},
        "global_transitions": [leaves],
        "states": [*flow["states"], order],
    }


PAYING = a_flow(_paying_or_ordering())
NEXT_PIN = FlowPin(A_PIN.id, FlowVersion("1.1"))
_FIRST_PIN = FlowPin(FlowId("f-failing"), FlowVersion("1.0"))
FLOWS = {_FIRST_PIN: a_flow(_failing()), A_PIN: PAYING, NEXT_PIN: PAYING}
"""The first is tried at each start, and falls back on the second."""
FALLBACKS = {_FIRST_PIN: Fallback("failing", "paying", A_PIN)}
