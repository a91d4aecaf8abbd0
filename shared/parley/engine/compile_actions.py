"""Each type of action, from its config to what it does."""

from collections.abc import Iterable
from typing import assert_never

from parley.domain import flow_transitions as authored
from parley.domain.integrations import is_built_in
from parley.engine import actions as doing
from parley.engine import context
from parley.engine.calling import TriggerFlow
from parley.engine.calls import BUILT_IN_METHOD, CallIntegration
from parley.engine.parts import Parts
from parley.engine.program import Action, Perform


class Actions:
    """Makes the actions of one document. Raises FlowInvalid with the part's pointer.

    `triggers` are those that call other flows, by pointer.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.triggers: dict[str, TriggerFlow] = {}

    def made(self, written: Iterable[authored.Action], pointer: str) -> tuple[Action, ...]:
        """A list of actions in the order to do them: by priority, then as written."""
        made = [
            (
                action.priority,
                Action(
                    f"{pointer}/{n}",
                    self._parts.optional_expression(action.condition, f"{pointer}/{n}/condition"),
                    self._action(action, f"{pointer}/{n}/config"),
                ),
            )
            for n, action in enumerate(written)
        ]
        return tuple(action for _, action in sorted(made, key=lambda pair: pair[0]))

    def _action(self, action: authored.Action, pointer: str) -> Perform:  # noqa: C901, PLR0911 -- one case an action
        parts = self._parts
        match action:
            case authored.SendMessageAction(config=config):
                return doing.SendMessage(parts.message(config, pointer))
            case authored.SetVariableAction(config=config):
                return doing.SetVariable(config.key, self._value(config, pointer))
            case authored.SetSlotAction(config=config):
                return doing.SetSlot(parts.slot(config.key, pointer), self._value(config, pointer))
            case authored.ClearVariableAction(config=config):
                return doing.ClearVariable(config.key)
            case authored.ClearSlotAction(config=config):
                return doing.ClearSlot(parts.slot(config.key, pointer))
            case authored.LogEventAction(config=config):
                return doing.Log(config.event, parts.literal(config.data, f"{pointer}/data"))
            case authored.SetContextAction(config=config):
                value = parts.literal(config.value, f"{pointer}/value")
                return context.SetContext(config.key, doing.Value(value, None))
            case authored.SendAnalyticsAction(config=config):
                value = doing.Value(parts.literal(config.value, f"{pointer}/value"), None)
                dimensions = parts.literal(config.dimensions, f"{pointer}/dimensions")
                return doing.Measure(config.metric, value, dimensions)
            case authored.CallIntegrationAction(config=config):
                return self._call(config, pointer, action.timeout_ms)
            case authored.TriggerFlowAction(config=config):
                return self._trigger(config, pointer)
            case _:
                assert_never(action)

    def _call(
        self, config: authored.CallIntegrationConfig, pointer: str, timeout_ms: int | None
    ) -> CallIntegration:
        endpoint = self._parts.one_text(config.endpoint, f"{pointer}/endpoint", is_endpoint=True)
        own = is_built_in(config.integration_id)
        method = config.method or ("POST" if config.request else "GET")
        return CallIntegration(
            config.integration_id,
            endpoint,
            BUILT_IN_METHOD if own else method,
            own or method == "GET",
            timeout_ms or authored.CALL_TIMEOUT_MS,
            self._parts.literal(config.request, f"{pointer}/request"),
            config.save_as,
        )

    def _trigger(self, config: authored.TriggerFlowConfig, pointer: str) -> TriggerFlow:
        made = {
            field: {
                name: self._parts.expression(source, f"{pointer}/{field}/{name}")
                for name, source in getattr(config, field).items()
            }
            for field in ("arguments", "results")
        }
        trigger = TriggerFlow(pointer, config.flow, config.mode, **made)
        self.triggers[pointer] = trigger
        return trigger

    def _value(self, config: authored.AssignConfig, pointer: str) -> doing.Value:
        expression = self._parts.optional_expression(config.expression, f"{pointer}/expression")
        return doing.Value(self._parts.literal(config.value, f"{pointer}/value"), expression)
