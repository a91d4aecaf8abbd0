"""The queues, from the sender's side.

A send that returns was accepted; `Unavailable` means it may or may not have been.
"""

from collections.abc import Sequence
from typing import Protocol

from parley.domain.queued import EventQueued, Inbound, OutboundTurn


class InboundQueue(Protocol):
    """`inbound`: first in, first out for each conversation."""

    def send(self, inbound: Inbound) -> None:
        """Repeats of one `pid` within five minutes are dropped by the queue itself."""


class OutboundQueue(Protocol):
    """`outbound`: first in, first out for each conversation."""

    def send(self, outbound: OutboundTurn) -> None:
        """One record; a repeat of the same items within five minutes is dropped by the queue."""


class EventQueue(Protocol):
    """`events`: in no order, at least once."""

    def send(self, events: Sequence[EventQueued]) -> None:
        """All of them, in as few requests as there can be; raises Unavailable if one failed."""
