"""A conversation before its first turn: the document that the turn is added to."""

from dataclasses import dataclass
from datetime import datetime

from pydantic_core import to_json

from parley.domain.conversations import (
    MAX_PROFILE_BYTES,
    Channel,
    Conversation,
    FlowPin,
    Outbox,
    Stage,
    Status,
)
from parley.domain.errors import Fault, Invalid
from parley.domain.ids import ConversationId, TenantId, TurnId, UserId
from parley.domain.json import JsonObject


@dataclass(frozen=True, slots=True)
class Opening:
    """Who a conversation is with, and how it reaches them."""

    channel: Channel
    user_id: UserId
    language: str | None
    user: JsonObject


def opened(
    tenant_id: TenantId,
    conversation_id: ConversationId,
    opening: Opening,
    flow: FlowPin,
    now: datetime,
) -> Conversation:
    """The document, not stored yet (`rev` 0).

    Raises Invalid if the profile is too large, or says who the user is: `user_id` alone does.
    """
    if "id" in opening.user:
        raise Invalid(
            "a profile does not say who the user is",
            [Fault("/user/id", "must be left out: `user_id` says it")],
        )
    size = len(to_json(opening.user))
    if size > MAX_PROFILE_BYTES:
        raise Invalid(
            f"the user's profile has {size} bytes; at most {MAX_PROFILE_BYTES} are kept",
            [Fault("/user", "is too large")],
        )
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    return Conversation(
        tenant_id=tenant_id,
        id=conversation_id,
        rev=0,
        user_id=opening.user_id,
        channel=opening.channel,
        flow=flow,
        status=Status.ACTIVE,
        stage=Stage.INITIALIZED,
        state={},
        current_state="",
        language=opening.language,
        user=opening.user,
        timers=(),
        last_seq="",
        ring_marks=(),
        turn_no=0,
        last_turn_id=TurnId(""),
        message_no=0,
        outbox=Outbox(epoch=0, lease_until=None, items=()),
        tail=(),
        journal={},
        wants_agent=False,
        created_at=now,
        last_activity_at=now,
        closed_at=None,
        idle_at=None,
    )
