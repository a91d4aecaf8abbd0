"""A turn ends in time: a caller is not kept waiting, and a worker is not killed at its work."""

from datetime import timedelta

import pytest

from parley.domain.conversations import Conversation
from parley.domain.ids import ConversationId, ProviderId, TenantId
from parley.domain.json import JsonObject
from parley.domain.queued import Inbound, Receipt
from parley.domain.turns import Outcome, TurnTaken
from parley.engine.replay import replay
from parley.engine.services import IntegrationReply, IntegrationRequest
from parley.repositories.memory.queues import MemoryFifo
from parley.services.conversations import Accepted, Replied
from parley.services.time_left import OutOfTime
from tests.builders import (
    A_PIN,
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

HI: JsonObject = {"type": "text", "text": "hi"}


class SlowShop:
    """Answers `takes_s` after it was called, if the caller waits that long."""

    def __init__(self, clock: ManualClock, takes_s: float) -> None:
        self._clock = clock
        self.takes_s = takes_s
        self.timeouts_ms: list[int] = []
        self.keys: list[str] = []

    def call(
        self,
        tenant_id: TenantId,  # noqa: ARG002 -- the port's
        conversation_id: ConversationId,  # noqa: ARG002 -- the port's
        request: IntegrationRequest,
        *,
        idempotency_key: str,
    ) -> IntegrationReply:
        self.timeouts_ms.append(request.timeout_ms)
        self.keys.append(idempotency_key)
        self._clock.advance(seconds=min(self.takes_s, request.timeout_ms / 1_000))
        if self.takes_s * 1_000 > request.timeout_ms:
            return IntegrationReply("error", "timeout", error="too slow")
        return IntegrationReply("success", http_status=200, data={"receipt": "R1"})


def a_paying_flow(method: str, timeout_ms: int, methods: tuple[str, ...] = ("GET",)) -> JsonObject:
    flow = paying(method=method)
    flow["states"][1]["config"] |= {
        "timeout_ms": timeout_ms,
        "retry_config": {"methods": list(methods)},
    }
    return flow


class Bench:
    """A conversation whose flow calls a slow shop on every message."""

    def __init__(self, flow: JsonObject, *, takes_s: float) -> None:
        self.clock = ManualClock()
        self.shop = SlowShop(self.clock, takes_s)
        self.flow = a_flow(flow)
        self.world: World = a_world(
            integrations=self.shop, programs=FixedPrograms({A_PIN: self.flow}), clock=self.clock
        )
        self.begun: Conversation = self.world.starts()

    def converse(self, wait_s: float, pid: str = "api:u:1") -> Replied | Accepted:
        wait = timedelta(seconds=wait_s)
        return self.world.service.converse(
            a_caller(), self.begun.id, HI, pid=ProviderId(pid), wait=wait
        )

    def queued(self) -> list[Inbound]:
        assert isinstance(self.world.inbound, MemoryFifo)
        return list(self.world.inbound.sent)

    def works(self, *, left_s: float) -> TurnTaken:
        """A worker with this much time takes what is queued, or a message."""
        sent = self.queued()
        inbound = sent[0] if sent else an_inbound(conversation_id=self.begun.id)
        end = self.clock.now + timedelta(seconds=left_s)
        return self.world.turns.take(inbound, Receipt("1", end=end))

    def texts(self) -> list[str]:
        page = self.world.service.messages(a_caller(), self.begun.id, after=2)
        return [message.content["text"] for message in page.items]


def test_a_caller_who_waits_a_second_is_told_to_look_later() -> None:
    bench = Bench(a_paying_flow("POST", 10_000), takes_s=10)

    answer = bench.converse(1)

    assert isinstance(answer, Accepted)
    assert bench.clock.now - NOON <= timedelta(seconds=1.2)
    assert [inbound.pid for inbound in bench.queued()] == ["api:u:1"]
    assert bench.world.service.get(a_caller(), bench.begun.id).turn_no == 1
    assert bench.shop.keys == []


def test_what_was_left_to_the_queue_has_all_its_time_there() -> None:
    bench = Bench(a_paying_flow("POST", 10_000), takes_s=9)
    bench.converse(1)

    taken = bench.works(left_s=25)

    assert taken.outcome is Outcome.COMMITTED
    assert (bench.texts(), bench.shop.timeouts_ms) == (["Paid: R1"], [10_000])


def test_a_call_that_only_reads_is_tried_for_as_long_as_the_caller_waits() -> None:
    quick = Bench(a_paying_flow("GET", 10_000), takes_s=0.5)
    slow = Bench(a_paying_flow("GET", 10_000), takes_s=5)

    assert isinstance(quick.converse(1), Replied)
    assert isinstance(slow.converse(1), Accepted)
    assert slow.shop.timeouts_ms == [1_000]
    slow.works(left_s=25)
    assert slow.texts() == ["Paid: R1"]


def test_a_call_declared_idempotent_is_made_again_under_its_key() -> None:
    bench = Bench(a_paying_flow("POST", 10_000, ("POST",)), takes_s=5)

    assert isinstance(bench.converse(1), Accepted)
    bench.works(left_s=25)

    assert bench.texts() == ["Paid: R1"]
    assert len(bench.shop.keys) == 2
    assert len(set(bench.shop.keys)) == 1


def test_a_call_that_must_not_be_repeated_is_made_only_with_all_its_time() -> None:
    bench = Bench(a_paying_flow("POST", 5_000), takes_s=0.1)

    assert isinstance(bench.converse(4), Accepted)
    assert isinstance(bench.converse(6, "api:u:2"), Replied)
    assert bench.shop.timeouts_ms == [5_000]


def test_what_a_first_call_was_answered_is_known_when_a_second_is_left_to_the_queue() -> None:
    flow = a_paying_flow("POST", 4_000)
    again = {**flow["states"][1], "name": "pay_again"}
    flow["states"].append(again)
    flow["states"][1]["transitions"] = [
        {"condition": "integration_success", "target_state": "pay_again"},
        {"condition": "integration_error", "target_state": "unpaid"},
    ]
    again["config"] = {**again["config"], "endpoint": "/again"}
    bench = Bench(flow, takes_s=3)

    assert isinstance(bench.converse(6), Accepted)
    bench.works(left_s=25)

    assert bench.texts() == ["Paid: R1"]
    assert len(bench.shop.keys) == len(set(bench.shop.keys)) == 2


def test_a_worker_shortens_a_call_to_what_is_left_of_its_time() -> None:
    bench = Bench(a_paying_flow("POST", 10_000), takes_s=10)

    bench.works(left_s=3)

    assert (bench.texts(), bench.shop.timeouts_ms) == (["Not paid: timeout"], [3_000])


def test_a_worker_without_time_answers_that_the_call_timed_out() -> None:
    bench = Bench(a_paying_flow("POST", 10_000), takes_s=1)

    bench.works(left_s=0)

    assert (bench.texts(), bench.shop.timeouts_ms) == (["Not paid: timeout"], [])


def test_a_call_that_was_not_made_is_in_the_trace_and_a_replay_needs_no_clock() -> None:
    bench = Bench(a_paying_flow("POST", 10_000), takes_s=1)
    bench.works(left_s=0)

    traces = [row["trace"] for row in bench.world.service.trace(a_caller(), bench.begun.id).items]

    assert traces[1]["services"]["calls"][0]["kind"] == "timeout"
    assert replay(bench.flow.program, traces).difference is None


def test_a_start_ends_in_time() -> None:
    flow = a_paying_flow("POST", 20_000)
    flow["initial_state"] = "pay"
    for n in (1, 2):
        flow["states"].append({**flow["states"][1], "name": f"pay{n}"})
    more = {"pay": "pay1", "pay1": "pay2", "pay2": "paid"}
    for state in flow["states"]:
        if state["name"] in more:
            conditions = ("integration_success", "integration_error")
            state["transitions"] = [
                {"condition": one, "target_state": more[state["name"]]} for one in conditions
            ]

    bench = Bench(flow, takes_s=10)

    assert bench.begun.turn_no == 1
    assert bench.clock.now - NOON <= timedelta(seconds=25)


@pytest.mark.parametrize("wait_s", [0.05, 0])
def test_without_patience_even_a_read_is_left_to_the_queue(wait_s: float) -> None:
    bench = Bench(a_paying_flow("GET", 1_000), takes_s=0.1)
    inbound = an_inbound(conversation_id=bench.begun.id)

    with pytest.raises(OutOfTime):
        bench.world.turns.take(inbound, until=bench.clock.now + timedelta(seconds=wait_s))

    assert bench.shop.timeouts_ms == []
