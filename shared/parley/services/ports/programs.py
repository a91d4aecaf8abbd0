"""Where published flows come from, compiled.

Nothing of the engine is imported to run: a function that only queues a message never loads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parley.domain.conversations import Channel, FlowPin
    from parley.domain.flows import FlowDocument, IntentScore
    from parley.domain.ids import TenantId
    from parley.engine.program import Program


class Matcher(Protocol):
    """Text to intents: `nlu.matcher.IntentMatcher`."""

    def classify(self, text: str, among: Sequence[str]) -> Sequence[IntentScore]:
        """The intents of `among` (none: all) that `text` may mean, best first."""


@dataclass(frozen=True, slots=True)
class LoadedFlow:
    """A published version, ready to run; immutable, shared by all its conversations."""

    program: Program
    matcher: Matcher
    document: FlowDocument


class Programs(Protocol):
    """Published flows of a tenant."""

    def get(self, tenant_id: TenantId, pin: FlowPin) -> LoadedFlow:
        """Raises NotFound when the tenant has no such published version."""

    def resolve(self, tenant_id: TenantId, flow: str | None, channel: Channel) -> FlowPin:
        """The active version of a flow by id or name; None is the tenant's default flow.

        Raises NotFound when there is none.
        """
