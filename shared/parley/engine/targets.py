"""Every place of a document that names a state, and every action."""

from collections.abc import Iterator

from parley.domain.flow_states import ConditionState, HumanHandoffState, State
from parley.domain.flow_transitions import PREVIOUS, Action, Transition
from parley.domain.flows import FlowDocument


def named_states(document: FlowDocument) -> Iterator[tuple[str, str]]:
    """The pointer of each name, and the name; `$previous` names none."""
    yield "/initial_state", document.initial_state
    for setting in ("handoff_state", "error_state"):
        name = getattr(document.settings, setting)
        if name is not None:
            yield f"/settings/{setting}", name
    yield from _transitions(document.global_transitions, "/global_transitions")
    for n, state in enumerate(document.states):
        yield from _transitions(state.transitions, f"/states/{n}/transitions")
        yield from _configured(state, f"/states/{n}/config")


def every_action(document: FlowDocument) -> Iterator[Action]:
    """On entry, on exit and on the way, in no order that matters."""
    transitions = list(document.global_transitions)
    for state in document.states:
        yield from (*state.entry_actions, *state.exit_actions)
        transitions += state.transitions
    for transition in transitions:
        yield from transition.actions


def _transitions(transitions: tuple[Transition, ...], pointer: str) -> Iterator[tuple[str, str]]:
    for n, transition in enumerate(transitions):
        if transition.target_state != PREVIOUS:
            yield f"{pointer}/{n}/target_state", transition.target_state


def _configured(state: State, pointer: str) -> Iterator[tuple[str, str]]:
    match state:
        case ConditionState(config=config):
            for n, choice in enumerate(config.conditions):
                yield f"{pointer}/conditions/{n}/target_state", choice.target_state
            if config.default_state is not None:
                yield f"{pointer}/default_state", config.default_state
        case HumanHandoffState(config=config) if config.return_state is not None:
            yield f"{pointer}/return_state", config.return_state
        case _:
            return
