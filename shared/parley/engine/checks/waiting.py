"""Findings about waiting: input where nothing waits for it, timers that lead nowhere."""

from collections.abc import Iterator

from parley.domain.flow_states import IntegrationState, WaitState
from parley.domain.flow_transitions import ON_INPUT, Condition
from parley.engine.checks.subject import Finding, Subject
from parley.engine.compile import waits

_NEVER_WAIT = frozenset({"integration", "condition", "end"})


def input_where_nothing_waits(subject: Subject) -> Iterator[Finding]:
    """Transitions on input in states that no input reaches."""
    for written in subject.each_state():
        if written.part.type not in _NEVER_WAIT or waits(written.part):
            continue
        for n, transition in enumerate(written.part.transitions):
            if transition.condition in ON_INPUT | {Condition.TIMEOUT}:
                why = (
                    f"A state of type {written.part.type} never waits: {transition.condition.value}"
                )
                yield Finding(
                    f"{written.pointer}/transitions/{n}/condition",
                    f"{why} can't hold here, so remove the transition.",
                )


def final_and_waiting(subject: Subject) -> Iterator[Finding]:
    """Final states that would close before what they are for could happen."""
    for written in subject.each_state():
        state = written.part
        if state.is_final and not state.transitions and (waits(state) or state.type == "condition"):
            does = "leads on" if state.type == "condition" else "waits"
            why = f"A state of type {state.type} {does}, a final one closes: remove `is_final`."
            yield Finding(f"{written.pointer}/is_final", why)


def timeouts(subject: Subject) -> Iterator[Finding]:
    """A timer that leads nowhere, and a timeout that no timer brings.

    What an asynchronous call goes on by is `graph.dead_ends`' to find.
    """
    anywhere = any(t.condition is Condition.TIMEOUT for t in subject.document.global_transitions)
    for written in subject.each_state():
        state = written.part
        has_timer = state.timeout_seconds is not None or (
            isinstance(state, WaitState) and state.config.until is not None
        )
        leads_on = any(t.condition is Condition.TIMEOUT for t in state.transitions)
        if isinstance(state, IntegrationState) and waits(state):
            if not has_timer:
                why = "Add `timeout_seconds`: an asynchronous call may never be answered."
                yield Finding(written.pointer, why)
            continue
        if has_timer and not leads_on and not anywhere:
            yield Finding(written.pointer, "Add a transition with the condition `timeout`.")
        if leads_on and not has_timer and state.type not in _NEVER_WAIT:
            why = "Add `timeout_seconds`: without it the timeout transition can't hold."
            yield Finding(written.pointer, why)
        if isinstance(state, WaitState) and not has_timer:
            why = "A `wait` needs `until` or `timeout_seconds`."
            yield Finding(written.pointer, why)
