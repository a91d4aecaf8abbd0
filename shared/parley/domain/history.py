"""History rows: what a turn leaves to be projected, as the JSON that queues and stores carry.

message  {kind: "message", id, n, direction, sender, content, turn_id, turn_no, at}
turn     {kind: "turn", id, turn_no, at, flow_version, pid, payload_hash, outcome, late,
          messages: [first, last] | null, trace}

`id` of a turn is its turn id, of a message its message id; `n` is the sequence number. A message
row is also the body of the outbox item that sends it. `flow_version` is what the turn found: of a
migration the version it led away from. Rows of before there were migrations have none.
"""

from collections.abc import Iterable
from datetime import datetime

from parley.domain.ids import ConversationId, MessageId, TurnId
from parley.domain.json import JsonObject
from parley.domain.messages import Delivery, Direction, Message, Sender


def to_rfc3339(at: datetime) -> str:
    """The instant in UTC, with milliseconds and `Z`."""
    return at.isoformat(timespec="milliseconds")[:23] + "Z"


def message_row(message: Message) -> JsonObject:
    """A message as a row; `message_of` gives it back, its delivery apart."""
    return {
        "kind": "message",
        "id": message.id,
        "n": message.sequence_number,
        "direction": message.direction.value,
        "sender": message.sender.value,
        "content": message.content,
        "turn_id": message.turn_id,
        "turn_no": message.turn_no,
        "at": to_rfc3339(message.at),
    }


def message_of(
    conversation_id: ConversationId, row: JsonObject, delivery: Delivery | None = None
) -> Message:
    """The message of a row; an outbound one that no channel took yet is queued."""
    direction = Direction(row["direction"])
    if delivery is None and direction is Direction.OUTBOUND:
        delivery = Delivery.QUEUED
    return Message(
        id=MessageId(row["id"]),
        conversation_id=conversation_id,
        sequence_number=row["n"],
        direction=direction,
        sender=Sender(row["sender"]),
        content=row["content"],
        turn_id=TurnId(row["turn_id"]),
        turn_no=row["turn_no"],
        at=datetime.fromisoformat(row["at"]),
        delivery=delivery,
    )


def is_message(row: JsonObject) -> bool:
    """Whether the row is a message's; else it is a turn's."""
    return bool(row["kind"] == "message")


def messages_in(conversation_id: ConversationId, rows: Iterable[JsonObject]) -> list[Message]:
    """The messages among these rows, in their order."""
    return [message_of(conversation_id, row) for row in rows if is_message(row)]


def message_json(message: Message) -> JsonObject:
    """The message as watchers get it: the API's `MessageView`."""
    return {
        "id": message.id,
        "conversation_id": message.conversation_id,
        "sequence_number": message.sequence_number,
        "direction": message.direction.value,
        "sender": message.sender.value,
        "content": message.content,
        "turn_no": message.turn_no,
        "at": to_rfc3339(message.at),
        "delivery": message.delivery and message.delivery.value,
    }
