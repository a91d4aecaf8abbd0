"""A conversation as its document, and the smallest update from one to the next.

conversations: {
  _id: "<tenant>:<id>", tenant, id, rev, user_id, channel, flow: {id, version}, status, stage,
  state, user, journal                                    JSON as text
  current_state, language, wants_agent, timers: [{id, due_at}],
  last_seq, ring_marks, ring: [turn id], ring_notes: ["<payload hash> <turn number> <at>"],
  out: {epoch, lease_until, items: [{oid, body}]},        body null: the tail row of that id
  tail: [{id, body}], turn_no, last_turn_id, message_no,
  created_at, last_activity_at, closed_at, idle_at,
  timer_at, due_at }                                      sparse: the first timer, the lease

What the engine and people wrote is kept as JSON text: its keys and numbers may be any, and one
string costs the server a fraction of a tree. The ring is never read with the document, and it has
its full length from the start, of empty texts: so no turn is slower than the first for its sake.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic_core import from_json, to_json

from parley.domain.conversations import (
    RING_SIZE,
    Arrival,
    Channel,
    Conversation,
    FlowPin,
    FlowVersion,
    ItemKind,
    Outbox,
    OutboxItem,
    Pending,
    Stage,
    Status,
    Timer,
)
from parley.domain.history import to_rfc3339
from parley.domain.ids import ConversationId, FlowId, TenantId, TurnId, UserId
from parley.domain.json import Json, JsonObject
from parley.repositories.mongo.database import Document

READ = {"ring": 0, "ring_notes": 0}
"""The projection that every read of a conversation uses."""


def key(tenant_id: TenantId, conversation_id: ConversationId) -> str:
    """The `_id`; always text, so never an operator."""
    return f"{tenant_id}:{conversation_id}"


def to_document(conversation: Conversation, arrival: Arrival | None) -> Document:
    """The document of a new conversation."""
    one = conversation
    document: Document = {
        "_id": key(one.tenant_id, one.id),
        "tenant": one.tenant_id,
        "id": one.id,
        "rev": one.rev,
        **{name: written(getattr(one, name)) for names, written in _WAYS for name in names},
        "ring": [*_EMPTY, *([arrival.turn_id] if arrival else [])],
        "ring_notes": [*_EMPTY, *([_note(arrival)] if arrival else [])],
        "out": {
            "epoch": one.outbox.epoch,
            "lease_until": one.outbox.lease_until,
            "items": [_item(item) for item in one.outbox.items],
        },
        "tail": [_row(row) for row in one.tail],
        "created_at": one.created_at,
    }
    document |= {"timer_at": _first_due(one.timers), "due_at": _due_at(one)}
    return {
        name: value
        for name, value in document.items()
        if value is not None or name not in _MAY_BE_ABSENT
    }


def update(before: Conversation, after: Conversation, arrival: Arrival | None) -> Document:
    """The update that makes `before` into `after`; a few hundred bytes beside state and rows."""
    changed: Document = {}
    for names, written in _WAYS:
        for name in names:
            value = getattr(after, name)
            if value is not (old := getattr(before, name)) and value != old:
                changed[name] = written(value)
    if "timers" in changed:
        changed["timer_at"] = _first_due(after.timers)
    changed |= _ownership(before, after)
    return _operators(changed, _pushes(before, after, arrival))


def marking(sent: Sequence[str], projected: Sequence[str], *, leaves_nothing: bool) -> Document:
    """The update that takes sent items and projected rows out."""
    update: Document = {
        "$inc": {"rev": 1},
        "$pull": {
            "out.items": {"oid": {"$in": list(sent)}},
            "tail": {"id": {"$in": list(projected)}},
        },
    }
    if leaves_nothing:
        update["$unset"] = {"due_at": ""}
    return update


def to_conversation(document: Document) -> Conversation:
    """The conversation of a document."""
    pending = to_pending(document)
    return Conversation(
        tenant_id=TenantId(document["tenant"]),
        id=ConversationId(document["id"]),
        rev=document["rev"],
        user_id=UserId(document["user_id"]),
        channel=Channel(document["channel"]),
        flow=FlowPin(FlowId(document["flow"]["id"]), FlowVersion(document["flow"]["version"])),
        status=Status(document["status"]),
        stage=Stage(document["stage"]),
        state=from_json(document["state"]),
        current_state=document["current_state"],
        language=document["language"],
        user=from_json(document["user"]),
        timers=tuple(Timer(timer["id"], timer["due_at"]) for timer in document["timers"]),
        last_seq=document["last_seq"],
        ring_marks=tuple(document["ring_marks"]),
        turn_no=document["turn_no"],
        last_turn_id=TurnId(document["last_turn_id"]),
        message_no=document["message_no"],
        outbox=pending.outbox,
        tail=pending.tail,
        journal=from_json(document["journal"]),
        wants_agent=document["wants_agent"],
        created_at=document["created_at"],
        last_activity_at=document["last_activity_at"],
        closed_at=document.get("closed_at"),
        idle_at=document.get("idle_at"),
    )


def to_pending(document: Document) -> Pending:
    """What a document has not told or projected yet."""
    out = document["out"]
    rows: dict[str, JsonObject] = {row["id"]: from_json(row["body"]) for row in document["tail"]}
    items = tuple(_read_item(item, rows) for item in out["items"])
    outbox = Outbox(out["epoch"], out["lease_until"], items)
    return Pending(document["rev"], outbox, tuple(rows.values()))


def to_arrival(document: Document, turn_id: TurnId) -> Arrival:
    """What a ring that holds this turn remembers of it."""
    note = document["ring_notes"][document["ring"].index(turn_id)]
    payload_hash, turn_no, at = note.split(" ")
    return Arrival(turn_id, payload_hash, datetime.fromisoformat(at), int(turn_no))


def _ownership(before: Conversation, after: Conversation) -> Document:
    if after.outbox.epoch == before.outbox.epoch:
        return {}
    lease = after.outbox.lease_until
    return {"out.epoch": after.outbox.epoch, "out.lease_until": lease, "due_at": lease}


def _pushes(before: Conversation, after: Conversation, arrival: Arrival | None) -> Document:
    pushes: Document = {}
    if items := after.outbox.items[len(before.outbox.items) :]:
        pushes["out.items"] = {"$each": [_item(item) for item in items]}
    if rows := after.tail[len(before.tail) :]:
        pushes["tail"] = {"$each": [_row(row) for row in rows]}
    if arrival is not None:
        pushes["ring"] = {"$each": [arrival.turn_id], "$slice": -RING_SIZE}
        pushes["ring_notes"] = {"$each": [_note(arrival)], "$slice": -RING_SIZE}
    return pushes


def _operators(changed: Document, pushes: Document) -> Document:
    absent = {name: "" for name in _MAY_BE_ABSENT if changed.get(name, "") is None}
    sets = {name: value for name, value in changed.items() if name not in absent}
    update: Document = {"$inc": {"rev": 1}}
    for operator, fields in (("$set", sets), ("$unset", absent), ("$push", pushes)):
        if fields:
            update[operator] = fields
    return update


def _due_at(conversation: Conversation) -> datetime | None:
    return None if conversation.pending.is_empty else conversation.outbox.lease_until


def _first_due(timers: Sequence[Timer]) -> datetime | None:
    return min((timer.due_at for timer in timers), default=None)


def _pin(pin: FlowPin) -> Document:
    return {"id": pin.id, "version": pin.version}


def _timers(timers: Sequence[Timer]) -> list[Document]:
    return [{"id": timer.id, "due_at": timer.due_at} for timer in timers]


def _note(arrival: Arrival) -> str:
    return f"{arrival.payload_hash} {arrival.turn_no} {to_rfc3339(arrival.at)}"


def _item(item: OutboxItem) -> Document:
    body = None if item.kind is ItemKind.MESSAGE else _text(item.body)
    return {"oid": item.oid, "body": body}


def _read_item(item: Document, rows: dict[str, JsonObject]) -> OutboxItem:
    oid, body = item["oid"], item["body"]
    if body is None:
        return OutboxItem(oid, ItemKind.MESSAGE, rows[oid])
    return OutboxItem(oid, ItemKind.EVENT, from_json(body))


def _row(row: JsonObject) -> Document:
    return {"id": row["id"], "body": _text(row)}


def _text(value: Json) -> str:
    return to_json(value, inf_nan_mode="constants").decode()


def _word(value: StrEnum) -> str:
    return value.value


def _as_is[Value](value: Value) -> Value:
    return value


_WAYS: tuple[tuple[tuple[str, ...], Callable[[Any], Json]], ...] = (
    (("user_id", "turn_no", "last_turn_id", "message_no", "current_state", "language"), _as_is),
    (("wants_agent", "last_activity_at", "closed_at", "idle_at", "last_seq"), _as_is),
    (("state", "user", "journal"), _text),
    (("channel", "status", "stage"), _word),
    (("flow",), _pin),
    (("timers",), _timers),
    (("ring_marks",), list),
)
"""How each field that a write may change is written."""
_EMPTY = [""] * (RING_SIZE - 1)
_MAY_BE_ABSENT = ("closed_at", "idle_at", "timer_at", "due_at")
