"""WebSocket `$default`: subscribe, send, type, stay (docs/guides/live-updates.md)."""

from typing import assert_never

from parley.channels.web import Frame, Heartbeat, Send, Subscribe, Typing, accepted, caught_up
from parley.domain.content import content_json
from parley.domain.json import JsonObject
from parley.runtime.frames import Connection, frame_handler
from parley.runtime.wiring import Services


def receive(frame: Frame, connection: Connection, services: Services) -> JsonObject | None:
    live, caller, conversation_id = services.live, connection.caller, frame.conversation_id
    match frame:
        case Subscribe(after=after) | Heartbeat(after=after):
            missed = live.watch(caller, conversation_id, connection_id=connection.id, after=after)
            return caught_up(frame, missed.messages, missed.last)
        case Send(id=client_id, content=said):
            request_id, content = connection.request_id, content_json(said)
            message_id = live.send(
                caller, conversation_id, content, client_id=client_id, request_id=request_id
            )
            return accepted(frame, message_id)
        case Typing():
            live.type(caller, conversation_id)
            return None
        case unexpected:
            assert_never(unexpected)


handler = frame_handler(receive)
