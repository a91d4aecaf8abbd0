"""Findings about what the language has and this version does not do yet."""

from collections.abc import Iterator

from parley.domain.flow_states import IntegrationState
from parley.engine.checks.subject import Finding, Subject

_ACTIONS = frozenset({"trigger_flow"})


def unavailable(subject: Subject) -> Iterator[Finding]:
    """What the models read and the engine does not run."""
    for pointer, what in _unavailable(subject):
        yield Finding(pointer, f"{what} is not available yet: leave it out for now.")


def _unavailable(subject: Subject) -> Iterator[tuple[str, str]]:
    for action in subject.actions():
        if action.part.type in _ACTIONS:
            yield f"{action.pointer}/type", f"The action {action.part.type}"
    yield from _calls(subject)
    settings = subject.document.settings
    if settings.fallback_flow is not None:
        yield "/settings/fallback_flow", "A fallback flow"
    if settings.require_tests:
        yield "/settings/require_tests", "Requiring tests"


def _calls(subject: Subject) -> Iterator[tuple[str, str]]:
    for call in subject.of_type(IntegrationState):
        if call.part.config.is_async:
            yield f"{call.pointer}/config/async", "An asynchronous call"
