"""Findings about what is done on leaving a state: nothing, where the flow goes no further."""

from collections.abc import Iterator

from parley.engine.checks.graph import rests
from parley.engine.checks.subject import Finding, Subject


def undone_actions(subject: Subject) -> Iterator[Finding]:
    """Exit actions of states that are never left."""
    for state in subject.each_state():
        if state.part.exit_actions and rests(state.part):
            name = state.part.name
            why = f"The flow goes no further than {name!r}, so these are never done"
            yield Finding(f"{state.pointer}/exit_actions", f"{why}: do them on entry.")
