"""Findings about calls of other flows: of those in one list of actions a turn makes one."""

from collections.abc import Iterator, Sequence

from parley.domain.flow_transitions import Action, TriggerFlowAction
from parley.engine.checks.subject import Finding, Subject
from parley.engine.checks.written import Written


def unmade_calls(subject: Subject) -> Iterator[Finding]:
    """Calls of flows behind one that is always made: of those in a list only one is."""
    for state in subject.each_state():
        part = state.part
        yield from _unmade(_calls(f"{state.pointer}/entry_actions", part.entry_actions))
        leaving = _calls(f"{state.pointer}/exit_actions", part.exit_actions)
        yield from _unmade(leaving)
        for n, transition in enumerate(part.transitions):
            going = _calls(f"{state.pointer}/transitions/{n}/actions", transition.actions)
            yield from _unmade(going, is_called=any(_is_made(call) for call in leaving))
    for n, transition in enumerate(subject.document.global_transitions):
        yield from _unmade(_calls(f"/global_transitions/{n}/actions", transition.actions))


def _calls(pointer: str, actions: Sequence[Action]) -> list[Written[TriggerFlowAction]]:
    """In the order in which they are come to."""
    found = [
        Written(f"{pointer}/{n}", action)
        for n, action in enumerate(actions)
        if isinstance(action, TriggerFlowAction)
    ]
    return sorted(found, key=lambda call: call.part.priority)


def _is_made(call: Written[TriggerFlowAction]) -> bool:
    return call.part.condition is None


def _unmade(
    calls: Sequence[Written[TriggerFlowAction]], *, is_called: bool = False
) -> Iterator[Finding]:
    for call in calls:
        if is_called:
            why = f"Another flow is called before {call.part.config.flow!r}, and a list calls one"
            yield Finding(call.pointer, f"{why}: call this one from the state that comes next.")
        is_called = is_called or _is_made(call)
