"""Whoever takes turns, for the use cases that cause one."""

from datetime import datetime
from typing import Protocol

from parley.domain.conversations import Conversation
from parley.domain.queued import Inbound, Receipt
from parley.domain.turns import TurnTaken


class Turns(Protocol):
    """`services.turns.TurnService`, without loading the engine."""

    def take(
        self,
        inbound: Inbound,
        receipt: Receipt = ...,
        *,
        known: Conversation | None = None,
        until: datetime | None = None,
    ) -> TurnTaken: ...
