"""Queues from end to end, in memory: what is sent, and what becomes of what fails."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from parley.domain.conversations import Channel, ItemKind, OutboxItem
from parley.domain.errors import (
    Closed,
    LimitExceeded,
    NotFound,
    PlatformError,
    Unavailable,
    VendorRejected,
)
from parley.domain.ids import ConversationId, ProviderId, TenantId, UserId
from parley.domain.json import JsonObject
from parley.domain.queued import EventQueued, Inbound, OutboundTurn, Receipt
from parley.runtime import aws
from parley.runtime.aws import MAX_RECORD_BYTES, SqsEvents, SqsInbound, SqsOutbound, group_id
from parley.runtime.chance import now
from parley.runtime.queue import (
    MAX_DELAY_S,
    MAX_UNFORESEEN,
    delay_before_retry_s,
    own_queue,
    queue_handler,
)
from parley.runtime.wiring import Services, services
from tests.deployment.stack import queues as template_queues
from tests.invocations import a_context

AT = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
TENANT = TenantId("t-1")


@dataclass(frozen=True)
class Queues:
    """A FIFO queue, a standard one, and a dead-letter queue for each."""

    sqs: Any
    ordered: str
    ordered_dead: str
    standard: str
    standard_dead: str

    def received(self, url: str) -> list[JsonObject]:
        """The next records, as Lambda's poller hands them to a function."""
        answer = self.sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "messageAttributes": message.get("MessageAttributes", {}),
                "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:queue",
            }
            for message in answer.get("Messages", [])
        ]


@pytest.fixture
def queues(monkeypatch: pytest.MonkeyPatch) -> Iterator[Queues]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("PARLEY_STAGE", "local")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        for cached in (aws.client, own_queue, services):
            cached.cache_clear()
        sqs = boto3.client("sqs")
        fifo = {"FifoQueue": "true"}
        urls = {
            "ordered": sqs.create_queue(QueueName="o.fifo", Attributes=fifo)["QueueUrl"],
            "ordered_dead": sqs.create_queue(QueueName="od.fifo", Attributes=fifo)["QueueUrl"],
            "standard": sqs.create_queue(QueueName="s")["QueueUrl"],
            "standard_dead": sqs.create_queue(QueueName="sd")["QueueUrl"],
        }
        monkeypatch.setenv("QUEUE_URL", urls["ordered"])
        monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", urls["ordered_dead"])
        yield Queues(sqs, **urls)
    for cached in (aws.client, own_queue, services):
        cached.cache_clear()


def an_inbound(conversation: str, n: int) -> Inbound:
    return Inbound(
        tenant_id=TENANT,
        request_id="r-1",
        conversation_id=ConversationId(conversation),
        pid=ProviderId(f"api:u:{n}"),
        event={"kind": "message", "content": {"type": "text", "text": str(n)}},
        received_at=AT,
    )


def an_event(n: int, size: int = 1) -> EventQueued:
    return EventQueued(tenant_id=TENANT, id=f"e:{n}", name="x.y", at=AT, data={"x": "x" * size})


def an_outbound(*bodies: JsonObject) -> OutboundTurn:
    items = [OutboxItem(f"turn:{n}", ItemKind.MESSAGE, body) for n, body in enumerate(bodies)]
    return OutboundTurn(
        tenant_id=TENANT,
        conversation_id=ConversationId("c"),
        channel=Channel.WEB,
        user_id=UserId("u"),
        items=tuple(items),
    )


@dataclass
class Consumer:
    """Works on records; fails those of `failures`, by pid."""

    failures: dict[str, Exception] = field(default_factory=dict)
    done: list[tuple[str, str]] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)

    def consume(self, inbound: Inbound, _services: Services, receipt: Receipt) -> None:
        self.receipts.append(receipt)
        if failure := self.failures.get(inbound.pid):
            raise failure
        self.done.append((inbound.conversation_id, inbound.pid))

    def work(self, records: Sequence[JsonObject], *, left_ms: int = 30_000) -> list[str]:
        """The ids of the records it reports as failed."""
        handler = queue_handler(Inbound, self.consume, ordered=True)
        answer = handler({"Records": list(records)}, a_context(left_ms=left_ms))
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_what_is_sent_to_a_conversation_comes_in_order_and_once(queues: Queues) -> None:
    inbound = SqsInbound(queues.ordered)
    consumer = Consumer()
    for n in (1, 2, 2, 3):
        inbound.send(an_inbound("c", n))

    failed = consumer.work(queues.received(queues.ordered))

    assert failed == []
    assert consumer.done == [("c", "api:u:1"), ("c", "api:u:2"), ("c", "api:u:3")]


