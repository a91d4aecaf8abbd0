"""A flow document, `parley/1`, and what checking finds in it."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from parley.domain.conversations import Channel
from parley.domain.flow_slots import Slot
from parley.domain.flow_states import Name, State
from parley.domain.flow_texts import FlowPart, Text
from parley.domain.flow_transitions import NonBlank, Transition
from parley.domain.json import Json, JsonObject

MAX_STATES = 1_000
MAX_FLOW_BYTES = 256 * 1024
"""As many as a request's body has: no larger flow could come in."""
MAX_FLOW_DEPTH = 20


@dataclass(frozen=True, slots=True)
class IntentScore:
    """How sure the classifier is, from 0 to 1, that a text means the intent `name`."""

    name: str
    confidence: float


type Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: `pointer` is a JSON Pointer (RFC 6901), `message` says how to mend it.

    `line` and `column` count from 1 and are None where the source was not text.
    `counter_example` is a file of flow tests, as JSON: a shortest conversation that shows the
    finding, where one was found.
    """

    code: str
    severity: Severity
    pointer: str
    message: str
    line: int | None = None
    column: int | None = None
    counter_example: JsonObject | None = None


class Intent(FlowPart):
    """Something a user may want, shown by examples: a list, or one for each language."""

    examples: tuple[str, ...] | dict[str, tuple[str, ...]] = ()
    keywords: tuple[str, ...] = ()
    description: str | None = None


class Triggers(FlowPart):
    """What starts this flow where none was asked for."""

    channels: tuple[Channel, ...] = ()
    keywords: tuple[str, ...] = ()
    intents: tuple[Name, ...] = ()


class Settings(FlowPart):
    """What holds for the whole flow; a text that is not set has a built-in default."""

    max_fallbacks: Annotated[int, Field(ge=1, le=10)] = 3
    idle_timeout_seconds: Annotated[int, Field(ge=60, le=30 * 86_400)] = 86_400
    fallback_text: Text | None = None
    error_text: Text | None = None
    confirm_text: Text | None = None
    handoff_state: NonBlank | None = None
    error_state: NonBlank | None = None
    fallback_flow: NonBlank | None = None
    require_tests: bool = False


class FlowDocument(FlowPart):
    """A flow as written: well formed; only `engine.check` says whether it is sound."""

    schema_: Annotated[Literal["parley/1"], Field(alias="schema")]
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    description: Annotated[str, StringConstraints(max_length=1_000)] = ""
    language: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = (
        "en"
    )
    initial_state: NonBlank
    variables: dict[Name, Json] = Field(default_factory=dict)
    slots: dict[Name, Slot] = Field(default_factory=dict)
    intents: dict[Name, Intent] = Field(default_factory=dict)
    triggers: Triggers = Field(default_factory=Triggers)
    settings: Settings = Field(default_factory=Settings)
    global_transitions: tuple[Transition, ...] = ()
    states: Annotated[tuple[State, ...], Field(min_length=1, max_length=MAX_STATES)]
    texts: dict[str, Text] = Field(default_factory=dict)
    tags: tuple[str, ...] = ()
    category: str | None = None
