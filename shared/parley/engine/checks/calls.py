"""Findings about calls of built-in integrations: what there is to be asked is known."""

from collections.abc import Iterator

from parley.domain.flow_states import IntegrationState
from parley.domain.flow_texts import SHARED_TEXT, Text
from parley.domain.flow_transitions import CallIntegrationAction
from parley.domain.integrations import BUILT_INS, is_built_in, why_no_operation
from parley.engine.checks.subject import Finding, Subject
from parley.engine.checks.written import Written


def built_ins(subject: Subject) -> Iterator[Finding]:
    """Built-in integrations and operations that there are not, and waiting for one."""
    for state in subject.of_type(IntegrationState):
        config = state.part.config
        yield from _wrong(f"{state.pointer}/config", config.integration_id, config.endpoint)
        if config.is_async and is_built_in(config.integration_id):
            why = "A built-in integration answers at once: remove `async`."
            yield Finding(f"{state.pointer}/config/async", why)
    for action in subject.actions():
        if isinstance(action.part, CallIntegrationAction):
            called = action.part.config
            yield from _wrong(f"{action.pointer}/config", called.integration_id, called.endpoint)


def _wrong(pointer: str, integration_id: str, endpoint: Text) -> Iterator[Finding]:
    if not is_built_in(integration_id):
        return
    if integration_id not in BUILT_INS:
        why = why_no_operation(integration_id, "")
        yield Finding(f"{pointer}/integration_id", f"Correct the name: {why}.")
        return
    for operation in _literal(Written(f"{pointer}/endpoint", endpoint)):
        why = why_no_operation(integration_id, operation.part)
        if why is not None:
            yield Finding(operation.pointer, f"Correct the operation: {why}.")


def _literal(endpoint: Written[Text]) -> Iterator[Written[str]]:
    """The endpoint in each language, as far as it is written out here."""
    text, at = endpoint.part, endpoint.pointer
    if isinstance(text, str):
        written = [Written(at, text)]
    elif SHARED_TEXT in text:
        written = []
    else:
        written = [Written(f"{at}/{language}", one) for language, one in text.items()]
    yield from (one for one in written if "{{" not in one.part and "{%" not in one.part)
