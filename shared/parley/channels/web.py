"""The web channel: the chat page, over a WebSocket. What a client may say, and how it is told.

A connection is proven once, when it is made (`functions/live/authorize_connection.py`); after that
a frame is one JSON object with an `action`, and everything the server says has an `event`. Messages
need no rendering: they travel as the API shows them (`domain/history.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from parley.domain.content import Content, place_in
from parley.domain.errors import Fault, Invalid
from parley.domain.history import message_json
from parley.domain.ids import ConversationId, MessageId
from parley.domain.json import JsonObject
from parley.domain.messages import MAX_TEXT_LENGTH, Message
from parley.domain.strict_json import NotJson, read_json


@dataclass(frozen=True, slots=True)
class Limits:
    """What fits: characters of a text, bytes of a frame, choices under a message."""

    text_length: int
    frame_bytes: int
    quick_replies: int


LIMITS = Limits(text_length=MAX_TEXT_LENGTH, frame_bytes=32 * 1024, quick_replies=20)
"""A frame is what API Gateway takes in one piece (its WebSocket quotas, read 2026-11-22); the rest
is what our own page shows well."""

type SequenceNumber = Annotated[int, Field(ge=0, le=2**53)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Frame(_Part):
    conversation_id: Annotated[ConversationId, StringConstraints(min_length=1, max_length=64)]


class Subscribe(_Frame):
    """Tell me what happens in this conversation, and what I missed after this number."""

    action: Literal["subscribe"]
    after: SequenceNumber = 0


class Send(_Frame):
    """Say this; `id` is the client's own, and makes a repeat known."""

    action: Literal["send"]
    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    content: Content


class Typing(_Frame):
    """Somebody is typing."""

    action: Literal["typing"]


class Heartbeat(_Frame):
    """I am still here, and have everything up to this number."""

    action: Literal["heartbeat"]
    after: SequenceNumber = 0


type Frame = Subscribe | Send | Typing | Heartbeat

_FRAME: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="action")])


def parse(body: str) -> Frame:
    """What a client said. Raises Invalid, with every fault, for anything that is no such frame."""
    if len(body.encode(errors="surrogatepass")) > LIMITS.frame_bytes:
        raise Invalid(f"a frame has at most {LIMITS.frame_bytes // 1024} KB", [_TOO_LARGE])
    try:
        return _FRAME.validate_python(read_json(body))
    except ValidationError as error:
        faults = [Fault(_pointer(fault["loc"]), fault["msg"]) for fault in error.errors()]
        raise Invalid("the frame is not one that can be taken", faults) from error
    except NotJson as error:
        raise Invalid(f"the frame is not JSON that can be taken: {error}", error.faults) from error


_TOO_LARGE = Fault("", f"must have at most {LIMITS.frame_bytes // 1024} KB")


def caught_up(frame: Subscribe | Heartbeat, messages: Iterable[Message], last: int) -> JsonObject:
    """The answer to whoever asked what they missed; `last` says how far there is to go."""
    return {
        "event": "subscribed" if isinstance(frame, Subscribe) else "heartbeat",
        "conversation_id": frame.conversation_id,
        "last": last,
        "messages": [message_json(message) for message in messages],
    }


def accepted(frame: Send, message_id: MessageId) -> JsonObject:
    """The answer to whoever said something: it is queued, and goes by this id from now on."""
    return {
        "event": "delivery",
        "conversation_id": frame.conversation_id,
        "id": frame.id,
        "message_id": message_id,
        "status": "accepted",
    }


_ACTIONS = frozenset({"subscribe", "send", "typing", "heartbeat"})


def _pointer(location: tuple[int | str, ...]) -> str:
    """A JSON Pointer from pydantic's `loc`, less the names of the alternatives it chose."""
    within = location[1:] if location and location[0] in _ACTIONS else location
    path = (str(step) for step in place_in(within))
    return "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in path)
