"""The variables that a document declares by what it calls: null until a call was made."""

from collections.abc import Iterator

from parley.domain.flow_states import IntegrationState
from parley.domain.flow_transitions import CallIntegrationAction, TriggerFlowAction
from parley.domain.flows import FlowDocument
from parley.engine.compile_states import mapping_target
from parley.engine.targets import every_action


def given_variables(document: FlowDocument) -> Iterator[str]:
    """Those of mappings, of `save_as`, and of calls of flows."""
    calls = (state for state in document.states if isinstance(state, IntegrationState))
    targets = [target for call in calls for target in call.config.response_mapping]
    mapped = (mapping_target(target, document) for target in targets)
    yield from (name for kind, name in mapped if kind == "vars")
    for action in every_action(document):
        if isinstance(action, CallIntegrationAction) and action.config.save_as:
            yield action.config.save_as
        elif isinstance(action, TriggerFlowAction):
            yield from ("call", *action.config.results)
