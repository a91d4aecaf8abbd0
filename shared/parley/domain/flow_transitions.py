"""How a flow moves on, and what it does on the way."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from parley.domain.flow_texts import Content, Expression, FlowPart, OneText, Text
from parley.domain.json import Json, JsonObject

type Priority = Annotated[int, Field(ge=0, le=1_000)]
type NonBlank = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

VARIABLE_NAME = r"^[A-Za-z][A-Za-z0-9_]*$"
type VariableName = Annotated[str, StringConstraints(pattern=VARIABLE_NAME)]

PREVIOUS = "$previous"
"""The target that is the state which the last global transition left."""


class Condition(StrEnum):
    """When a transition holds."""

    ANY_INPUT = "any_input"
    INTENT_MATCH = "intent_match"
    INTENT_CONFIDENCE = "intent_confidence"
    LOW_CONFIDENCE = "low_confidence"
    SLOT_FILLED = "slot_filled"
    ALL_SLOTS_FILLED = "all_slots_filled"
    USER_CHOICE = "user_choice"
    INTEGRATION_SUCCESS = "integration_success"
    INTEGRATION_ERROR = "integration_error"
    TIMEOUT = "timeout"
    EXPRESSION = "expression"
    FALLBACK = "fallback"


ON_INPUT = frozenset(
    {
        Condition.ANY_INPUT,
        Condition.INTENT_MATCH,
        Condition.INTENT_CONFIDENCE,
        Condition.LOW_CONFIDENCE,
        Condition.USER_CHOICE,
        Condition.FALLBACK,
    }
)
"""The conditions that only a message can make hold."""

BEFORE_SLOTS = frozenset({Condition.INTENT_MATCH, Condition.USER_CHOICE})
"""What a slot-filling state offers a message to before its slots."""

AFTER_FILLING = frozenset({Condition.SLOT_FILLED, Condition.ALL_SLOTS_FILLED, Condition.EXPRESSION})
"""What a message that a slot took may still make hold: it is no new input any more."""

AT_ONCE = frozenset(
    {
        Condition.EXPRESSION,
        Condition.SLOT_FILLED,
        Condition.ALL_SLOTS_FILLED,
        Condition.INTEGRATION_SUCCESS,
        Condition.INTEGRATION_ERROR,
    }
)
"""The conditions that a state which does not wait tries at once."""


class ActionPart(FlowPart):
    """What all actions have (S0-17)."""

    condition: Expression | None = None
    priority: Priority = 100
    timeout_ms: Annotated[int, Field(ge=100, le=30_000)] | None = None


class SendMessageConfig(Content):
    """`template` names a shared text; `text` is written here. One of them, or other content."""

    template: str | None = None
    typing_indicator: bool = False
    delay_ms: Annotated[int, Field(ge=0, le=10_000)] | None = None


class SendMessageAction(ActionPart):
    """Says something."""

    type: Literal["send_message"]
    config: SendMessageConfig


class AssignConfig(FlowPart):
    """`value` is a literal or a text; `expression` is CEL and gives a typed value."""

    key: NonBlank
    value: Json = None
    expression: Expression | None = None


class KeyConfig(FlowPart):
    """What to clear."""

    key: NonBlank


class SetVariableAction(ActionPart):
    """Gives a variable a value."""

    type: Literal["set_variable"]
    config: AssignConfig


class SetSlotAction(ActionPart):
    """Gives a slot a value, if the slot allows it."""

    type: Literal["set_slot"]
    config: AssignConfig


class ClearVariableAction(ActionPart):
    """Makes a variable null."""

    type: Literal["clear_variable"]
    config: KeyConfig


class ClearSlotAction(ActionPart):
    """Empties a slot."""

    type: Literal["clear_slot"]
    config: KeyConfig


class LogEventConfig(FlowPart):
    """`data` may hold texts."""

    event: NonBlank
    data: JsonObject = Field(default_factory=dict)


class LogEventAction(ActionPart):
    """Records that something happened."""

    type: Literal["log_event"]
    config: LogEventConfig


type Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

CALL_TIMEOUT_MS = 5_000
"""What a call waits for its answer unless its flow says otherwise."""


class CallIntegrationConfig(FlowPart):
    """A call whose answer goes into the variable `save_as`.

    Without a `method` it is POST where there is a `request`, else GET.
    """

    integration_id: NonBlank
    endpoint: Text = ""
    method: Method | None = None
    request: JsonObject = Field(default_factory=dict)
    save_as: VariableName | None = None


class CallIntegrationAction(ActionPart):
    """Calls out between states."""

    type: Literal["call_integration"]
    config: CallIntegrationConfig


class TriggerFlowConfig(FlowPart):
    """`arguments` are {variable of the called flow: expression}, `results` {variable: expression}.

    An argument is worked out here, a result on the variables of the called flow.
    """

    flow: NonBlank
    mode: Literal["replace", "call"] = "replace"
    arguments: dict[VariableName, Expression] = Field(default_factory=dict)
    results: dict[VariableName, Expression] = Field(default_factory=dict)


class TriggerFlowAction(ActionPart):
    """Runs another flow."""

    type: Literal["trigger_flow"]
    config: TriggerFlowConfig


class SetContextConfig(FlowPart):
    """`key` is `language`, `priority`, `tags` or a custom attribute."""

    key: Annotated[str, StringConstraints(pattern=VARIABLE_NAME, max_length=50)]
    value: Json = None


class SetContextAction(ActionPart):
    """Notes something about the conversation."""

    type: Literal["set_context"]
    config: SetContextConfig


class SendAnalyticsConfig(FlowPart):
    """One measurement."""

    metric: NonBlank
    value: Json = 1
    dimensions: dict[str, OneText] = Field(default_factory=dict)


class SendAnalyticsAction(ActionPart):
    """Counts or measures something."""

    type: Literal["send_analytics"]
    config: SendAnalyticsConfig


type Action = Annotated[
    SendMessageAction
    | SetVariableAction
    | SetSlotAction
    | ClearVariableAction
    | ClearSlotAction
    | LogEventAction
    | CallIntegrationAction
    | TriggerFlowAction
    | SetContextAction
    | SendAnalyticsAction,
    Field(discriminator="type"),
]


class Transition(FlowPart):
    """A way from a state to another (S0-21 to S0-24)."""

    condition: Condition
    condition_value: str | int | float | None = None
    expression: Expression | None = None
    target_state: NonBlank
    priority: Priority = 100
    actions: tuple[Action, ...] = ()
    metadata: dict[str, Any] = Field(default_factory=dict)
