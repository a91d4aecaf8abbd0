"""Amazon's services as the ports want them: the queues, from both ends.

boto3 takes a quarter of a second to import: the first call to Amazon does it, not this module. Its
errors end here, as Unavailable: whether a request that failed was done is not known, and every
send may be repeated.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from pydantic_core import to_json

from parley.domain.conversations import OutboxItem
from parley.domain.errors import Unavailable
from parley.domain.ids import ConversationId, TenantId, derived_id
from parley.domain.queued import EventQueued, Inbound, OutboundTurn, payload_hash

MAX_RECORD_BYTES = 200 * 1024
"""Of a body: the queue takes 256 KB, attributes and the rest of a batch included."""
MAX_BATCH = 10
"""Entries in one request, and records in one batch (Amazon SQS quotas)."""


@cache
def client(
    service: str, endpoint: str | None = None, *, answers_within_s: int = 3, tries: int = 2
) -> Any:  # noqa: ANN401 -- boto3 makes its classes as it runs
    """The process's client of a service: seconds to connect and answer, few tries."""
    import boto3  # noqa: PLC0415 -- cold start
    from botocore.config import Config  # noqa: PLC0415 -- cold start

    config = Config(
        connect_timeout=1,
        read_timeout=answers_within_s,
        retries={"total_max_attempts": tries, "mode": "standard"},
        tcp_keepalive=True,
    )
    return boto3.client(service, endpoint_url=endpoint, config=config)


@contextmanager
def answered(service: str) -> Iterator[None]:
    """Turns what boto3 raises into Unavailable."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 -- cold start

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(f"{service} did not take it; try again") from error


def group_id(tenant_id: TenantId, conversation_id: ConversationId) -> str:
    """The message group in which everything of a conversation keeps its order."""
    return derived_id("group", tenant_id, conversation_id)


class SqsInbound:
    """The port `InboundQueue`."""

    def __init__(self, queue_url: str) -> None:
        self._queue_url = queue_url

    def send(self, inbound: Inbound) -> None:
        """Put it at the end of its conversation's group.

        The queue drops what comes again within five minutes; not another message under the same
        id, so that it is known to have been refused.
        """
        with answered("the queue"):
            client("sqs").send_message(
                QueueUrl=self._queue_url,
                MessageBody=inbound.model_dump_json(),
                MessageGroupId=group_id(inbound.tenant_id, inbound.conversation_id),
                MessageDeduplicationId=derived_id(
                    "inbound",
                    inbound.tenant_id,
                    inbound.conversation_id,
                    inbound.pid,
                    inbound.payload_hash or payload_hash(inbound.event),
                ),
            )


class SqsOutbound:
    """The port `OutboundQueue`: one record, unless the items are too many for one."""

    def __init__(self, queue_url: str) -> None:
        self._queue_url = queue_url

    def send(self, outbound: OutboundTurn) -> None:
        """Put it at the end of its conversation's group; parts, if any, in the items' order."""
        group = group_id(outbound.tenant_id, outbound.conversation_id)
        with answered("the queue"):
            for part in _parts(outbound):
                oids = [item.oid for item in part.items]
                client("sqs").send_message(
                    QueueUrl=self._queue_url,
                    MessageBody=part.model_dump_json(),
                    MessageGroupId=group,
                    MessageDeduplicationId=derived_id("outbound", group, *oids),
                )


class SqsEvents:
    """The port `EventQueue`."""

    def __init__(self, queue_url: str) -> None:
        self._queue_url = queue_url

    def send(self, events: Sequence[EventQueued]) -> None:
        """In batches of ten at most; after a failure some may be there already."""
        for batch in _batches([event.model_dump_json() for event in events]):
            with answered("the queue"):
                answer = client("sqs").send_message_batch(
                    QueueUrl=self._queue_url,
                    Entries=[
                        {"Id": str(number), "MessageBody": body}
                        for number, body in enumerate(batch)
                    ],
                )
            if answer.get("Failed"):
                raise Unavailable(f"the queue refused {len(answer['Failed'])} of {len(batch)}")


class ConsumedQueue:
    """A queue from its consumer's end: what to do with records that could not be worked on."""

    def __init__(self, queue_url: str, dead_letter_queue_url: str) -> None:
        self._queue_url = queue_url
        self._dead_letter_queue_url = dead_letter_queue_url

    def bury(self, *, message_id: str, body: str, group: str | None, reason: str) -> None:
        """Put a record where people will look at it, saying why; a repeat is dropped."""
        order = {"MessageGroupId": group, "MessageDeduplicationId": message_id} if group else {}
        with answered("the dead-letter queue"):
            client("sqs").send_message(
                QueueUrl=self._dead_letter_queue_url,
                MessageBody=body,
                MessageAttributes={"reason": {"DataType": "String", "StringValue": reason}},
                **order,
            )

    def hide(self, receipts: Sequence[str], *, seconds: int) -> None:
        """Let these records come again after `seconds`; one that cannot be told waits longer."""
        with answered("the queue"):
            for start in range(0, len(receipts), MAX_BATCH):
                client("sqs").change_message_visibility_batch(
                    QueueUrl=self._queue_url,
                    Entries=[
                        {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
                        for number, receipt in enumerate(receipts[start : start + MAX_BATCH])
                    ],
                )


def _parts(outbound: OutboundTurn) -> Iterator[OutboundTurn]:
    part: list[OutboxItem] = []
    size = 0
    for item in outbound.items:
        item_bytes = len(to_json(item.body)) + len(item.oid)
        if part and size + item_bytes > MAX_RECORD_BYTES:
            yield outbound.model_copy(update={"items": tuple(part)})
            part, size = [], 0
        part.append(item)
        size += item_bytes
    yield outbound.model_copy(update={"items": tuple(part)})


def _batches(bodies: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for body in bodies:
        body_bytes = len(body.encode())
        if batch and (len(batch) == MAX_BATCH or size + body_bytes > MAX_RECORD_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(body)
        size += body_bytes
    if batch:
        yield batch
