"""Findings that need to know more than the document: its tenant's flows and integrations."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from parley.domain.flow_slots import Slot
from parley.domain.flow_states import IntegrationState
from parley.domain.flow_texts import SHARED_TEXT, Text
from parley.domain.flow_transitions import CallIntegrationAction, TriggerFlowAction
from parley.domain.flows import FlowDocument, IntentScore
from parley.domain.integrations import is_built_in
from parley.domain.json import Json, JsonObject
from parley.engine.checks.subject import Finding, Subject
from parley.engine.checks.written import Written

type Classify = Callable[[str, Sequence[str]], Sequence[IntentScore]]
"""(text, the intents that compete) -> the best first: what the flow would be run with."""

_VARIABLE = re.compile(r"\bvars\.([A-Za-z]\w*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class CalledFlow:
    """What a flow shows to those that call it: its slots by name, its variables."""

    slots: Mapping[str, Slot]
    variables: frozenset[str]

    @classmethod
    def of(cls, document: FlowDocument) -> "CalledFlow":
        return cls(document.slots, Subject(document, {}).variables)

    @classmethod
    def read(cls, document: Json) -> "CalledFlow | None":
        """None for what has not the shape of a flow: it could not be run."""
        try:
            return cls.of(FlowDocument.model_validate(document))
        except ValidationError:
            return None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known about where a flow would run; what is None is not checked.

    `integrations` are those with a base address. `flows` holds, by name, those that can be called:
    None for one of which no more is known. `train` makes a classifier from a document's `intents`.
    """

    integrations: frozenset[str] | None = None
    flows: Mapping[str, CalledFlow | None] | None = None
    train: Callable[[JsonObject], Classify] | None = None


type Around = Surroundings | Callable[[frozenset[str]], Surroundings]
"""Surroundings, or what finds them once the names of the flows that a document calls are known."""


def called_names(subject: Subject) -> frozenset[str]:
    """The names of the other flows that a document calls or falls back on."""
    return frozenset(name for _, name in _called(subject)) - {subject.document.name}


def unknown_integrations(subject: Subject, around: Surroundings) -> Iterator[Finding]:
    """Integrations that the tenant does not have, called below their base address.

    A full address needs no base: it works under any name.
    """
    if around.integrations is None:
        return
    for pointer, name in _integrations(subject):
        if name not in around.integrations and not is_built_in(name):
            yield Finding(pointer, f"Set up the integration {name!r}, or name one that is there.")


def _integrations(subject: Subject) -> Iterator[tuple[str, str]]:
    calling = (
        Written(part.pointer, part.part.config)
        for part in (*subject.of_type(IntegrationState), *subject.actions())
        if isinstance(part.part, IntegrationState | CallIntegrationAction)
    )
    for call in calling:
        if not _is_full_address(call.part.endpoint, subject.document):
            yield f"{call.pointer}/config/integration_id", call.part.integration_id


def _is_full_address(endpoint: Text, document: FlowDocument) -> bool:
    """Whether an endpoint may be one; values put into it can't make it one: they are encoded."""
    shared = endpoint.get(SHARED_TEXT) if isinstance(endpoint, dict) else None
    written = endpoint if shared is None else document.texts.get(shared, "")
    texts = [written] if isinstance(written, str) else written.values()
    return any("://" in text for text in texts)


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


def unknown_variables(subject: Subject, around: Surroundings) -> Iterator[Finding]:
    """Arguments and results for which a called flow has no variable."""
    for action in subject.actions():
        if not isinstance(action.part, TriggerFlowAction):
            continue
        config, at = action.part.config, f"{action.pointer}/config"
        called = (around.flows or {}).get(config.flow)
        if called is None:
            continue
        read = [(f"{at}/arguments/{name}", name) for name in config.arguments]
        for result, source in config.results.items():
            read += [(f"{at}/results/{result}", name) for name in _VARIABLE.findall(source)]
        for pointer, name in read:
            if name not in called.variables:
                why = f"The flow {config.flow!r} has no variable {name!r}: declare it there."
                yield Finding(pointer, why)


def unequal_slots(subject: Subject, around: Surroundings) -> Iterator[Finding]:
    """Slots that a called flow declares with another type."""
    own = subject.document.slots
    for pointer, name in _called(subject):
        called = (around.flows or {}).get(name)
        for slot, declared in called.slots.items() if called else ():
            if slot in own and own[slot].type != declared.type:
                kinds = f"{own[slot].type} here and {declared.type} in {name!r}"
                yield Finding(pointer, f"Give the slot {slot!r} one type: it is {kinds}.")
