"""Answers to asynchronous calls: from the address that a call carries to the turn they make."""

from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import Any

import pytest

from parley.domain.conversations import Conversation, FlowPin, FlowVersion, Status
from parley.domain.errors import Invalid, NotFound, Unavailable
from parley.domain.ids import ConversationId, FlowId, TenantId
from parley.domain.json import JsonObject
from parley.domain.queued import Inbound, Receipt
from parley.domain.tokens import TokenKey, TokenKeys
from parley.domain.turns import Outcome, TurnTaken
from parley.engine.services import Callback, IntegrationReply, IntegrationRequest
from parley.repositories.memory.queues import MemoryFifo
from parley.runtime.tokens import SignedTokens
from parley.services.callbacks import GRACE, MAX_ANSWER_BYTES, CallbackService
from parley.services.calls import CALLBACK_HEADER, RoutedIntegrations
from parley.services.ports.programs import Fallback
from tests.builders import (
    A_PIN,
    A_TENANT,
    NOON,
    FixedPrograms,
    ManualClock,
    World,
    a_caller,
    a_flow,
    a_world,
    an_inbound,
    paying,
)
from tests.wired import a_key_pem

TALK = ConversationId("c-1")
PUBLIC_URL = "https://api.shop.example/v1"
PAID = {"status": "success", "data": {"receipt": "R1"}}
TOKENS = SignedTokens(TokenKeys((TokenKey("k1", a_key_pem()),)))


def paying_later(method: str = "POST") -> JsonObject:
    """A flow that waits ten minutes to be told about a payment."""
    flow = paying(method=method)
    flow["states"][1]["timeout_seconds"] = 600
    flow["states"][1]["config"]["async"] = True
    return flow


class Office:
    """A system that takes every call, and keeps under what key and with which address it came.

    `at_once` is what it does before it has said that the call is taken.
    """

    def __init__(self, at_once: Any = None) -> None:
        self.keys: list[str] = []
        self.addresses: list[str] = []
        self.at_once = at_once

    def call(
        self,
        tenant_id: TenantId,  # noqa: ARG002 -- the port's
        conversation_id: ConversationId,  # noqa: ARG002 -- the port's
        request: IntegrationRequest,
        *,
        idempotency_key: str,
    ) -> IntegrationReply:
        self.keys.append(idempotency_key)
        self.addresses.append(request.headers.get(CALLBACK_HEADER, ""))
        if self.at_once is not None:
            self.at_once(self.addresses[-1])
        return IntegrationReply("success", http_status=202)


class Stage:
    """A world whose calls go to an office, and the service that takes what it answers."""

    def __init__(
        self,
        office: Office,
        *,
        method: str = "POST",
        public_url: str = PUBLIC_URL,
        programs: FixedPrograms | None = None,
    ) -> None:
        self.clock = ManualClock()
        self.queue = MemoryFifo[Inbound]()
        self.callbacks = CallbackService(
            tokens=lambda: TOKENS, inbound=self.queue, clock=self.clock
        )
        self.world: World = a_world(
            clock=self.clock,
            inbound=self.queue,
            programs=programs or FixedPrograms({A_PIN: a_flow(paying_later(method))}),
            integrations=RoutedIntegrations(
                office, built_ins={}, public_url=public_url, token_for=self.callbacks.token
            ),
        )

    @cached_property
    def begun(self) -> Conversation:
        return self.world.starts()

    def say(self, pid: str = "web:pay") -> TurnTaken:
        return self.world.turns.take(an_inbound(pid=pid, conversation_id=self.begun.id))

    def answer(self, address: str, answer: JsonObject = PAID) -> None:
        self.callbacks.take(address.rpartition("/")[2], answer)

    def take_queued(self, n: int = -1) -> TurnTaken:
        return self.world.turns.take(self.queue.sent[n], Receipt(seq=str(len(self.queue.sent))))

    @property
    def document(self) -> Conversation:
        found = self.world.conversations.find(A_TENANT, self.begun.id)
        assert found is not None
        return found


def texts(taken: TurnTaken) -> list[str]:
    return [message.content["text"] for message in taken.messages]


