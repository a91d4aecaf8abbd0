"""Things that tests begin with: each says only what matters to the test."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

from parley.domain.access import Caller, Role
from parley.domain.conversations import (
    Arrival,
    Channel,
    Conversation,
    FlowPin,
    FlowVersion,
    ItemKind,
    OutboxItem,
)
from parley.domain.errors import NotFound
from parley.domain.flow_records import NO_CALLS
from parley.domain.flows import FlowDocument
from parley.domain.history import message_row
from parley.domain.ids import (
    ConversationId,
    FlowId,
    MessageId,
    ProviderId,
    TenantId,
    TurnId,
    UserId,
)
from parley.domain.json import JsonObject
from parley.domain.messages import Direction, Message, Sender
from parley.domain.queued import Inbound, OutboundTurn
from parley.engine.compile import compile_flow
from parley.engine.services import IntegrationReply, IntegrationRequest
from parley.engine.turn import run_turn
from parley.nlu.matcher import IntentMatcher
from parley.repositories.memory.conversations import MemoryConversations
from parley.repositories.memory.live import MemoryLive
from parley.repositories.memory.messages import MemoryMessages
from parley.repositories.memory.queues import MemoryEventQueue, MemoryFifo
from parley.services.conversations import ConversationService
from parley.services.delivery import DeliveryService
from parley.services.openings import Opening, opened
from parley.services.outbox import OutboxService, one_by_one
from parley.services.ports.conversations import Conversations, Messages
from parley.services.ports.integrations import Integrations
from parley.services.ports.programs import Fallback, LoadedFlow, Programs
from parley.services.ports.queues import InboundQueue, OutboundQueue
from parley.services.timers import TimerService
from parley.services.turns import Run, TurnService

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
A_TENANT = TenantId("t-acme")
B_TENANT = TenantId("t-bolt")
A_USER = UserId("u-ada")
A_PIN = FlowPin(FlowId("f-echo"), FlowVersion("1.0"))

ECHO: JsonObject = {
    "schema": "parley/1",
    "name": "echo",
    "initial_state": "welcome",
    "states": [
        {
            "name": "welcome",
            "type": "response",
            "config": {"response_templates": {"en": "Hello"}},
            "transitions": [{"condition": "any_input", "target_state": "echo"}],
        },
        {
            "name": "echo",
            "type": "response",
            "config": {"response_templates": {"en": "You said {{ input.text }}"}},
            "transitions": [{"condition": "any_input", "target_state": "echo"}],
        },
    ],
}
"""Says "Hello", then repeats each message."""


def paying(*, method: str = "POST") -> JsonObject:
    """A flow that calls the integration `shop` on every message, and says how that went."""
    on_message = [{"condition": "any_input", "target_state": "pay"}]
    return {
        "schema": "parley/1",
        "name": "paying",
        "initial_state": "welcome",
        "variables": {"receipt": None},
        "states": [
            {
                "name": "welcome",
                "type": "response",
                "config": {"response_templates": {"en": "Hello"}},
                "transitions": on_message,
            },
            {
                "name": "pay",
                "type": "integration",
                "config": {
                    "integration_id": "shop",
                    "endpoint": "/payments",
                    "method": method,
                    "response_mapping": {"vars.receipt": "receipt"},
                },
                "transitions": [
                    {"condition": "integration_success", "target_state": "paid"},
                    {"condition": "integration_error", "target_state": "unpaid"},
                ],
            },
            {
                "name": "paid",
                "type": "response",
                "config": {"response_templates": {"en": "Paid: {{ vars.receipt }}"}},
                "transitions": on_message,
            },
            {
                "name": "unpaid",
                "type": "response",
                "config": {"response_templates": {"en": "Not paid: {{ integration.kind }}"}},
                "transitions": on_message,
            },
        ],
    }


@cache
def _compiled(name: str) -> LoadedFlow:
    return a_flow(ECHO if name == "echo" else paying())


def a_flow(document: JsonObject) -> LoadedFlow:
    """A document, ready to run."""
    flow = FlowDocument.model_validate(document)
    matcher = IntentMatcher.train(document.get("intents", {}))
    return LoadedFlow(compile_flow(flow), matcher, flow, NO_CALLS)


def an_echo() -> LoadedFlow:
    return _compiled("echo")


def a_caller(
    tenant_id: TenantId = A_TENANT, user_id: UserId = A_USER, role: Role = Role.ADMIN
) -> Caller:
    return Caller(tenant_id, user_id, role)


def a_conversation(
    conversation_id: str = "c-1", *, tenant_id: TenantId = A_TENANT, **changes: Any
) -> Conversation:
    """One that has been stored once and has had its first turn."""
    opening = Opening(Channel.WEB, A_USER, None, {})
    blank = opened(tenant_id, ConversationId(conversation_id), opening, A_PIN, NOON)
    first = replace(blank, rev=1, turn_no=1, last_turn_id=TurnId("turn-1"), state={"at": "start"})
    return replace(first, **changes)


def an_arrival(turn: str = "turn-2", turn_no: int = 2) -> Arrival:
    return Arrival(TurnId(turn), "hash", NOON, turn_no)


def a_row(n: int, *, turn_no: int | None = None, text: str | None = None) -> JsonObject:
    """The row of message number `n`, the bot's if `n` is even."""
    is_reply = n % 2 == 0
    return message_row(
        Message(
            id=MessageId(f"m-{n}"),
            conversation_id=ConversationId("c-1"),
            sequence_number=n,
            direction=Direction.OUTBOUND if is_reply else Direction.INBOUND,
            sender=Sender.BOT if is_reply else Sender.USER,
            content={"type": "text", "text": text or f"message {n}"},
            turn_id=TurnId(f"turn-{turn_no or n}"),
            turn_no=turn_no or n,
            at=NOON + timedelta(seconds=n),
        )
    )


