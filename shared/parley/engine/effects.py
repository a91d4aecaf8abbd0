"""What a turn tells the world to do: values, in the order they are to happen."""

from dataclasses import dataclass
from typing import ClassVar

from parley.domain.json import JsonObject


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Say `content` to the user: the shape of `domain.messages.Message.content`."""

    kind: ClassVar[str] = "send_message"
    content: JsonObject


@dataclass(frozen=True, slots=True)
class LogEvent:
    """Record that something happened: the flow's `log_event`, or the engine's own `flow.*`."""

    kind: ClassVar[str] = "log_event"
    name: str
    data: JsonObject


@dataclass(frozen=True, slots=True)
class HandOff:
    """A person is asked to take over; the state's status is `escalated` from here."""

    kind: ClassVar[str] = "hand_off"
    queue: str | None
    priority: str
    reason: str


type Effect = SendMessage | LogEvent | HandOff


def effect_to_json(effect: Effect) -> JsonObject:
    """The effect as JSON, with its `kind`."""
    match effect:
        case SendMessage(content=content):
            return {"kind": "send_message", "content": content}
        case LogEvent(name=name, data=data):
            return {"kind": "log_event", "name": name, "data": data}
        case HandOff(queue=queue, priority=priority, reason=reason):
            return {"kind": "hand_off", "queue": queue, "priority": priority, "reason": reason}