def test_two_tenants_with_one_conversation_id_are_two_groups() -> None:
    ids = {group_id(TenantId(tenant), ConversationId("c")) for tenant in ("a", "b")}

    assert len(ids) == 2


def test_a_record_knows_its_place_and_how_often_it_was_received(queues: Queues) -> None:
    consumer = Consumer()
    SqsInbound(queues.ordered).send(an_inbound("c", 1))
    records = queues.received(queues.ordered)

    consumer.work(records, left_ms=20_000)

    seq = records[0]["attributes"]["SequenceNumber"]
    (receipt,) = consumer.receipts
    assert receipt == Receipt(seq=seq, receive_count=1, end=receipt.end)


def test_a_record_must_be_done_before_its_worker_is_cut_off(queues: Queues) -> None:
    consumer = Consumer()
    SqsInbound(queues.ordered).send(an_inbound("c", 1))

    earliest = now() + timedelta(seconds=15)
    consumer.work(queues.received(queues.ordered), left_ms=20_000)

    end = consumer.receipts[0].end
    assert end is not None
    assert earliest <= end <= now() + timedelta(seconds=15)


def test_another_message_under_a_used_id_is_not_dropped_on_the_way(queues: Queues) -> None:
    inbound = SqsInbound(queues.ordered)
    first = an_inbound("c", 1)
    other = first.model_copy(update={"event": {"kind": "start", "language": "de"}})

    for sent in (first, first, other):
        inbound.send(sent)

    bodies = [json.loads(record["body"]) for record in queues.received(queues.ordered)]
    assert [body["event"] for body in bodies] == [first.event, other.event]


@pytest.mark.parametrize(
    "away",
    [Unavailable("no"), LimitExceeded("no", limit="l", retry_after_s=1), ZeroDivisionError()],
)
def test_a_failure_holds_its_own_group_back_and_no_other(queues: Queues, away: Exception) -> None:
    inbound = SqsInbound(queues.ordered)
    consumer = Consumer(failures={"api:u:1": away})
    for conversation, n in (("a", 1), ("b", 2), ("a", 3), ("b", 4)):
        inbound.send(an_inbound(conversation, n))
    records = queues.received(queues.ordered)

    failed = consumer.work(records)

    pids = {record["messageId"]: json.loads(record["body"])["pid"] for record in records}
    assert [pids[message_id] for message_id in failed] == ["api:u:1", "api:u:3"]
    assert consumer.done == [("b", "api:u:2"), ("b", "api:u:4")]
    assert queues.received(queues.ordered_dead) == []


def test_a_batch_that_fails_entirely_is_an_answer_and_no_exception(queues: Queues) -> None:
    consumer = Consumer(failures={"api:u:1": Unavailable("no")})
    SqsInbound(queues.ordered).send(an_inbound("a", 1))

    assert len(consumer.work(queues.received(queues.ordered))) == 1


def test_what_failed_comes_again_within_a_minute_in_its_order(queues: Queues) -> None:
    inbound = SqsInbound(queues.ordered)
    consumer = Consumer(failures={"api:u:1": Unavailable("no")})
    for n in (1, 2):
        inbound.send(an_inbound("a", n))
    records = queues.received(queues.ordered)
    told: list[JsonObject] = []
    aws.client("sqs").meta.events.register(
        "provide-client-params.sqs.ChangeMessageVisibilityBatch",
        lambda params, **_: told.append(dict(params)),
    )

    consumer.work(records)

    (hidden,) = told
    delays = {entry["VisibilityTimeout"] for entry in hidden["Entries"]}
    assert [entry["ReceiptHandle"] for entry in hidden["Entries"]] == [
        record["receiptHandle"] for record in records
    ]
    assert len(delays) == 1
    assert 0 <= delays.pop() <= 2


