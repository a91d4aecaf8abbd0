"""What answers the turns of a random conversation: its classifier, systems, clock and flows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from parley.domain.flows import IntentScore
from parley.domain.json import Json, JsonObject
from parley.engine.services import IntegrationReply, IntegrationRequest, Runnable
from tests.property.flows.choices import Choices
from tests.property.flows.families import Family

HEARD: dict[str, Sequence[tuple[str, float]]] = {
    "buy it": [("buy", 0.95), ("help", 0.2)],
    "help": [("help", 1.0)],
    "bye then": [("bye", 0.8)],
    "buy or help": [("buy", 0.75), ("help", 0.75)],
    "perhaps buy": [("buy", 0.5)],
}
"""What the classifier makes of a text; of all others nothing."""
FAILURES = ("timeout", "http_4xx", "http_5xx", "circuit_open", "refused", "unknown")
"""How a call may fail."""


@dataclass
class World:
    """The services of a conversation: what they answer is drawn when they are asked."""

    choices: Choices
    family: Family
    now: datetime = datetime(2026, 1, 31, 12, tzinfo=UTC)
    seed: int = 7
    user: JsonObject = field(default_factory=dict)
    conversation: JsonObject = field(default_factory=lambda: {"id": "c1", "channel": "web"})
    tenant: JsonObject = field(default_factory=lambda: {"name": "Shop", "open": True})

    def __post_init__(self) -> None:
        choices = self.choices
        for name in choices.some(("first_name", "language", "time_zone"), 3):
            known = {"first_name": "Ada", "language": "de-AT", "time_zone": "Asia/Tokyo"}
            self.user[name] = choices.json() if choices.one_in(6) else known[name]

    def classify(self, text: str, among: Sequence[str]) -> list[IntentScore]:
        scores = [IntentScore(*score) for score in HEARD.get(text, ())]
        return [score for score in scores if not among or score.name in among]

    def flow(self, key: str) -> Runnable | None:
        found = self.family.of_key(key)
        return None if found is None else Runnable(found, self._classify_there)

    def _classify_there(self, text: str, among: Sequence[str]) -> list[IntentScore]:
        """A flow that is called is less sure than the one that the conversation began in."""
        return [IntentScore(s.name, s.confidence - 0.1) for s in self.classify(text, among)]

    def call(self, request: IntegrationRequest) -> IntegrationReply:
        choices = self.choices
        if choices.one_in(2 if request.callback is None else 4):
            kind = choices.of(FAILURES)
            status = choices.of((None, 404, 503))
            return IntegrationReply("error", kind, status, choices.json(), "it failed")
        known: Json = {"x": choices.of((1, [1, 2], "abc", None)), "y": "2026-02-02"}
        data = choices.json() if choices.one_in(2) else known
        attempts = [{"kind": "timeout", "http_status": None}] if choices.one_in(4) else []
        return IntegrationReply("success", None, 200, data, None, attempts)
