"""Answers to asynchronous calls: where they are sent to, and how they reach their conversation.

A callback address ends in a signed token that says whose call it answers, and nothing else is
kept: whoever was given it may answer that one call, and no other.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from parley.domain.access import Role
from parley.domain.conversations import Conversation
from parley.domain.errors import Fault, Invalid, NotFound, Unauthenticated
from parley.domain.ids import ConversationId, ProviderId, TenantId, TurnId, UserId
from parley.domain.json import JsonObject
from parley.domain.queued import Inbound
from parley.domain.tokens import TokenClaims, TokenKind
from parley.engine.events import CallbackEvent, event_to_json
from parley.engine.services import Callback
from parley.services.arrivals import Arrived, seed_of
from parley.services.ports.access import Tokens
from parley.services.ports.clock import Clock
from parley.services.ports.queues import InboundQueue
from parley.services.starts import MAX_FALLBACKS
from parley.services.telling import size_bytes

MAX_ANSWER_BYTES: Final = 64 * 1024
"""Of a callback as JSON: no more could be kept of it, and the queue takes 256 KB."""
GRACE: Final = timedelta(minutes=5)
"""How much longer than its call a token lasts: who is a little late is told nothing wrong."""
_TURN_TAKES: Final = timedelta(minutes=1)
"""Twice what any function has: a turn that is not committed by then is not at work any more."""


class CallbackService:
    """Gives out callback addresses, and takes what comes there."""

    def __init__(
        self, *, tokens: Callable[[], Tokens], inbound: InboundQueue, clock: Clock
    ) -> None:
        self._tokens = tokens
        self._inbound = inbound
        self._clock = clock

    def token(
        self, tenant_id: TenantId, conversation_id: ConversationId, callback: Callback
    ) -> str:
        """What proves that its bearer was given this call: its subject is the conversation."""
        claims = TokenClaims(
            id=callback.call_id,
            tenant_id=tenant_id,
            user_id=UserId(conversation_id),
            role=Role.SYSTEM,
            issued_at=self._clock(),
            expires_at=callback.until + GRACE,
        )
        return self._tokens().sign(TokenKind.CALLBACK, claims)

    def take(self, token: str, answer: JsonObject, *, request_id: str | None = None) -> None:
        """Queue the answer to a call; whether anybody still waits for it is its turn's to see.

        Raises NotFound, the same for a token that never held and for one that has expired;
        Invalid for an answer that is too large; Unavailable if it cannot be queued.
        """
        now = self._clock()
        try:
            claims = self._tokens().read(token, TokenKind.CALLBACK, now=now)
        except Unauthenticated as error:
            raise NotFound("awaited call", "under this address") from error
        if size_bytes(answer) > MAX_ANSWER_BYTES:
            raise Invalid(
                f"an answer has at most {MAX_ANSWER_BYTES} bytes as JSON",
                [Fault("/data", "is too large")],
            )
        conversation_id = ConversationId(claims.user_id)
        inbound = Inbound(
            tenant_id=claims.tenant_id,
            request_id=request_id,
            conversation_id=conversation_id,
            pid=ProviderId(f"callback:{conversation_id}:{claims.id}"),
            event=event_to_json(CallbackEvent(claims.id, answer)),
            received_at=now,
            sent_at=claims.issued_at,
        )
        self._inbound.send(inbound)


def came_early(before: Conversation, arrived: Arrived, now: datetime) -> bool:
    """Whether the answer is here before the turn that made the call is committed.

    A turn that somebody waits for is not on the queue, so its callback does not stand behind it.
    Such a turn is in the journal: it notes each such call before it is made. If it died, and nobody
    asks for it again, the answer waits for it no longer than a turn takes.
    """
    event = arrived.event
    if not isinstance(event, CallbackEvent) or not before.journal:
        return False
    called_at = arrived.inbound.sent_at or arrived.at
    is_open = any(_is_made_in(event.call_id, TurnId(turn)) for turn in before.journal)
    return is_open and now - called_at < _TURN_TAKES


def answers_nothing(before: Conversation, arrived: Arrived, now: datetime) -> bool:
    """Whether the turn that made the call was the first, and is not at work any more.

    No state could hear the answer. Who asks for the start again gets his conversation.
    """
    is_callback = isinstance(arrived.event, CallbackEvent)
    return is_callback and not before.turn_no and not came_early(before, arrived, now)


def _is_made_in(call_id: str, turn: TurnId) -> bool:
    """Whether that turn made the call, on whichever flow it tried: by the seed in the call's id."""
    seeds = range(seed_of(turn), seed_of(turn) + 1 + MAX_FALLBACKS)
    return call_id.startswith(tuple(f"{seed:x}-" for seed in seeds))
