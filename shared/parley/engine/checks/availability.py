"""Findings about what the language has and this version does not do yet."""

from collections.abc import Iterator

from parley.domain.flow_states import ResponseState
from parley.engine.checks.subject import Finding, Subject


def unavailable(subject: Subject) -> Iterator[Finding]:
    """What the models read and the engine does not run."""
    for pointer, what in _unavailable(subject):
        yield Finding(pointer, f"{what} is not available yet: leave it out for now.")


def _unavailable(subject: Subject) -> Iterator[tuple[str, str]]:
    yield from _contents(subject)


def _contents(subject: Subject) -> Iterator[tuple[str, str]]:
    for written in subject.contents():
        if written.part.form is not None:
            yield f"{written.pointer}/form", "A form"
    for response in subject.of_type(ResponseState):
        if response.part.config.form is not None:
            yield f"{response.pointer}/config/form", "A form"
