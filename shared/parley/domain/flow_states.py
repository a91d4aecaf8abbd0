"""The nine kinds of state, each with its config."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from parley.domain.flow_texts import (
    Attachments,
    Expression,
    FlowPart,
    Templates,
    Text,
)
from parley.domain.flow_transitions import (
    CALL_TIMEOUT_MS,
    VARIABLE_NAME,
    Action,
    Condition,
    Method,
    NonBlank,
    Priority,
    Transition,
)
from parley.domain.json import Json
from parley.domain.messages import MessageType

type StateName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
type Name = Annotated[str, StringConstraints(pattern=VARIABLE_NAME)]
"""Of a slot, a variable or an intent."""

type Delay = Annotated[int, Field(ge=0, le=10_000)]
type Timeout = Annotated[int, Field(ge=1, le=3_600)]
type LongTimeout = Annotated[int, Field(ge=1, le=30 * 86_400)]
type Retries = Annotated[int, Field(ge=1, le=10)]


class StatePart(FlowPart):
    """What all states have (S0-31)."""

    name: StateName
    description: str | None = None
    transitions: tuple[Transition, ...] = ()
    entry_actions: tuple[Action, ...] = ()
    exit_actions: tuple[Action, ...] = ()
    timeout_seconds: Timeout | None = None
    is_final: bool = False
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = Field(default_factory=dict)

    def get_transition_by_condition(
        self, condition: Condition, value: str | float | None = None
    ) -> Transition | None:
        """The first by priority, then as written, with that condition and value (S0-34)."""
        for transition in sorted(self.transitions, key=lambda t: t.priority):
            if transition.condition is condition and transition.condition_value == value:
                return transition
        return None

    def has_timeout(self) -> bool:
        """S0-35."""
        return self.timeout_seconds is not None

    def get_actions_by_type(self, kind: str) -> tuple[Action, ...]:
        """The entry, exit and transition actions of that type (S0-35, D-23)."""
        on_the_way = tuple(a for t in self.transitions for a in t.actions)
        everything = (*self.entry_actions, *self.exit_actions, *on_the_way)
        return tuple(action for action in everything if action.type == kind)


class ResponseConfig(Attachments):
    """S0-26."""

    response_templates: Annotated[Templates, Field(min_length=1)]
    response_type: MessageType = MessageType.TEXT
    personalization: bool = True
    typing_indicator: bool = True
    delay_ms: Delay | None = None
    choices_from: Expression | None = None


class ResponseState(StatePart):
    """Says something."""

    type: Literal["response"]
    config: ResponseConfig


class IntentConfig(FlowPart):
    """S0-27."""

    intent_patterns: tuple[Name, ...] = ()
    confidence_threshold: Annotated[float, Field(ge=0, le=1)] = 0.7
    fallback_intent: Name | None = None
    context_aware: bool = True
    max_retries: Retries = 3
    retry_prompt: Text | None = None


class IntentState(StatePart):
    """Waits for a message and finds out what it is about."""

    type: Literal["intent"]
    config: IntentConfig = Field(default_factory=IntentConfig)


class SlotFillingConfig(FlowPart):
    """S0-28."""

    required_slots: Annotated[tuple[Name, ...], Field(min_length=1)]
    optional_slots: tuple[Name, ...] = ()
    validation_rules: dict[Name, Expression] = Field(default_factory=dict)
    prompts: dict[Name, Text] = Field(default_factory=dict)
    retry_prompts: dict[Name, Text] = Field(default_factory=dict)
    max_retries: Retries = 3
    collect_mode: Literal["sequential", "parallel", "adaptive"] = "sequential"
    from_event: bool = False


class SlotFillingState(StatePart):
    """Asks until every required slot has a valid value."""

    type: Literal["slot_filling"]
    config: SlotFillingConfig


class RetryConfig(FlowPart):
    """The first attempt counts. `methods` are those the author declares safe to be sent twice."""

    max_attempts: Annotated[int, Field(ge=1, le=5)] = 1
    backoff_ms: Annotated[int, Field(ge=0, le=10_000)] = 200
    methods: tuple[Method, ...] = ("GET",)


class ErrorHandling(FlowPart):
    """What to say, and what to go on with, when the call failed."""

    message: Text | None = None
    default_data: Json = None


class IntegrationConfig(FlowPart):
    """S0-29."""

    integration_id: NonBlank
    endpoint: Text = ""
    method: Method = "GET"
    timeout_ms: Annotated[int, Field(ge=100, le=30_000)] = CALL_TIMEOUT_MS
    retry_config: RetryConfig = Field(default_factory=RetryConfig)
    request_mapping: dict[str, str] = Field(default_factory=dict)
    response_mapping: dict[str, str] = Field(default_factory=dict)
    error_handling: ErrorHandling = Field(default_factory=ErrorHandling)
    is_async: Annotated[bool, Field(alias="async")] = False


class IntegrationState(StatePart):
    """Calls a system of the tenant."""

    type: Literal["integration"]
    config: IntegrationConfig


class Choice(FlowPart):
    """One way on from a condition."""

    expression: Expression
    target_state: NonBlank
    priority: Priority = 100


class ConditionConfig(FlowPart):
    """S0-30."""

    conditions: Annotated[tuple[Choice, ...], Field(min_length=1)]
    default_state: NonBlank | None = None
    evaluation_mode: Literal["first_match", "all_match", "priority"] = "first_match"


class ConditionState(StatePart):
    """Chooses the next state."""

    type: Literal["condition"]
    config: ConditionConfig


class WaitConfig(FlowPart):
    """`until` is an expression that gives a time."""

    until: Expression | None = None


class WaitState(StatePart):
    """Sleeps until its timer or a message."""

    type: Literal["wait"]
    config: WaitConfig = Field(default_factory=WaitConfig)
    timeout_seconds: LongTimeout | None = None


class EndConfig(FlowPart):
    """How the conversation closes, and its last words."""

    status: Literal["completed", "abandoned"] = "completed"
    response_templates: Templates = Field(default_factory=dict)


class EndState(StatePart):
    """Closes the conversation."""

    type: Literal["end"]
    config: EndConfig = Field(default_factory=EndConfig)


class ErrorConfig(FlowPart):
    """`notify`: an event tells the tenant."""

    response_templates: Templates = Field(default_factory=dict)
    notify: bool = False


class ErrorState(StatePart):
    """Says what went wrong."""

    type: Literal["error"]
    config: ErrorConfig = Field(default_factory=ErrorConfig)


class HumanHandoffConfig(FlowPart):
    """Who should take over, and why."""

    queue: str | None = None
    priority: Literal["low", "normal", "high", "urgent"] = "normal"
    reason: Text = ""
    response_templates: Templates = Field(default_factory=dict)
    return_state: NonBlank | None = None


class HumanHandoffState(StatePart):
    """Gives the conversation to a person."""

    type: Literal["human_handoff"]
    config: HumanHandoffConfig = Field(default_factory=HumanHandoffConfig)
    timeout_seconds: LongTimeout | None = None


type State = Annotated[
    ResponseState
    | IntentState
    | SlotFillingState
    | IntegrationState
    | ConditionState
    | WaitState
    | EndState
    | ErrorState
    | HumanHandoffState,
    Field(discriminator="type"),
]