def test_a_call_carries_its_address_and_the_answer_makes_the_next_turn() -> None:
    office = Office()
    stage = Stage(office)
    assert texts(stage.say()) == []
    assert office.addresses[0].startswith(f"{PUBLIC_URL}/callbacks/")

    stage.answer(office.addresses[0])
    taken = stage.take_queued()

    assert (texts(taken), taken.outcome) == (["Paid: R1"], Outcome.COMMITTED)
    assert stage.queue.sent[-1].pid.startswith(f"callback:{stage.begun.id}:")


def test_an_answer_that_comes_again_is_one_turn_and_another_one_is_refused() -> None:
    office = Office()
    stage = Stage(office)
    stage.say()
    for answer in (PAID, PAID, {"status": "error"}):
        stage.answer(office.addresses[0], answer)

    first, again, other = (stage.take_queued(n) for n in (-3, -2, -1))

    assert (first.outcome, again.outcome, again.same_payload) == (
        Outcome.COMMITTED,
        Outcome.DUPLICATE,
        True,
    )
    assert (other.outcome, other.same_payload) == (Outcome.DUPLICATE, False)
    assert stage.document.turn_no == 3


def test_an_answer_after_the_time_is_over_is_ignored() -> None:
    office = Office()
    stage = Stage(office)
    stage.say()
    stage.clock.advance(seconds=600)
    stage.world.timers.fire_due()
    assert texts(stage.take_queued()) == ["Not paid: timeout"]

    stage.answer(office.addresses[0])

    assert stage.take_queued().outcome is Outcome.IGNORED


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_an_answer_that_is_faster_than_the_turn_that_asks_is_taken_after_it(method: str) -> None:
    """Somebody waits for the turn: it is not on the queue, and the callback not behind it."""
    early: list[type[Exception]] = []

    def answers_first(address: str) -> None:
        stage.answer(address)
        with pytest.raises(Unavailable):
            stage.take_queued()
        early.append(Unavailable)

    office = Office(answers_first)
    stage = Stage(office, method=method)
    assert texts(stage.say()) == []

    assert texts(stage.take_queued()) == ["Paid: R1"]
    assert (early, len(office.keys)) == ([Unavailable], 1)


def test_an_early_answer_to_a_turn_that_never_ends_holds_nobody_up_for_long() -> None:
    def dies(address: str) -> None:
        stage.answer(address)
        raise SystemExit

    stage = Stage(Office(dies))
    with pytest.raises(SystemExit):
        stage.say()
    with pytest.raises(Unavailable):
        stage.take_queued()

    stage.clock.now += timedelta(minutes=1)

    assert stage.take_queued().outcome is Outcome.IGNORED


def test_a_turn_that_loses_a_race_waits_for_the_answer_to_the_call_it_has_made() -> None:
    """Somebody wrote in between: the call is not made again, and its address is still good."""

    def raced(_address: str) -> None:
        before = stage.document
        assert stage.world.conversations.replace(before, replace(before, rev=before.rev + 1), None)

    office = Office(raced)
    stage = Stage(office)
    stage.say()
    stage.answer(office.addresses[0])

    assert texts(stage.take_queued()) == ["Paid: R1"]
    assert len(office.keys) == 1


def pays_at_once(name: str, unpaid: str) -> JsonObject:
    """A flow that asks for a payment as it begins, and goes to `unpaid` if that is not taken."""
    flow = paying_later()
    welcome, pay, *rest = flow["states"]
    pay["transitions"][1]["target_state"] = unpaid
    broken = {"name": "broken", "type": "error", "config": {"response_templates": {"en": "Sorry"}}}
    return {**flow, "name": name, "initial_state": "pay", "states": [pay, welcome, *rest, broken]}


class Busy(Office):
    """An office that keeps the first call, and says that it has not."""

    def call(self, *asked: Any, **more: Any) -> IntegrationReply:
        taken = super().call(*asked, **more)
        return taken if len(self.keys) > 1 else IntegrationReply("error", "timeout")


