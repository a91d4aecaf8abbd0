"""What a turn leaves to tell: its history rows and outbox items, numbered as they come."""

from pydantic_core import to_json

from parley.domain.conversations import Conversation, ItemKind, OutboxItem, Status
from parley.domain.history import message_row, to_rfc3339
from parley.domain.ids import MessageId, inbound_message_id, outbound_message_id
from parley.domain.json import Json, JsonObject
from parley.domain.messages import Direction, Message, Sender
from parley.engine.effects import HandOff, LogEvent, SendMessage
from parley.engine.events import AgentEvent, MessageEvent
from parley.services.arrivals import Arrived, Result

_MAX_TRACE_BYTES = 16 * 1024
_MAX_TRACE_PART_BYTES = 2 * 1024


class Told:
    """The rows and outbox items of one turn, numbered as they come."""

    def __init__(self, before: Conversation, arrived: Arrived) -> None:
        self._before = before
        self._arrived = arrived
        self.message_no = before.message_no
        self.rows: list[JsonObject] = []
        self.items: list[OutboxItem] = []
        self._n = 0

    def tell(self, result: Result) -> None:
        """What came in, then what the turn says and records, in order."""
        arrived = self._arrived
        if isinstance(arrived.event, MessageEvent):
            inbound = arrived.inbound
            oid = inbound_message_id(inbound.tenant_id, inbound.conversation_id, inbound.pid)
            self._message(oid, Direction.INBOUND, Sender.USER, arrived.event.content)
        bot = Sender.AGENT if isinstance(arrived.event, AgentEvent) else Sender.BOT
        for effect in result.effects:
            match effect:
                case SendMessage(content=content):
                    self._message(self._oid(), Direction.OUTBOUND, bot, content)
                case LogEvent(name=name, data=data):
                    self._event(name, data)
                case HandOff(queue=queue, priority=priority, reason=reason):
                    data = {"queue": queue, "priority": priority, "reason": reason}
                    self._event("handoff.requested", data)

    def finish(self, after: Conversation, result: Result) -> "Told":
        """The turn's own events and its row in the history."""
        before, arrived = self._before, self._arrived
        if before.turn_no == 0:
            flow = {"id": after.flow.id, "version": after.flow.version}
            self._event("conversation.started", {"channel": after.channel.value, "flow": flow})
        if after.status is not before.status:
            name = "closed" if not after.status.is_open else _CHANGED[after.status]
            self._event(f"conversation.{name}", {"status": after.status.value})
        first, last = before.message_no + 1, self.message_no
        row = {
            "kind": "turn",
            "id": arrived.turn,
            "turn_no": after.turn_no,
            "at": to_rfc3339(arrived.at),
            "flow_version": before.flow.version,
            "pid": arrived.inbound.pid,
            "payload_hash": arrived.payload_hash,
            "outcome": result.outcome.value,
            "late": arrived.at < before.last_activity_at,
            "messages": [first, last] if last >= first else None,
            "trace": _bounded(result.trace),
        }
        taken = {key: row[key] for key in ("turn_no", "outcome", "late", "messages")}
        taken |= {"kind": arrived.inbound.event["kind"], "state": after.current_state}
        self._event("turn.taken", taken)
        self.rows.append(row)
        return self

    def _message(
        self, message_id: MessageId, direction: Direction, sender: Sender, content: JsonObject
    ) -> None:
        self.message_no += 1
        message = Message(
            id=message_id,
            conversation_id=self._before.id,
            sequence_number=self.message_no,
            direction=direction,
            sender=sender,
            content=content,
            turn_id=self._arrived.turn,
            turn_no=self._before.turn_no + 1,
            at=self._arrived.at,
        )
        row = message_row(message)
        self.rows.append(row)
        self.items.append(OutboxItem(message_id, ItemKind.MESSAGE, row))

    def _event(self, name: str, data: JsonObject) -> None:
        body = {"name": name, "at": to_rfc3339(self._arrived.at), "data": data}
        self.items.append(OutboxItem(self._oid(), ItemKind.EVENT, body))

    def _oid(self) -> MessageId:
        oid = outbound_message_id(self._arrived.turn, self._n)
        self._n += 1
        return oid


def refusal_told(arrived: Arrived, turn_no: int) -> OutboxItem:
    """That an event came under an id that another had; told again, it is the same item."""
    body = {
        "name": "message.refused",
        "at": to_rfc3339(arrived.at),
        "data": {"turn_no": turn_no, "reason": "its id was another message's"},
    }
    return OutboxItem(f"{arrived.turn}:refused-{arrived.payload_hash}", ItemKind.EVENT, body)


_CHANGED = {Status.ACTIVE: "resumed", Status.ESCALATED: "escalated"}


def _bounded(trace: JsonObject) -> JsonObject:
    """The trace, without its largest parts if it is too long for the document."""
    if size_bytes(trace) <= _MAX_TRACE_BYTES:
        return trace
    kept = {key: part for key, part in trace.items() if size_bytes(part) <= _MAX_TRACE_PART_BYTES}
    return {**kept, "cut": sorted(trace.keys() - kept.keys())}


def size_bytes(value: Json) -> int:
    """Of the value as JSON."""
    return len(to_json(value))