@pytest.mark.parametrize(
    "lasting", [NotFound("conversation", "a"), Closed("ended"), VendorRejected("no")]
)
def test_a_lasting_failure_is_buried_at_once_and_its_group_goes_on(
    queues: Queues, lasting: PlatformError
) -> None:
    inbound = SqsInbound(queues.ordered)
    consumer = Consumer(failures={"api:u:1": lasting})
    for n in (1, 2):
        inbound.send(an_inbound("a", n))

    failed = consumer.work(queues.received(queues.ordered))

    (dead,) = queues.received(queues.ordered_dead)
    assert failed == []
    assert consumer.done == [("a", "api:u:2")]
    assert json.loads(dead["body"]) == an_inbound("a", 1).model_dump(mode="json")
    reason = dead["messageAttributes"]["reason"]["StringValue"]
    assert reason == f"{type(lasting).__name__} {lasting.code}"


@pytest.mark.parametrize("body", ["", "{", "[]", "{}", '{"tenant_id": 1}', "\u0000"])
def test_a_record_that_cannot_be_read_is_buried(queues: Queues, body: str) -> None:
    consumer = Consumer()
    SqsInbound(queues.ordered).send(an_inbound("a", 1))
    (record,) = queues.received(queues.ordered)

    failed = consumer.work([record | {"body": body or " "}])

    (dead,) = queues.received(queues.ordered_dead)
    assert (failed, consumer.receipts) == ([], [])
    assert dead["messageAttributes"]["reason"]["StringValue"] == "UnreadableBody"


