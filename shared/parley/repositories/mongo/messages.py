"""The history in MongoDB.

messages: {
  _id: "<tenant>:<row id>", tenant, conversation, turn_no,
  message: n, direction, sender, content (JSON as text), turn_id, at, delivery (how far, a number)
  turn:    turn: the whole row as JSON text }
"""

from collections.abc import Sequence

from pydantic_core import from_json, to_json
from pymongo import ASCENDING, DESCENDING, UpdateOne
from pymongo.errors import BulkWriteError

from parley.domain.history import is_message, message_of
from parley.domain.ids import ConversationId, MessageId, TenantId, TurnId
from parley.domain.json import JsonObject
from parley.domain.messages import DELIVERY_ORDER, Delivery, Message
from parley.repositories.mongo.database import (
    MESSAGES,
    Document,
    MongoDatabase,
    answering,
)

_DUPLICATE_KEY = 11_000
_COPIED = ("n", "direction", "sender", "turn_id", "turn_no", "at")


class MongoMessages:
    """`services.ports.conversations.Messages`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._collection = database[MESSAGES]

    def project(
        self, tenant_id: TenantId, conversation_id: ConversationId, rows: Sequence[JsonObject]
    ) -> None:
        documents = [
            {"_id": _key(tenant_id, row["id"]), **_document(tenant_id, conversation_id, row)}
            for row in rows
        ]
        with answering():
            try:
                self._collection.insert_many(documents, ordered=False)
            except BulkWriteError as error:
                faults = error.details["writeErrors"]
                if any(fault["code"] != _DUPLICATE_KEY for fault in faults):
                    raise

    def deliver(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        rows: Sequence[JsonObject],
        delivery: Delivery,
    ) -> None:
        come = DELIVERY_ORDER.index(delivery)
        writes = [
            UpdateOne(
                {"_id": _key(tenant_id, row["id"])},
                {"$set": _document(tenant_id, conversation_id, row), "$max": {"delivery": come}},
                upsert=True,
            )
            for row in rows
        ]
        with answering():
            self._collection.bulk_write(writes, ordered=False)

    def list(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        *,
        after: int = 0,
        before: int | None = None,
        limit: int,
    ) -> Sequence[Message]:
        bounds = {"$gt": after} if before is None else {"$gt": after, "$lt": before}
        wanted = {**_of(tenant_id, conversation_id), "n": bounds}
        direction = ASCENDING if before is None else DESCENDING
        with answering():
            found = list(self._collection.find(wanted).sort("n", direction).limit(limit))
        ordered = found if before is None else reversed(found)
        return [_message(document) for document in ordered]

    def list_turns(
        self, tenant_id: TenantId, conversation_id: ConversationId, *, after: int = 0, limit: int
    ) -> Sequence[JsonObject]:
        wanted = {
            **_of(tenant_id, conversation_id),
            "turn_no": {"$gt": after},
            "turn": {"$exists": True},
        }
        with answering():
            cursor = self._collection.find(wanted).sort("turn_no", ASCENDING).limit(limit)
            return [_turn(document) for document in cursor]

    def list_of_turn(
        self, tenant_id: TenantId, conversation_id: ConversationId, turn_no: int
    ) -> Sequence[Message]:
        wanted = {
            **_of(tenant_id, conversation_id),
            "turn_no": {"$eq": turn_no},
            "n": {"$exists": True},
        }
        with answering():
            return [_message(document) for document in self._collection.find(wanted).sort("n", 1)]

    def find_turn(
        self, tenant_id: TenantId, conversation_id: ConversationId, turn_id: TurnId
    ) -> JsonObject | None:
        document = self._find(tenant_id, conversation_id, turn_id)
        return None if document is None else _turn(document)

    def find(
        self, tenant_id: TenantId, conversation_id: ConversationId, message_id: MessageId
    ) -> Message | None:
        document = self._find(tenant_id, conversation_id, message_id)
        return None if document is None else _message(document)

    def _find(
        self, tenant_id: TenantId, conversation_id: ConversationId, row_id: str
    ) -> Document | None:
        wanted = {"_id": _key(tenant_id, row_id), "conversation": {"$eq": conversation_id}}
        with answering():
            return self._collection.find_one(wanted)


def _key(tenant_id: TenantId, row_id: str) -> str:
    return f"{tenant_id}:{row_id}"


def _of(tenant_id: TenantId, conversation_id: ConversationId) -> Document:
    return {"tenant": {"$eq": tenant_id}, "conversation": {"$eq": conversation_id}}


def _document(tenant_id: TenantId, conversation_id: ConversationId, row: JsonObject) -> Document:
    document: Document = {"tenant": tenant_id, "conversation": conversation_id}
    if is_message(row):
        document |= {name: row[name] for name in _COPIED}
        document |= {"id": row["id"], "content": to_json(row["content"]).decode()}
    else:
        document |= {"turn_no": row["turn_no"], "turn": to_json(row).decode()}
    return document


def _message(document: Document) -> Message:
    row = {name: document[name] for name in ("id", *_COPIED)}
    row["content"] = from_json(document["content"])
    come = document.get("delivery")
    delivery = None if come is None else DELIVERY_ORDER[come]
    return message_of(ConversationId(document["conversation"]), row, delivery)


def _turn(document: Document) -> JsonObject:
    row: JsonObject = from_json(document["turn"])
    return row
