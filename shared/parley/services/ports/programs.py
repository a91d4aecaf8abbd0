"""Where published flows come from, compiled.

Nothing of the engine is imported to run: a function that only queues a message never loads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parley.domain.conversations import Channel, FlowPin
    from parley.domain.flow_records import Calls
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
    calls: Calls


@dataclass(frozen=True, slots=True)
class Fallback:
    """The flow `name`, which is to start where the flow `of` fails to."""

    of: str
    name: str
    pin: FlowPin


class Programs(Protocol):
    """Published flows of a tenant."""

    def get(self, tenant_id: TenantId, pin: FlowPin) -> LoadedFlow:
        """Raises NotFound when the tenant has no such published version."""

    def fallback(self, tenant_id: TenantId, pin: FlowPin) -> Fallback | None:
        """What stands in for a published version, even for one that cannot be compiled any more.

        None if it names nothing, or is not there.
        """

    def resolve(self, tenant_id: TenantId, flow: str | None, channel: Channel) -> FlowPin:
        """The active version of a flow by id or name; None is the tenant's default flow.

        Raises NotFound when there is none.
        """
