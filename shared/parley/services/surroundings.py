"""What the engine may ask during one turn: `engine.services.TurnServices`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from parley.domain.conversations import Conversation
from parley.domain.flows import IntentScore
from parley.domain.json import JsonObject
from parley.engine.services import Flows, IntegrationReply, IntegrationRequest, Runnable
from parley.services.arrivals import Arrived
from parley.services.journal import Journal
from parley.services.ports.programs import LoadedFlow


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything is known beforehand but what the user means and what other systems answer."""

    _before: Conversation
    _arrived: Arrived
    _flow: LoadedFlow
    _journal: Journal
    _flows: Flows

    @property
    def now(self) -> datetime:
        return self._arrived.at

    @property
    def seed(self) -> int:
        return self._arrived.seed

    @property
    def user(self) -> JsonObject:
        """The profile, and who the user is: that the profile cannot say."""
        return {**self._before.user, "id": self._before.user_id}

    @property
    def conversation(self) -> JsonObject:
        before = self._before
        return {
            "id": before.id,
            "channel": before.channel.value,
            "language": before.language,
            "turn_no": before.turn_no + 1,
        }

    @property
    def tenant(self) -> JsonObject:
        return {"id": self._before.tenant_id}

    def classify(self, text: str, among: Sequence[str]) -> Sequence[IntentScore]:
        return self._flow.matcher.classify(text, among)

    def flow(self, key: str) -> Runnable | None:
        return self._flows(key)

    def call(self, request: IntegrationRequest) -> IntegrationReply:
        return self._journal.call(request)
