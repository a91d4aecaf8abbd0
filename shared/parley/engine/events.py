"""What can happen to a conversation: the events a turn is run for, and their JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from parley.domain.conversations import FlowPin, FlowVersion, Status
from parley.domain.errors import Fault, Invalid
from parley.domain.ids import FlowId
from parley.domain.json import JsonObject


@dataclass(frozen=True, slots=True)
class StartEvent:
    """A conversation begins; always its first event, and a turn of its own."""

    kind: ClassVar[str] = "start"
    language: str | None = None


@dataclass(frozen=True, slots=True)
class MessageEvent:
    """The user said something: `content` as in `domain.messages.Message`.

    A `language` in it (BCP 47) becomes the conversation's.
    """

    kind: ClassVar[str] = "message"
    content: JsonObject


@dataclass(frozen=True, slots=True)
class TimerEvent:
    """A timer of `RunState.timers` is due; one that no longer stands there is ignored."""

    kind: ClassVar[str] = "timer"
    timer_id: str


AgentAction = Literal["message", "resolve", "return"]


@dataclass(frozen=True, slots=True)
class AgentEvent:
    """A person at work on an escalated conversation; ignored while none is.

    `content` is what a `message` says to the user.
    """

    kind: ClassVar[str] = "agent"
    action: AgentAction
    content: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class CallbackEvent:
    """An asynchronous call was answered; ignored unless the state waits for the call of this id.

    `data` is {status: success | error, data, kind, error}, as an IntegrationReply has them.
    """

    kind: ClassVar[str] = "callback"
    call_id: str
    data: JsonObject


@dataclass(frozen=True, slots=True)
class CloseEvent:
    """Someone or something outside the flow ends the conversation with a closed `status`."""

    kind: ClassVar[str] = "close"
    status: Status


@dataclass(frozen=True, slots=True)
class MigrateEvent:
    """The conversation is to go on with another version of its flow, if it can.

    `before` is what it ran on when that was asked for: one that runs on another version by now
    stays there. `state_map` says what states are called in `after`; the others keep their names.
    It takes two programs to run it: `engine.migration`.
    """

    kind: ClassVar[str] = "migrate"
    before: FlowPin
    after: FlowPin
    state_map: Mapping[str, str]


type Event = (
    StartEvent | MessageEvent | TimerEvent | AgentEvent | CallbackEvent | CloseEvent | MigrateEvent
)


def event_to_json(event: Event) -> JsonObject:  # noqa: PLR0911 -- one line an event
    """The event as JSON, with its `kind`; `event_from_json` gives it back."""
    match event:
        case StartEvent(language=language):
            return {"kind": "start", "language": language}
        case MessageEvent(content=content):
            return {"kind": "message", "content": content}
        case TimerEvent(timer_id=timer_id):
            return {"kind": "timer", "timer_id": timer_id}
        case AgentEvent(action=action, content=content):
            return {"kind": "agent", "action": action, "content": content}
        case CallbackEvent(call_id=call_id, data=data):
            return {"kind": "callback", "call_id": call_id, "data": data}
        case CloseEvent(status=status):
            return {"kind": "close", "status": status.value}
        case MigrateEvent(before=before, after=after, state_map=state_map):
            pins = {"from": _pin_to_json(before), "to": _pin_to_json(after)}
            return {"kind": "migrate", **pins, "state_map": dict(state_map)}


def event_from_json(value: JsonObject) -> Event:
    """The event that `event_to_json` wrote. Raises Invalid for anything else."""
    read = _READERS.get(str(value.get("kind")))
    try:
        if read is not None:
            return read(value)
    except (KeyError, ValueError, TypeError) as error:
        raise Invalid(
            f"not an event: {error}", [Fault("", "a field is missing or wrong")]
        ) from error
    raise Invalid(f"no event is of kind {value.get('kind')!r}", [Fault("/kind", "unknown")])


def _agent_event(value: JsonObject) -> AgentEvent:
    action = value["action"]
    if action not in ("message", "resolve", "return"):
        raise ValueError(action)
    return AgentEvent(action, value.get("content"))


def _migrate_event(value: JsonObject) -> MigrateEvent:
    state_map = value["state_map"]
    if not isinstance(state_map, dict) or not all(isinstance(to, str) for to in state_map.values()):
        raise ValueError("the state map has other things than names")
    return MigrateEvent(_pin(value["from"]), _pin(value["to"]), state_map)


def _pin(value: JsonObject) -> FlowPin:
    return FlowPin(FlowId(value["id"]), FlowVersion(value["version"]))


def _pin_to_json(pin: FlowPin) -> JsonObject:
    return {"id": pin.id, "version": pin.version}


_READERS: dict[str, Callable[[JsonObject], Event]] = {
    "start": lambda value: StartEvent(value.get("language")),
    "message": lambda value: MessageEvent(value["content"]),
    "timer": lambda value: TimerEvent(value["timer_id"]),
    "agent": _agent_event,
    "callback": lambda value: CallbackEvent(value["call_id"], value["data"]),
    "close": lambda value: CloseEvent(Status(value["status"])),
    "migrate": _migrate_event,
}