def a_turn_row(turn_no: int) -> JsonObject:
    return {
        "kind": "turn",
        "id": f"turn-{turn_no}",
        "turn_no": turn_no,
        "payload_hash": "hash",
        "trace": {"a.b": {"$c": turn_no}},
    }


def a_message_item(row: JsonObject) -> OutboxItem:
    return OutboxItem(row["id"], ItemKind.MESSAGE, row)


def an_event_item(oid: str) -> OutboxItem:
    body = {"name": "turn.taken", "at": "2026-11-22T12:00:00.000Z", "data": {"$odd.key": 1}}
    return OutboxItem(oid, ItemKind.EVENT, body)


def an_inbound(
    text: str = "hi",
    *,
    pid: str | None = None,
    conversation_id: str = "c-1",
    tenant_id: TenantId = A_TENANT,
    at: datetime = NOON,
) -> Inbound:
    """A user's message."""
    return Inbound(
        tenant_id=tenant_id,
        conversation_id=ConversationId(conversation_id),
        pid=ProviderId(pid or f"web:{uuid4()}"),
        event={"kind": "message", "content": {"type": "text", "text": text}},
        received_at=at,
    )


class ManualClock:
    """A clock that a test moves."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


class FixedPrograms:
    """The port `Programs`, with the flows it is given; the first is the default."""

    def __init__(
        self,
        flows: Mapping[FlowPin, LoadedFlow] | None = None,
        fallbacks: Mapping[FlowPin, Fallback] | None = None,
    ) -> None:
        self._flows = dict(flows or {A_PIN: an_echo()})
        self._fallbacks = dict(fallbacks or {})

    def get(self, tenant_id: TenantId, pin: FlowPin) -> LoadedFlow:  # noqa: ARG002 -- the port's
        if pin not in self._flows:
            raise NotFound("flow", pin.id)
        return self._flows[pin]

    def fallback(self, tenant_id: TenantId, pin: FlowPin) -> Fallback | None:  # noqa: ARG002 -- the port's
        return self._fallbacks.get(pin)

    def resolve(self, tenant_id: TenantId, flow: str | None, channel: Channel) -> FlowPin:  # noqa: ARG002 -- the port's
        if flow is None:
            return next(iter(self._flows))
        pin = next((pin for pin in self._flows if pin.id == flow), None)
        if pin is None:
            raise NotFound("flow", flow)
        return pin


class Shop:
    """The port `Integrations`: a shop that keeps each payment once under its key, and counts."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def call(
        self,
        tenant_id: TenantId,  # noqa: ARG002 -- the port's
        conversation_id: ConversationId,  # noqa: ARG002 -- the port's
        request: IntegrationRequest,  # noqa: ARG002 -- the port's
        *,
        idempotency_key: str,
    ) -> IntegrationReply:
        self.keys.append(idempotency_key)
        number = list(dict.fromkeys(self.keys)).index(idempotency_key) + 1
        return IntegrationReply("success", http_status=200, data={"receipt": f"R{number}"})


@dataclass
class World:
    """Every service of a conversation over the same stores and queues."""

    conversations: Conversations
    messages: Messages
    inbound: InboundQueue
    outbound: OutboundQueue
    outbox: OutboxService
    turns: TurnService
    timers: TimerService
    delivery: DeliveryService
    service: ConversationService
    clock: Callable[[], datetime]
    events: MemoryEventQueue
    live: MemoryLive

    def starts(
        self, key: str = "k", *, tenant_id: TenantId = A_TENANT, flow: str | None = None
    ) -> Conversation:
        """A conversation that has said hello."""
        return self.service.start(a_caller(tenant_id), key=key, flow=flow).conversation


def a_world(
    *,
    conversations: Conversations | None = None,
    messages: Messages | None = None,
    inbound: InboundQueue | None = None,
    outbound: OutboundQueue | None = None,
    integrations: Integrations | None = None,
    programs: Programs | None = None,
    clock: Callable[[], datetime] | None = None,
    run: Run = run_turn,
    turn_service: type[TurnService] = TurnService,
    outbox_service: type[OutboxService] = OutboxService,
) -> World:
    """In memory, step by step, unless a part is given."""
    conversations = MemoryConversations() if conversations is None else conversations
    messages = MemoryMessages() if messages is None else messages
    inbound = MemoryFifo[Inbound]() if inbound is None else inbound
    outbound = MemoryFifo[OutboundTurn]() if outbound is None else outbound
    clock = ManualClock() if clock is None else clock
    programs = FixedPrograms() if programs is None else programs
    events, live = MemoryEventQueue(), MemoryLive()
    outbox = outbox_service(
        conversations=conversations,
        messages=messages,
        outbound=outbound,
        clock=clock,
        together=one_by_one,
    )
    turns = turn_service(
        conversations=conversations,
        messages=messages,
        programs=programs,
        integrations=integrations or Shop(),
        outbox=outbox,
        clock=clock,
        run=run,
    )
    service = ConversationService(
        conversations=conversations,
        messages=messages,
        programs=lambda: programs,
        turns=lambda: turns,
        inbound=inbound,
        clock=clock,
        new_id=lambda: str(uuid4()),
    )
    return World(
        conversations=conversations,
        messages=messages,
        inbound=inbound,
        outbound=outbound,
        outbox=outbox,
        turns=turns,
        timers=TimerService(conversations=conversations, inbound=inbound, clock=clock),
        delivery=DeliveryService(messages=messages, live=live, events=events),
        service=service,
        clock=clock,
        events=events,
        live=live,
    )