def test_a_record_that_cannot_be_buried_comes_again(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", queues.ordered_dead.replace("od", "gone"))
    consumer = Consumer(failures={"api:u:1": Closed("ended")})
    SqsInbound(queues.ordered).send(an_inbound("a", 1))
    records = queues.received(queues.ordered)

    assert consumer.work(records) == [records[0]["messageId"]]


def test_no_record_is_begun_when_there_is_no_time_left(queues: Queues) -> None:
    consumer = Consumer()
    SqsInbound(queues.ordered).send(an_inbound("a", 1))
    records = queues.received(queues.ordered)

    failed = consumer.work(records, left_ms=14_999)

    assert failed == [records[0]["messageId"]]
    assert consumer.receipts == []


def test_records_of_a_standard_queue_fail_one_by_one(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUEUE_URL", queues.standard)
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", queues.standard_dead)
    seen: list[str] = []

    def record(event: EventQueued, _services: Services) -> None:
        seen.append(event.id)
        if event.id == "e:0":
            raise Unavailable("no")
        if event.id == "e:1":
            raise Closed("ended")

    SqsEvents(queues.standard).send([an_event(n) for n in range(4)])
    records = queues.received(queues.standard)

    answer = queue_handler(EventQueued, record)({"Records": records}, a_context())

    ids = {record["messageId"]: json.loads(record["body"])["id"] for record in records}
    failed = [ids[failure["itemIdentifier"]] for failure in answer["batchItemFailures"]]
    assert sorted(seen) == ["e:0", "e:1", "e:2", "e:3"]
    assert failed == ["e:0"]
    assert len(queues.received(queues.standard_dead)) == 1


def test_events_go_in_batches_that_the_queue_takes(queues: Queues) -> None:
    SqsEvents(queues.standard).send([an_event(n, size=30_000) for n in range(23)])

    ids = []
    while records := queues.received(queues.standard):
        ids += [json.loads(record["body"])["id"] for record in records]
    assert sorted(ids) == sorted(f"e:{n}" for n in range(23))


def test_one_entry_the_queue_refuses_fails_the_send(queues: Queues) -> None:
    def refuse(parsed: JsonObject, **_: Any) -> None:
        parsed["Failed"] = [{"Id": "1", "SenderFault": False, "Code": "InternalError"}]

    aws.client("sqs").meta.events.register("after-call.sqs.SendMessageBatch", refuse)

    with pytest.raises(Unavailable, match="refused 1 of 2"):
        SqsEvents(queues.standard).send([an_event(1), an_event(2)])


def test_a_queue_that_is_not_there_is_unavailable(queues: Queues) -> None:
    gone = queues.standard.replace("/s", "/gone")

    sends: list[Callable[[], None]] = [
        lambda: SqsInbound(gone).send(an_inbound("a", 1)),
        lambda: SqsOutbound(gone).send(an_outbound({})),
        lambda: SqsEvents(gone).send([an_event(1)]),
    ]
    for send in sends:
        with pytest.raises(Unavailable):
            send()


def test_a_flush_is_one_record_and_the_same_flush_again_is_none(queues: Queues) -> None:
    outbound = an_outbound({"n": 1}, {"n": 2})
    for _ in range(2):
        SqsOutbound(queues.ordered).send(outbound)

    (record,) = queues.received(queues.ordered)
    assert OutboundTurn.model_validate_json(record["body"]) == outbound


def test_a_flush_too_large_for_a_record_goes_in_parts_and_in_order(queues: Queues) -> None:
    bodies = [{"n": n, "text": "\u00fc" * 20_000} for n in range(8)]

    SqsOutbound(queues.ordered).send(an_outbound(*bodies))

    records = queues.received(queues.ordered)
    assert len(records) > 1
    assert all(len(record["body"].encode()) <= MAX_RECORD_BYTES + 1_000 for record in records)
    parts = [OutboundTurn.model_validate_json(record["body"]) for record in records]
    assert [item.body["n"] for part in parts for item in part.items] == list(range(8))


def the_event(queues: Queues, monkeypatch: pytest.MonkeyPatch, *, received: int) -> JsonObject:
    """One record of the standard queue, as it comes for the `received`th time."""
    monkeypatch.setenv("QUEUE_URL", queues.standard)
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", queues.standard_dead)
    SqsEvents(queues.standard).send([an_event(1)])
    (record,) = queues.received(queues.standard)
    record["attributes"]["ApproximateReceiveCount"] = str(received)
    return record


@pytest.mark.parametrize("received", [1, MAX_UNFORESEEN - 1, MAX_UNFORESEEN, 500])
def test_what_fails_in_a_way_nobody_foresaw_is_given_up_after_some_tries(
    queues: Queues, monkeypatch: pytest.MonkeyPatch, received: int
) -> None:
    record = the_event(queues, monkeypatch, received=received)

    def fail(_event: EventQueued, _services: Services) -> None:
        raise ZeroDivisionError

    answer = queue_handler(EventQueued, fail)({"Records": [record]}, a_context())

    is_given_up = received >= MAX_UNFORESEEN
    reasons = [
        dead["messageAttributes"]["reason"]["StringValue"]
        for dead in queues.received(queues.standard_dead)
    ]
    assert reasons == (["ZeroDivisionError"] if is_given_up else [])
    assert len(answer["batchItemFailures"]) == (0 if is_given_up else 1)


def test_what_waits_for_a_store_is_never_given_up_here(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = the_event(queues, monkeypatch, received=900)

    def fail(_event: EventQueued, _services: Services) -> None:
        raise Unavailable("away")

    answer = queue_handler(EventQueued, fail)({"Records": [record]}, a_context())

    assert len(answer["batchItemFailures"]) == 1
    assert queues.received(queues.standard_dead) == []


def test_a_turn_is_never_given_up_here_for_it_has_its_quarantine(queues: Queues) -> None:
    consumer = Consumer(failures={"api:u:1": ZeroDivisionError()})
    SqsInbound(queues.ordered).send(an_inbound("a", 1))
    (record,) = queues.received(queues.ordered)
    record["attributes"]["ApproximateReceiveCount"] = "500"

    assert consumer.work([record]) == [record["messageId"]]
    assert queues.received(queues.ordered_dead) == []


@pytest.mark.parametrize(
    ("attempt", "at_most_s"),
    [(1, 2), (2, 4), (5, 32), (6, 60), (60, 60), (120, 120), (900, 900), (1_000, 900)],
)
def test_retries_spread_out_soon_at_first_and_later_the_longer_a_store_is_away(
    attempt: int, at_most_s: int
) -> None:
    delays = [delay_before_retry_s(attempt) for _ in range(500)]

    assert all(0 <= delay <= at_most_s <= MAX_DELAY_S for delay in delays)
    assert len(set(delays)) > min(at_most_s, 30) / 2


@pytest.mark.parametrize("name", ["Inbound", "Outbound", "Events"])
def test_a_queue_holds_out_for_two_days_while_a_store_is_away(name: str) -> None:
    """And gives a record up before it would forget it."""
    queue = template_queues()[name]
    receives = queue["RedrivePolicy"]["maxReceiveCount"]

    runs = [sum(delay_before_retry_s(n + 1) for n in range(receives)) for _ in range(20)]
    days = [run / timedelta(days=1).total_seconds() for run in runs]
    longest = sum(min(MAX_DELAY_S, max(60, n)) for n in range(receives))
    assert min(days) > 2
    assert longest < queue["MessageRetentionPeriod"]
