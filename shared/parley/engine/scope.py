"""The names that expressions and texts see during one turn."""

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from parley.domain.json import Json, JsonObject
from parley.engine.choices import chosen_payload
from parley.engine.events import Event, MessageEvent
from parley.engine.expressions import Expressions
from parley.engine.recorder import Recorder, is_modest
from parley.engine.spoken_times import Whereabouts, zone_of
from parley.engine.state import RunState

if TYPE_CHECKING:
    from parley.engine.program import StateNode

NO_INTEGRATION: JsonObject = {"status": None, "kind": None, "data": None, "error": None}
MAX_INPUT_NODES = 200
"""Values in a location or an attachment that texts and expressions see."""

NO_INTENT: JsonObject = {"name": None, "confidence": 0.0}


class Scope:
    """Each name is looked up when something asks for it: a turn pays for what its flow uses.

    `changed` must be called after the state's slots or variables, the intent or the integration's
    answer have changed. `filled_in` are the values of a form that this turn's message gave, as they
    came; None if it gave none.
    """

    __slots__ = (
        "_activations",
        "_chosen",
        "_flow_language",
        "_form",
        "_hearer",
        "_input",
        "_intent",
        "_languages",
        "event",
        "filled_in",
        "integration",
        "now",
        "recorder",
        "state",
    )

    def __init__(
        self, state: RunState, event: Event, recorder: Recorder, flow_language: str
    ) -> None:
        self.state = state
        self.event = event
        self.recorder = recorder
        self.now: datetime = recorder.now
        self.integration = NO_INTEGRATION
        self._intent: JsonObject | None = None
        self._hearer: tuple[StateNode, str | None] | None = None
        self._flow_language = flow_language
        self._input: JsonObject | None = None
        self._languages: tuple[str, ...] | None = None
        self._chosen: tuple[str | None] | None = None
        self._form: JsonObject = {}
        self.filled_in: JsonObject | None = None
        self._activations: dict[frozenset[str], Any] = {}

    def value(self, root: str) -> Json:  # noqa: PLR0911 -- one line a name
        match root:
            case "slots":
                return self.state.slots
            case "vars":
                return self.state.vars
            case "user" | "tenant":
                return self.recorder.context(root)
            case "conversation":
                return self._conversation()
            case "input":
                return self.input()
            case "intent":
                return self.intent()
            case "integration":
                return self.integration
            case "now":
                return self.now.isoformat()
            case _:
                raise KeyError(root)

    def input(self) -> JsonObject:
        """The message of this turn; empty if it has none."""
        if self._input is None:
            content = self.event.content if isinstance(self.event, MessageEvent) else {}
            media, payload = content.get("media"), content.get("payload")
            location = content.get("location")
            self._input = {
                "text": self.text(),
                "type": content.get("type"),
                "payload": encodable(payload) if isinstance(payload, str) else None,
                "language": content.get("language"),
                "sentiment": None,
                "attachments": [media] if media and is_modest(media, MAX_INPUT_NODES) else [],
                "location": location if location and is_modest(location, MAX_INPUT_NODES) else None,
                "form": self._form,
            }
        return self._input

    def text(self) -> str:
        """What the message of this turn says; empty if it says nothing."""
        text = self.event.content.get("text") if isinstance(self.event, MessageEvent) else None
        return encodable(text) if isinstance(text, str) else ""

    def listen(self, node: "StateNode") -> None:
        """This turn's message is heard in `node` of the flow that runs now."""
        self._hearer, self._intent = (node, self.state.flow), None

    def intent(self) -> JsonObject:
        """What the message is about, as the state that heard it knows; found out when asked for.

        That may be when another flow runs already.
        """
        if self._intent is None:
            self._intent = self._classified()
        return self._intent

    def _classified(self) -> JsonObject:
        """The best intent; of those that are equally sure, one that a transition names."""
        text = self.text()
        if self._hearer is None or self.filled_in is not None or not text.strip():
            return NO_INTENT
        node, flow = self._hearer
        scores = self.recorder.classify(text, node.competing, flow)
        if not scores:
            return NO_INTENT
        best = scores[0]
        for score in scores:
            if score.confidence == best.confidence and score.name in node.named_intents:
                best = score
                break
        return {"name": best.name, "confidence": best.confidence}

    def chosen(self) -> str | None:
        """The payload of the choice that the message means, of those on offer when it came."""
        if self._chosen is None:
            content = self.event.content if isinstance(self.event, MessageEvent) else {}
            self._chosen = (chosen_payload(content, self.state.choices),)
        return self._chosen[0]

    def take_form(self, given: JsonObject, read: JsonObject) -> None:
        """The message fills in a form: it gave these values, of which these are of their types."""
        self.filled_in, self._form = given, read
        self._chosen, self._input = (None,), None

    def languages(self) -> tuple[str, ...]:
        """The languages to try, best first, in lower case."""
        if self._languages is None:
            user: object = None
            if self.state.language is None:
                user = self.recorder.context("user").get("language")
            wanted = self.state.language or (user if isinstance(user, str) else None)
            self._languages = _languages(wanted, self._flow_language)
        return self._languages

    def whereabouts(self) -> Whereabouts:
        """What dates and times that the user says depend on."""
        zone = zone_of(self.recorder.context("user"), self.recorder.context("tenant"))
        return Whereabouts(self.languages(), self.now, zone)

    def changed_flow(self, language: str) -> None:
        """Another flow runs: texts fall back to its language, slots have its types."""
        self._flow_language = language
        self.changed_language()

    def changed_language(self) -> None:
        """Forgets which languages to try."""
        self._languages = None
        self.changed()

    def _conversation(self) -> JsonObject:
        """With what the flow has noted of it: `priority`, `tags`, `attributes`."""
        known, noted = self.recorder.context("conversation"), self.state.context
        return {
            **known,
            "language": self.state.language or known.get("language"),
            "priority": noted.get("priority", "normal"),
            "tags": noted.get("tags", []),
            "attributes": {k: v for k, v in noted.items() if k not in ("priority", "tags")},
        }

    def changed(self) -> None:
        """Forgets what was made of values that have changed."""
        self._activations.clear()

    def activation(self, expressions: Expressions, roots: frozenset[str]) -> Any:  # noqa: ANN401 -- CEL's
        """The values of `roots` for CEL; kept while nothing changes."""
        made = self._activations.get(roots)
        if made is None:
            made = self._activations[roots] = expressions.activation(self, roots)
        return made


def encodable(text: str) -> str:
    """`text` with half surrogate pairs, which no store takes, as question marks."""
    return text if text.isascii() else text.encode(errors="replace").decode()


@lru_cache(1_000)
def _languages(wanted: str | None, flow: str) -> tuple[str, ...]:
    """Exact, then base language, then the flow's."""
    flow = flow.lower()
    if wanted is None:
        return (flow, flow.partition("-")[0])
    exact = wanted.lower()
    return (exact, exact.partition("-")[0], flow, flow.partition("-")[0])
