"""What people, bots and agents say to each other in a conversation."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from parley.domain.ids import ConversationId, MessageId, TurnId
from parley.domain.json import JsonObject

MAX_TEXT_LENGTH = 5_000
"""Characters of a text as stored (X-9); each channel may allow fewer."""
MAX_FORM_FIELDS = 20
"""What a form asks for, and what an answer to it may hold."""
MAX_ATTACHMENT_BYTES = 50 * 1024 * 1024
"""The most that anything attached may have (S1-7)."""
MAX_SENT_BYTES = 10 * 1024 * 1024
"""What people may attach (X-10)."""

MediaType = Literal[
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "video/mp4",
    "video/quicktime",
    "audio/mpeg",
    "audio/wav",
    "audio/ogg",
    "application/pdf",
    "text/plain",
]
"""S1-7."""


class MessageType(StrEnum):
    """S0-7."""

    TEXT = "text"
    IMAGE = "image"
    FILE = "file"
    AUDIO = "audio"
    VIDEO = "video"
    LOCATION = "location"
    QUICK_REPLY = "quick_reply"
    CAROUSEL = "carousel"
    FORM = "form"
    SYSTEM = "system"


class Direction(StrEnum):
    """S0-6."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    SYSTEM = "system"


class Sender(StrEnum):
    """S4-25."""

    USER = "user"
    BOT = "ai_agent"
    AGENT = "human_agent"
    SYSTEM = "system"


class Delivery(StrEnum):
    """How far an outbound message has come (S1-4); `queued` until a channel took it."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


DELIVERY_ORDER = (
    Delivery.QUEUED,
    Delivery.SENT,
    Delivery.FAILED,
    Delivery.DELIVERED,
    Delivery.READ,
)
"""What a delivery may become: only something later. A channel may fail what it first took."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation's history.

    `sequence_number` counts from 1 over inbound and outbound alike and has no gap. `content` is
    JSON with at least `type` (a `MessageType`) and, for texts, `text`; further keys as in
    S1-7 to S1-11: `payload`, `quick_replies` [{title, payload}], `buttons`, `media`, `location`,
    `carousel`, `form`, `values` (of a form that was filled in), `delay_ms`, `typing`.
    """

    id: MessageId
    conversation_id: ConversationId
    sequence_number: int
    direction: Direction
    sender: Sender
    content: JsonObject
    turn_id: TurnId
    turn_no: int
    at: datetime
    delivery: Delivery | None = None
