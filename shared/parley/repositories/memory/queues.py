"""Queues in this process, with what SQS promises and no more.

First in, first out for each group; one record of a group in flight at a time; at least once. They
drop no repeats: a turn must not rely on it.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from parley.domain.ids import ConversationId, TenantId
from parley.domain.queued import EventQueued, Inbound, OutboundTurn, Receipt

type _Group = tuple[TenantId, ConversationId]


@dataclass(slots=True)
class Record[Body]:
    """A body on a queue, as received for the `receive_count`th time."""

    body: Body
    seq: int
    receive_count: int = 0
    is_in_flight: bool = False

    @property
    def receipt(self) -> Receipt:
        return Receipt(seq=str(self.seq), receive_count=self.receive_count)


class MemoryFifo[Body: (Inbound, OutboundTurn)]:
    """A FIFO queue, grouped by conversation; `sent` is all it ever took, in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: list[Record[Body]] = []
        self._seq = 0
        self.sent: list[Body] = []

    def send(self, body: Body) -> None:
        with self._lock:
            self._seq += 1
            self._records.append(Record(body, self._seq))
            self.sent.append(body)

    def receive(self) -> Record[Body] | None:
        """The first record of a group none of whose records is in flight; it is then."""
        with self._lock:
            busy = {_group(record.body) for record in self._records if record.is_in_flight}
            for record in self._records:
                if _group(record.body) not in busy:
                    record.is_in_flight = True
                    record.receive_count += 1
                    return record
        return None

    def delete(self, record: Record[Body]) -> None:
        """Acknowledge; a record already gone is no error."""
        with self._lock:
            self._records = [kept for kept in self._records if kept is not record]

    def give_back(self, record: Record[Body]) -> None:
        """The visibility timeout of a record has passed: it is received again."""
        with self._lock:
            record.is_in_flight = False

    def in_flight(self) -> Sequence[Record[Body]]:
        """The records that were received and are neither deleted nor given back."""
        with self._lock:
            return [record for record in self._records if record.is_in_flight]

    def __len__(self) -> int:
        return len(self._records)


class MemoryEventQueue:
    """`services.ports.queues.EventQueue`; `sent` is all it ever took."""

    def __init__(self) -> None:
        self.sent: list[EventQueued] = []

    def send(self, events: Sequence[EventQueued]) -> None:
        self.sent.extend(events)


def _group(body: Inbound | OutboundTurn) -> _Group:
    return (body.tenant_id, body.conversation_id)
