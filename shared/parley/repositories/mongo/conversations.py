"""Conversations in MongoDB; `documents` has their shape."""

from collections.abc import Collection, Sequence
from datetime import datetime

from pymongo import ASCENDING, DESCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError

from parley.domain.conversations import (
    OPEN,
    Arrival,
    Conversation,
    ConversationQuery,
    FlowPin,
    Pending,
)
from parley.domain.ids import ConversationId, TenantId, TurnId
from parley.repositories.mongo.database import (
    CONVERSATIONS,
    Document,
    MongoDatabase,
    answering,
)
from parley.repositories.mongo.documents import (
    READ,
    key,
    marking,
    to_arrival,
    to_conversation,
    to_document,
    to_pending,
    update,
)

_ID_ONLY = {"_id": 1}
_PENDING = {"_id": 0, "rev": 1, "out": 1, "tail": 1}
_SHARES = 4
"""A sweep gives one tenant at most this part of its limit while others wait."""
_ROUNDS = 4


class MongoConversations:
    """`services.ports.conversations.Conversations`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._collection = database[CONVERSATIONS]

    def find(self, tenant_id: TenantId, conversation_id: ConversationId) -> Conversation | None:
        with answering():
            document = self._collection.find_one({"_id": key(tenant_id, conversation_id)}, READ)
        return None if document is None else to_conversation(document)

    def add(self, conversation: Conversation, arrival: Arrival | None) -> bool:
        with answering():
            try:
                self._collection.insert_one(to_document(conversation, arrival))
            except DuplicateKeyError:
                return False
        return True

    def replace(self, before: Conversation, after: Conversation, arrival: Arrival | None) -> bool:
        as_read: Document = {"_id": key(before.tenant_id, before.id), "rev": before.rev}
        if arrival is not None:
            as_read["ring"] = {"$ne": arrival.turn_id}
        with answering():
            found = self._collection.find_one_and_update(
                as_read, update(before, after, arrival), projection=_ID_ONLY
            )
        return found is not None

    def find_arrival(
        self, tenant_id: TenantId, conversation_id: ConversationId, turn_id: TurnId
    ) -> Arrival | None:
        with answering():
            found = self._collection.find_one(
                {"_id": key(tenant_id, conversation_id), "ring": {"$eq": turn_id}},
                {"_id": 0, "ring": 1, "ring_notes": 1},
            )
        return None if found is None else to_arrival(found, turn_id)

    def mark(
        self,
        conversation: Conversation,
        pending: Pending,
        *,
        sent: Collection[str],
        projected: Collection[str],
    ) -> Pending | None:
        """One write if nobody else has written since `pending` was seen; else up to three."""
        one: Document = {"_id": key(conversation.tenant_id, conversation.id)}
        leaves_nothing = {item.oid for item in pending.outbox.items} <= set(sent) and {
            row["id"] for row in pending.tail
        } <= set(projected)
        if leaves_nothing:
            marks = marking([*sent], [*projected], leaves_nothing=True)
            left = self._marked({**one, "rev": pending.rev}, marks)
            if left is not None:
                return left
        left = self._marked(one, marking([*sent], [*projected], leaves_nothing=False))
        if left is not None and left.is_empty:
            marks = marking([], [], leaves_nothing=True)
            left = self._marked({**one, "rev": left.rev}, marks) or left
        return left

    def _marked(self, filtered: Document, marks: Document) -> Pending | None:
        with answering():
            found = self._collection.find_one_and_update(
                filtered, marks, projection=_PENDING, return_document=ReturnDocument.AFTER
            )
        return None if found is None else to_pending(found)

    def list(
        self,
        tenant_id: TenantId,
        query: ConversationQuery,
        *,
        after: tuple[datetime, ConversationId] | None,
        limit: int,
    ) -> Sequence[Conversation]:
        with answering():
            cursor = self._collection.find(_wanted(tenant_id, query, after), READ)
            cursor = cursor.sort([("last_activity_at", DESCENDING), ("id", ASCENDING)])
            return [to_conversation(document) for document in cursor.limit(limit)]

    def list_on_other_versions(
        self,
        tenant_id: TenantId,
        flow: FlowPin,
        *,
        after: ConversationId | None,
        limit: int,
    ) -> Sequence[Conversation]:
        """One query a status, so that the index gives the order, too."""
        wanted: Document = {
            "tenant": {"$eq": tenant_id},
            "flow.id": {"$eq": flow.id},
            "flow.version": {"$ne": flow.version},
        }
        if after is not None:
            wanted["id"] = {"$gt": after}
        found: dict[str, Document] = {}  # by id: its status may change between the queries
        for status in sorted(OPEN):
            with answering():
                cursor = self._collection.find({**wanted, "status": {"$eq": status.value}}, READ)
                cursor = cursor.sort("id", ASCENDING).limit(limit)
                found |= {document["id"]: document for document in cursor}
        return [to_conversation(found[name]) for name in sorted(found)[:limit]]

    def list_unsent(self, now: datetime, *, limit: int) -> Sequence[Conversation]:
        return self._due("due_at", now, limit)

    def list_due(self, now: datetime, *, limit: int) -> Sequence[Conversation]:
        return self._due("timer_at", now, limit)

    def list_idle(self, now: datetime, *, limit: int) -> Sequence[Conversation]:
        return self._due("idle_at", now, limit)

    def _due(self, field: str, now: datetime, limit: int) -> Sequence[Conversation]:
        """The longest due first, in rounds that leave out the tenants that have had their share."""
        share = max(1, limit // _SHARES)
        found: dict[str, list[Document]] = {}
        for _ in range(_ROUNDS):
            full = [tenant for tenant, owned in found.items() if len(owned) >= share]
            with answering():
                due = {field: {"$lte": now}, "tenant": {"$nin": full}}
                cursor = self._collection.find(due, READ).sort(field, ASCENDING).limit(limit)
                documents = list(cursor)
            found = {tenant: found[tenant] for tenant in full}
            for document in documents:
                found.setdefault(document["tenant"], []).append(document)
            if len(documents) < limit:
                break
        ranked = [
            (rank, order, document)
            for order, owned in enumerate(found.values())
            for rank, document in enumerate(owned)
        ]
        ranked.sort(key=lambda one: one[:2])
        return [to_conversation(document) for _, _, document in ranked[:limit]]


def _wanted(
    tenant_id: TenantId,
    query: ConversationQuery,
    after: tuple[datetime, ConversationId] | None,
) -> Document:
    """The filter; every value in it is wrapped, so that none can be an operator."""
    wanted: Document = {"tenant": {"$eq": tenant_id}}
    for name, value in (
        ("status", query.status),
        ("channel", query.channel),
        ("user_id", query.user_id),
        ("flow.id", query.flow_id),
    ):
        if value is not None:
            wanted[name] = {"$eq": str(value)}
    bounds = {"$gte": query.since, "$lt": query.until}
    if bounds := {operator: at for operator, at in bounds.items() if at is not None}:
        wanted["last_activity_at"] = bounds
    if after is not None:
        at, last = after
        wanted["$or"] = [
            {"last_activity_at": {"$lt": at}},
            {"last_activity_at": {"$eq": at}, "id": {"$gt": last}},
        ]
    return wanted
