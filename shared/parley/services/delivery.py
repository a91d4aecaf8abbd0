"""Taking to its channel what a turn has said, and to the event log what it has recorded.

Every step may be repeated: watchers know a message by its id, delivery never goes back, and an
event is logged once under its outbox id.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from parley.domain.conversations import Channel, ItemKind, OutboxItem
from parley.domain.errors import Unavailable
from parley.domain.history import message_json, message_of
from parley.domain.json import JsonObject
from parley.domain.messages import Delivery, Direction
from parley.domain.queued import EventQueued, OutboundTurn
from parley.services.ports.conversations import Messages
from parley.services.ports.live import Live
from parley.services.ports.queues import EventQueue


class DeliveryService:
    """Delivers what came over `outbound`."""

    def __init__(self, *, messages: Messages, live: Live, events: EventQueue) -> None:
        self._messages = messages
        self._live = live
        self._events = events

    def deliver(self, outbound: OutboundTurn) -> None:
        """Deliver the messages in order, record how far they came, pass the events on.

        A channel that no adapter serves yet fails its messages, for all to see. Raises Unavailable.
        """
        rows = [item.body for item in outbound.items if item.kind is ItemKind.MESSAGE]
        replies = [row for row in rows if row["direction"] == Direction.OUTBOUND]
        delivery = self._send(outbound, rows)
        if replies:
            self._messages.deliver(outbound.tenant_id, outbound.conversation_id, replies, delivery)
        events = [item for item in outbound.items if item.kind is ItemKind.EVENT]
        if events:
            self._events.send([_queued(outbound, item) for item in events])

    def _send(self, outbound: OutboundTurn, rows: Sequence[JsonObject]) -> Delivery:
        match outbound.channel:
            case Channel.WEB:
                return self._push(outbound, rows)
            case _:
                return Delivery.FAILED

    def _push(self, outbound: OutboundTurn, rows: Sequence[JsonObject]) -> Delivery:
        """Delivered if anybody was watching; else sent, to be fetched from the history."""
        reached = [self._push_one(outbound, row) for row in rows]
        is_watched = bool(reached) and all(reached)
        return Delivery.DELIVERED if is_watched else Delivery.SENT

    def _push_one(self, outbound: OutboundTurn, row: JsonObject) -> int:
        message = message_of(outbound.conversation_id, row)
        if message.direction is Direction.OUTBOUND:
            message = replace(message, delivery=Delivery.SENT)
        payload = {
            "event": "message",
            "conversation_id": outbound.conversation_id,
            "message": message_json(message),
        }
        try:
            return self._live.push(outbound.tenant_id, outbound.conversation_id, payload)
        except Unavailable:
            return 0  # lost until the watcher's next heartbeat, whose answer carries it


def _queued(outbound: OutboundTurn, item: OutboxItem) -> EventQueued:
    return EventQueued(
        tenant_id=outbound.tenant_id,
        request_id=outbound.request_id,
        id=item.oid,
        name=item.body["name"],
        at=datetime.fromisoformat(item.body["at"]),
        conversation_id=outbound.conversation_id,
        data=item.body["data"],
    )