def falling_back() -> FixedPrograms:
    """A flow that gives up when its payment is not taken, and one that stands in for it."""
    stand_in = FlowPin(FlowId("f-second"), FlowVersion("1.0"))
    flows = {A_PIN: pays_at_once("first", "broken"), stand_in: pays_at_once("second", "unpaid")}
    return FixedPrograms(
        {pin: a_flow(document) for pin, document in flows.items()},
        {A_PIN: Fallback("first", "second", stand_in)},
    )


def test_a_flow_that_stands_in_waits_for_its_own_call_alone() -> None:
    office = Busy()
    stage = Stage(office, programs=falling_back())
    assert stage.begun.flow.id == "f-second"
    of_first, of_second = office.addresses

    stage.answer(of_first, {"status": "success", "data": {"receipt": "of the first"}})
    not_awaited = stage.take_queued()
    stage.answer(of_second)
    awaited = stage.take_queued()

    assert not_awaited.outcome is Outcome.IGNORED
    assert texts(awaited) == ["Paid: R1"]
    replayed = stage.world.service.replay(a_caller(), stage.begun.id, None)
    assert (replayed.turns, replayed.difference) == (3, None)


def test_an_early_answer_to_a_flow_that_stands_in_is_taken_after_its_start() -> None:
    def answers_first(address: str) -> None:
        stage.answer(address)
        with pytest.raises(Unavailable):
            stage.take_queued()

    office = Busy(answers_first)
    stage = Stage(office, programs=falling_back())
    assert stage.begun.turn_no == 1

    taken = [stage.take_queued(n) for n in (-2, -1)]

    assert [one.outcome for one in taken] == [Outcome.IGNORED, Outcome.COMMITTED]
    assert texts(taken[1]) == ["Paid: R1"]


def test_an_answer_to_a_start_that_died_begins_and_ends_nothing() -> None:
    """The call was made, its turn was not; who asks for the start again gets a conversation."""

    def dies(address: str) -> None:
        office.at_once = None
        stage.answer(address)
        raise SystemExit

    office = Office(dies)
    stage = Stage(office, programs=FixedPrograms({A_PIN: a_flow(pays_at_once("first", "unpaid"))}))
    with pytest.raises(SystemExit):
        stage.world.starts()
    stage.clock.now += timedelta(minutes=1)

    assert stage.take_queued().outcome is Outcome.IGNORED

    assert (stage.begun.status, stage.begun.turn_no) == (Status.ACTIVE, 1)


def test_nobody_is_called_where_nobody_could_answer() -> None:
    office = Office()
    stage = Stage(office, public_url="")

    assert texts(stage.say()) == ["Not paid: refused"]
    assert office.keys == []


def a_token(callbacks: CallbackService, until: timedelta = timedelta(minutes=1)) -> str:
    return callbacks.token(A_TENANT, TALK, Callback("1-0", NOON + until))


def test_an_address_is_good_until_a_little_after_its_call() -> None:
    clock, queue = ManualClock(), MemoryFifo[Inbound]()
    callbacks = CallbackService(tokens=lambda: TOKENS, inbound=queue, clock=clock)
    token = a_token(callbacks)

    clock.now = NOON + timedelta(seconds=59) + GRACE
    callbacks.take(token, PAID, request_id="r-1")
    clock.advance(seconds=1)
    with pytest.raises(NotFound) as expired:
        callbacks.take(token, PAID)
    with pytest.raises(NotFound) as wrong:
        callbacks.take("nobody's", PAID)

    assert str(expired.value) == str(wrong.value)
    (sent,) = queue.sent
    assert (sent.tenant_id, sent.conversation_id, sent.request_id) == (A_TENANT, TALK, "r-1")
    assert sent.event == {"kind": "callback", "call_id": "1-0", "data": PAID}
    assert (sent.received_at, sent.sent_at) == (NOON + timedelta(seconds=59) + GRACE, NOON)


def test_an_answer_that_is_too_large_is_refused() -> None:
    callbacks = CallbackService(
        tokens=lambda: TOKENS, inbound=MemoryFifo[Inbound](), clock=ManualClock()
    )
    with pytest.raises(Invalid, match="65536 bytes"):
        callbacks.take(a_token(callbacks), {"status": "success", "data": "x" * MAX_ANSWER_BYTES})
