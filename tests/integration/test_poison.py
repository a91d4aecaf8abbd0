"""A message that kills every function that takes it, among others: over SQS, batch by batch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from moto import mock_aws

from parley.domain.conversations import Conversation
from parley.domain.json import JsonObject
from parley.domain.queued import Inbound, Receipt
from parley.domain.turns import Outcome
from parley.engine.events import MessageEvent
from parley.engine.turn import Turn, run_turn
from parley.runtime import aws
from parley.runtime.aws import SqsInbound
from parley.runtime.queue import own_queue, queue_handler
from parley.runtime.wiring import Services, services
from tests.builders import A_TENANT, ManualClock, a_caller, a_world, an_inbound
from tests.invocations import a_context

CONVERSATIONS = 50
VISIBILITY_S = 180


def kills(*turn: object) -> Turn:
    event = turn[2]
    if isinstance(event, MessageEvent) and event.content["text"] == "poison":
        raise SystemExit("out of memory")
    return run_turn(*turn)  # type: ignore[arg-type]  # passed on as they came


@dataclass
class Poller:
    """What Lambda does: hands batches to a function, and deletes what it did not fail."""

    sqs: Any
    queue: str
    clock: ManualClock = field(default_factory=ManualClock)
    deaths: int = 0

    def __post_init__(self) -> None:
        self.world = a_world(clock=self.clock, run=kills)
        self.handler = queue_handler(Inbound, self._take, ordered=True)

    def _take(self, inbound: Inbound, _services: Services, receipt: Receipt) -> None:
        self.world.turns.take(inbound, receipt)

    def work(self) -> None:
        for _ in range(4 * CONVERSATIONS):
            batch = self._received()
            if not batch:
                return
            try:
                answer = self.handler({"Records": batch}, a_context())
            except SystemExit:
                self.deaths += 1
                self._come_back(batch)
            else:
                failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
                self._delete([one for one in batch if one["messageId"] not in failed])
        raise AssertionError("it never ends")

    def _received(self) -> list[JsonObject]:
        answer = self.sqs.receive_message(
            QueueUrl=self.queue, MaxNumberOfMessages=10, AttributeNames=["All"]
        )
        return [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "messageAttributes": {},
                "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:queue",
            }
            for message in answer.get("Messages", [])
        ]

    def _come_back(self, batch: Sequence[JsonObject]) -> None:
        self.clock.advance(seconds=VISIBILITY_S)
        for record in batch:
            self.sqs.change_message_visibility(
                QueueUrl=self.queue, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=0
            )

    def _delete(self, records: Sequence[JsonObject]) -> None:
        for record in records:
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=record["receiptHandle"])


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("PARLEY_STAGE", "local")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    caches = (aws.client, own_queue, services)
    with mock_aws():
        for cached in caches:
            cached.cache_clear()
        yield boto3.client("sqs")
    for cached in caches:
        cached.cache_clear()


@pytest.mark.filterwarnings("ignore:No application metrics")  # of a function that was killed
def test_one_poison_among_fifty_ends_in_quarantine_and_not_in_the_dead_letter_queue(
    sqs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fifo = {"FifoQueue": "true", "VisibilityTimeout": str(VISIBILITY_S)}
    queue = sqs.create_queue(QueueName="inbound.fifo", Attributes=fifo)["QueueUrl"]
    dead = sqs.create_queue(QueueName="dead.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    monkeypatch.setenv("QUEUE_URL", queue)
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", dead)
    poller = Poller(sqs, queue)
    begun = [poller.world.starts(f"k{n}") for n in range(CONVERSATIONS)]
    poisoned = begun[7]
    inbound = SqsInbound(queue)
    for one in begun:
        inbound.send(an_inbound("poison" if one is poisoned else "hi", conversation_id=one.id))
    inbound.send(an_inbound("and then", conversation_id=poisoned.id))

    poller.work()

    def outcomes(one: Conversation) -> list[str]:
        return [row["outcome"] for row in poller.world.service.trace(a_caller(), one.id).items]

    committed = Outcome.COMMITTED.value
    others = [outcomes(one) for one in begun if one is not poisoned]
    assert others == [[committed, committed]] * (CONVERSATIONS - 1)
    assert outcomes(poisoned) == [committed, Outcome.QUARANTINED.value, committed]
    assert poller.deaths == 2
    assert "Messages" not in sqs.receive_message(QueueUrl=dead)
    found = poller.world.conversations.find(A_TENANT, poisoned.id)
    assert found is not None
    assert found.wants_agent
