"""Findings that need to know more than the document: its tenant's flows and integrations."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from parley.domain.flow_slots import Slot
from parley.domain.flow_states import IntegrationState
from parley.domain.flow_transitions import CallIntegrationAction, TriggerFlowAction
from parley.domain.flows import IntentScore
from parley.domain.integrations import is_built_in
from parley.domain.json import JsonObject
from parley.engine.checks.subject import Finding, Subject

type Classify = Callable[[str, Sequence[str]], Sequence[IntentScore]]
"""(text, the intents that compete) -> the best first: what the flow would be run with."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known about where a flow would run; what is None is not checked.

    `flows` holds of each flow of the tenant the slots, by name. `train` makes a classifier from
    a document's `intents`.
    """

    integrations: frozenset[str] | None = None
    flows: Mapping[str, Mapping[str, Slot]] | None = None
    train: Callable[[JsonObject], Classify] | None = None


def unknown_integrations(subject: Subject, around: Surroundings) -> Iterator[Finding]:
    """Integrations that the tenant does not have."""
    if around.integrations is None:
        return
    for pointer, name in _integrations(subject):
        if name not in around.integrations and not is_built_in(name):
            yield Finding(pointer, f"Set up the integration {name!r}, or name one that is there.")


def _integrations(subject: Subject) -> Iterator[tuple[str, str]]:
    for state in subject.of_type(IntegrationState):
        yield f"{state.pointer}/config/integration_id", state.part.config.integration_id
    for action in subject.actions():
        if isinstance(action.part, CallIntegrationAction):
            yield f"{action.pointer}/config/integration_id", action.part.config.integration_id


def _called(subject: Subject) -> Iterator[tuple[str, str]]:
    for action in subject.actions():
        if isinstance(action.part, TriggerFlowAction):
            yield f"{action.pointer}/config/flow", action.part.config.flow
    fallback = subject.document.settings.fallback_flow
    if fallback is not None:
        yield "/settings/fallback_flow", fallback


def calls_itself(subject: Subject, around: Surroundings) -> Iterator[Finding]:
    """Flows that call themselves."""
    del around
    for pointer, name in _called(subject):
        if name == subject.document.name:
            why = "A flow can't call itself: lead to one of its states, or call another flow."
            yield Finding(pointer, why)


def unknown_flows(subject: Subject, around: Surroundings) -> Iterator[Finding]:
    """Called flows that the tenant does not have."""
    if around.flows is None:
        return
    for pointer, name in _called(subject):
        if name not in around.flows and name != subject.document.name:
            yield Finding(pointer, f"No flow is called {name!r}: publish it first, or mend this.")


def unequal_slots(subject: Subject, around: Surroundings) -> Iterator[Finding]:
    """Slots that a called flow declares with another type."""
    own = subject.document.slots
    for pointer, name in _called(subject):
        for slot, declared in (around.flows or {}).get(name, {}).items():
            if slot in own and own[slot].type != declared.type:
                kinds = f"{own[slot].type} here and {declared.type} in {name!r}"
                yield Finding(pointer, f"Give the slot {slot!r} one type: it is {kinds}.")
