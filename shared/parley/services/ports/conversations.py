"""Where conversations and their history are kept.

Writes are durable (majority, journaled) when a method returns. `Unavailable` means that the store
did not answer in time: what was asked for may or may not have been done.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from parley.domain.conversations import (
    Arrival,
    Conversation,
    ConversationQuery,
    FlowPin,
    Pending,
)
from parley.domain.ids import ConversationId, MessageId, TenantId, TurnId
from parley.domain.json import JsonObject
from parley.domain.messages import Delivery, Message


class Conversations(Protocol):
    """One document a conversation, changed only by compare-and-set on its `rev`."""

    def find(self, tenant_id: TenantId, conversation_id: ConversationId) -> Conversation | None:
        """The document as it is, from the primary."""

    def add(self, conversation: Conversation, arrival: Arrival | None) -> bool:
        """Store a new document and the arrival its first turn comes from; False if it exists."""

    def replace(self, before: Conversation, after: Conversation, arrival: Arrival | None) -> bool:
        """Put `after` in the place of `before`, if nobody has written since `before` was read.

        `after.rev` is `before.rev + 1`; its outbox items and tail begin with those of `before`.
        False, and nothing written, if `rev` has moved or the ring holds `arrival`'s turn already.
        Only what differs travels.
        """

    def find_arrival(
        self, tenant_id: TenantId, conversation_id: ConversationId, turn_id: TurnId
    ) -> Arrival | None:
        """The arrival that this turn was made of, if the ring still holds it."""

    def mark(
        self,
        conversation: Conversation,
        pending: Pending,
        *,
        sent: Collection[str],
        projected: Collection[str],
    ) -> Pending | None:
        """Take sent items (by `oid`) and projected rows (by `id`) out of the document.

        Whoever holds the epoch: what was sent stays sent. `pending` is what the caller last saw.
        The row of a message goes no sooner than its item. Returns what is pending now; None when
        the document is gone.
        """

    def list(
        self,
        tenant_id: TenantId,
        query: ConversationQuery,
        *,
        after: tuple[datetime, ConversationId] | None,
        limit: int,
    ) -> Sequence[Conversation]:
        """Latest activity first, ties by id; `after` is the last one of the page before."""

    def list_on_other_versions(
        self,
        tenant_id: TenantId,
        flow: FlowPin,
        *,
        after: ConversationId | None,
        limit: int,
    ) -> Sequence[Conversation]:
        """Open conversations of the flow on another version than this; by id, after that one."""

    def list_unsent(self, now: datetime, *, limit: int) -> Sequence[Conversation]:
        """Conversations of any tenant with something pending and a lease that ran out by `now`.

        Tenants share the limit evenly: a busy one does not keep others out.
        """

    def list_due(self, now: datetime, *, limit: int) -> Sequence[Conversation]:
        """Conversations of any tenant with a timer due at `now`; shared as in `list_unsent`."""

    def list_idle(self, now: datetime, *, limit: int) -> Sequence[Conversation]:
        """Conversations of any tenant whose `idle_at` has come; shared as in `list_unsent`."""


class Messages(Protocol):
    """The history: a row for each message and one for each turn, projected from the document.

    Rows are those of `domain.history`. Projecting a row again changes nothing.
    """

    def project(
        self, tenant_id: TenantId, conversation_id: ConversationId, rows: Sequence[JsonObject]
    ) -> None:
        """Store these rows; those already there count as stored."""

    def deliver(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        rows: Sequence[JsonObject],
        delivery: Delivery,
    ) -> None:
        """Record how far these messages have come; it never goes back.

        A row that is not projected yet is stored with it: sending and projecting run side by side.
        """

    def list(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        *,
        after: int = 0,
        before: int | None = None,
        limit: int,
    ) -> Sequence[Message]:
        """Messages with `after < sequence_number < before`, ascending.

        Without `before` the first `limit` of them, with it the last.
        """

    def list_turns(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        *,
        after: int = 0,
        limit: int,
    ) -> Sequence[JsonObject]:
        """Rows of turns with `turn_no > after`, ascending."""

    def list_of_turn(
        self, tenant_id: TenantId, conversation_id: ConversationId, turn_no: int
    ) -> Sequence[Message]:
        """The messages of one turn, ascending."""

    def find_turn(
        self, tenant_id: TenantId, conversation_id: ConversationId, turn_id: TurnId
    ) -> JsonObject | None:
        """The row of this turn."""

    def find(
        self, tenant_id: TenantId, conversation_id: ConversationId, message_id: MessageId
    ) -> Message | None:
        """One message."""
