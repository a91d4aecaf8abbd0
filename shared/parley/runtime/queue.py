"""What every consumer of a queue has: a record is one call, and may be alone in failing.

A record's end is one of four:

done           it is deleted
its store away Unavailable, LimitExceeded: it comes again, later each time, and what is behind it in
               its group waits for it
hopeless       any other PlatformError, or a body that is not what it should be: to the dead-letter
               queue at once, with the reason; its group goes on
unforeseen     any other exception: it comes again, and at the tenth receive it goes to the
               dead-letter queue, too; unless its consumer decides that itself, as turns do

A record that there is no time left for is not begun: it comes again.
"""

import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from aws_lambda_powertools.utilities.batch import SqsFifoPartialProcessor
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import ValidationError

from parley.domain.errors import LimitExceeded, PlatformError, Unavailable
from parley.domain.queued import Queued, Receipt
from parley.runtime.chance import now
from parley.runtime.observability import Handler, count, logger, observed
from parley.runtime.settings import settings
from parley.runtime.wiring import Services, services

if TYPE_CHECKING:
    from parley.runtime.aws import ConsumedQueue

RESERVE_MS = 5_000
"""What is kept of a function's time to store and tell what a record came to."""
MIN_TIME_LEFT_MS = 15_000
"""With less left, no record is begun: it may call out for ten seconds, and keeps the reserve."""
MAX_DELAY_S = 15 * 60
MAX_UNFORESEEN = 10
"""At this receive what fails in a way nobody foresaw is given up: after minutes, not days."""
_SOON_S = 60


class _NotBegun(Exception):
    """There was no time left for the record."""


type Consume[Event] = Callable[[Event, Services], None]
type ConsumeInOrder[Event] = Callable[[Event, Services, Receipt], None]
type _Call = Callable[[SQSRecord, LambdaContext], None]


@overload
def queue_handler[Event: Queued](
    model: type[Event], function: Consume[Event], *, ordered: Literal[False] = False
) -> Handler: ...


@overload
def queue_handler[Event: Queued](
    model: type[Event], function: ConsumeInOrder[Event], *, ordered: Literal[True]
) -> Handler: ...


def queue_handler[Event: Queued](
    model: type[Event], function: Callable[..., None], *, ordered: bool = False
) -> Handler:
    """What Lambda calls with a batch: `function` for each record, in the order of its group.

    `ordered`: the function wants to know where in that order the record stands (`Receipt`), and
    how often it came: then what to do about a record that nobody foresaw is for it to decide.
    """

    def call(record: SQSRecord, context: LambdaContext) -> None:
        event = model.model_validate_json(record.body)
        logger.append_keys(tenant_id=event.tenant_id, request_id=event.request_id)
        if ordered:
            function(event, services(), _receipt(record, context))
        else:
            function(event, services())

    @observed
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        return _work(event["Records"], call, context, gives_up=not ordered)

    return handler


def delay_before_retry_s(attempt: int) -> int:
    """Seconds to hide a failed record, with full jitter, so that retries spread out.

    `attempt` counts from 1 (SQS `ApproximateReceiveCount`). A store that was away for half an hour
    is noticed within a minute of coming back; one that was away for days, within 15 minutes: so
    the queue's `maxReceiveCount` lasts for more than two days.
    """
    most = min(2 ** min(attempt, 10), max(_SOON_S, attempt), MAX_DELAY_S)
    return round(random.uniform(0, most))  # noqa: S311 -- not a secret


def _work(
    records: list[dict[str, Any]], call: _Call, context: LambdaContext, *, gives_up: bool
) -> dict[str, Any]:
    processor = SqsFifoPartialProcessor(skip_group_on_error=True)  # a standard queue has no groups
    processor.raise_on_entire_batch_failure = False  # an exception would cost the whole process

    def handle(record: SQSRecord) -> None:
        _handle(record, call, context, gives_up=gives_up)

    with processor(records, handle):
        processor.process()
    failed = [cast("SQSRecord", record) for record in processor.fail_messages]
    _give_back(failed)
    logger.remove_keys(["tenant_id", "request_id", "message_id", "attempt"])
    outcome = f"{len(failed)} to come again" if failed else "done"
    logger.info("batch.handled", count=len(records), outcome=outcome)
    count("RecordsHandled", len(records) - len(failed))
    count("RecordsFailed", len(failed))
    return cast("dict[str, Any]", processor.response())


def _handle(record: SQSRecord, call: _Call, context: LambdaContext, *, gives_up: bool) -> None:
    logger.remove_keys(["tenant_id", "request_id"])
    logger.append_keys(message_id=record.message_id, attempt=_receive_count(record))
    if context.get_remaining_time_in_millis() < MIN_TIME_LEFT_MS:
        raise _NotBegun
    try:
        call(record, context)
    except (Unavailable, LimitExceeded) as error:
        logger.warning("record.postponed", code=error.code, reason=error.detail)
        raise
    except ValidationError:
        _bury(record, "UnreadableBody")
    except PlatformError as error:
        _bury(record, f"{type(error).__name__} {error.code}")
    except Exception as error:
        logger.exception("record.failed")
        if not gives_up or _receive_count(record) < MAX_UNFORESEEN:
            raise
        _bury(record, type(error).__name__)


def _bury(record: SQSRecord, reason: str) -> None:
    """Fails the record, by Unavailable, if the dead-letter queue does not take it."""
    own_queue().bury(
        message_id=record.message_id,
        body=record.body,
        group=record.attributes.message_group_id,
        reason=reason,
    )
    logger.error("record.buried", reason=reason)
    count("RecordsBuried")


def _give_back(failed: Sequence[SQSRecord]) -> None:
    """Hide what failed for a while, records of one group all as long: together they come again."""
    groups: dict[str, list[SQSRecord]] = {}
    for record in failed:
        groups.setdefault(record.attributes.message_group_id or record.message_id, []).append(
            record
        )
    for records in groups.values():
        try:
            own_queue().hide(
                [record.receipt_handle for record in records],
                seconds=delay_before_retry_s(_receive_count(records[0])),
            )
        except Unavailable:
            logger.warning("record.held", count=len(records))  # until their visibility runs out


def _receipt(record: SQSRecord, context: LambdaContext) -> Receipt:
    left_ms = context.get_remaining_time_in_millis() - RESERVE_MS
    return Receipt(
        seq=record.attributes.sequence_number,
        receive_count=_receive_count(record),
        end=now() + timedelta(milliseconds=left_ms),
    )


def _receive_count(record: SQSRecord) -> int:
    return int(record.attributes.approximate_receive_count)


@cache
def own_queue() -> "ConsumedQueue":
    """The queue this function consumes, as its environment names it."""
    from parley.runtime.aws import ConsumedQueue  # noqa: PLC0415 -- boto3, for bad times only

    return ConsumedQueue(settings().queue_url, settings().dead_letter_queue_url)
