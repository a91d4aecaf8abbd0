"""From document to program: once per published version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from parley.domain.errors import Fault, FlowInvalid
from parley.domain.flow_slots import Slot
from parley.domain.flow_states import (
    ErrorState,
    HumanHandoffState,
    IntegrationState,
    IntentConfig,
    IntentState,
    ResponseState,
    SlotFillingState,
    State,
)
from parley.domain.flow_transitions import (
    AFTER_FILLING,
    AT_ONCE,
    BEFORE_SLOTS,
    ON_INPUT,
    Condition,
    Transition,
)
from parley.domain.flows import FlowDocument
from parley.engine import defaults
from parley.engine.compile_actions import Actions
from parley.engine.compile_states import compile_work
from parley.engine.conditions import TESTS
from parley.engine.declared import given_variables
from parley.engine.opposites import negations
from parley.engine.parts import Parts
from parley.engine.program import Arc, Program, StateNode
from parley.engine.slots import PatternInvalid, SlotRule, compile_pattern, enum_words
from parley.engine.targets import named_states

DEFAULT_THRESHOLD = 0.7
_ALWAYS_WAIT = frozenset({"intent", "slot_filling", "wait", "human_handoff"})
_ON_TIMER = frozenset(
    {Condition.TIMEOUT, Condition.EXPRESSION, Condition.SLOT_FILLED, Condition.ALL_SLOTS_FILLED}
)
_ON_OWN_TIMER = _ON_TIMER | {Condition.INTEGRATION_ERROR}
"""An asynchronous call whose timer fires has failed by it."""
_ON_MESSAGE = frozenset(Condition) - {
    Condition.TIMEOUT,
    Condition.FALLBACK,
    Condition.INTEGRATION_SUCCESS,
    Condition.INTEGRATION_ERROR,
}
_AFTER_REFUSAL = frozenset(Condition) - BEFORE_SLOTS


def compile_flow(document: FlowDocument, calls: Mapping[str, str] | None = None) -> Program:
    """The program of a document that `check_flow` finds no error in; `calls` as in `Program`.

    Raises FlowInvalid at the first part that cannot be run.
    """
    return _Compiler(document).program(calls or {})


def waits(state: State) -> bool:
    """Whether the state ends the turn: by its type, or by a transition on input or on timeout.

    An asynchronous call waits only once it was taken; one that failed goes on at once.
    """
    if state.type in _ALWAYS_WAIT:
        return True
    if isinstance(state, IntegrationState):
        return state.config.is_async
    if not isinstance(state, ResponseState | ErrorState):
        return False
    return any(t.condition in ON_INPUT | {Condition.TIMEOUT} for t in state.transitions)


@dataclass(frozen=True, slots=True)
class _Arcs:
    """Transitions of one owner by what they wait for, each tuple in the order to try."""

    every: tuple[Arc, ...]

    def of(self, conditions: frozenset[Condition]) -> tuple[Arc, ...]:
        return tuple([arc for arc in self.every if arc.condition in conditions])


class _Compiler:
    def __init__(self, document: FlowDocument) -> None:
        self._document = document
        self._parts = Parts(document)
        self._actions = Actions(self._parts)
        written = document.global_transitions
        arcs = _Arcs(self._arcs(written, "/global_transitions", is_global=True))
        self._global_message = arcs.of(_ON_MESSAGE)
        self._global_timer = arcs.of(_ON_TIMER)
        self._global_fallback = arcs.of(frozenset({Condition.FALLBACK}))
        self._global_intents = _intents(arcs.every)

    def program(self, calls: Mapping[str, str]) -> Program:
        document, settings, parts = self._document, self._document.settings, self._parts
        nodes = [self._node(state, f"/states/{n}") for n, state in enumerate(document.states)]
        states = {node.name: node for node in nodes}
        self._refuse_unknown_targets(states)
        error_state = settings.error_state or _first(document.states, ErrorState)
        return Program(
            name=document.name,
            language=document.language,
            initial_state=document.initial_state,
            variables={**dict.fromkeys(given_variables(document)), **document.variables},
            slots={name: self._slot(name, slot) for name, slot in document.slots.items()},
            personal=frozenset(name for name, slot in document.slots.items() if slot.pii),
            states=states,
            error_state=error_state,
            handoff_state=settings.handoff_state or _first(document.states, HumanHandoffState),
            max_fallbacks=settings.max_fallbacks,
            idle_timeout_s=settings.idle_timeout_seconds,
            fallback_text=parts.words_or(
                settings.fallback_text, defaults.FALLBACK, "/settings/fallback_text"
            ),
            error_text=parts.words_or(settings.error_text, defaults.ERROR, "/settings/error_text"),
            triggers=self._actions.triggers,
            calls=calls,
        )

    def _node(self, state: State, pointer: str) -> StateNode:
        arcs = _Arcs(self._arcs(state.transitions, f"{pointer}/transitions", is_global=False))
        does_wait = waits(state)
        is_open = does_wait and state.type != "human_handoff"
        intent = state.config if isinstance(state, IntentState) else None
        retries = state.config if isinstance(state, IntentState | SlotFillingState) else None
        patterns = intent.intent_patterns if intent else ()
        retry = f"{pointer}/config/retry_prompt"
        heard = _Arcs(arcs.of(_ON_MESSAGE) + (self._global_message if is_open else ()))
        in_turn = heard if isinstance(state, SlotFillingState) else _Arcs(())
        return StateNode(
            name=state.name,
            kind=state.type,
            pointer=pointer,
            work=compile_work(state, pointer, self._parts, self._document),
            waits=does_wait,
            is_final=state.is_final,
            timeout_s=state.timeout_seconds,
            entry_actions=self._actions.made(state.entry_actions, f"{pointer}/entry_actions"),
            exit_actions=self._actions.made(state.exit_actions, f"{pointer}/exit_actions"),
            on_message=heard.every,
            before_slots=in_turn.of(BEFORE_SLOTS),
            after_filling=in_turn.of(AFTER_FILLING),
            after_refusal=in_turn.of(_AFTER_REFUSAL),
            on_timer=arcs.of(_ON_OWN_TIMER) + (self._global_timer if is_open else ()),
            at_once=arcs.of(AT_ONCE),
            fallback=arcs.of(frozenset({Condition.FALLBACK})),
            global_fallback=self._global_fallback if is_open else (),
            max_retries=retries.max_retries if retries else None,
            retry_prompt=self._parts.optional_words(intent.retry_prompt, retry) if intent else None,
            threshold=intent.confidence_threshold if intent else DEFAULT_THRESHOLD,
            fallback_intent=intent.fallback_intent if intent else None,
            competing=tuple(dict.fromkeys((*patterns, *self._global_intents))) if patterns else (),
            named_intents=_named(arcs.every, self._global_intents, intent),
            required=state.config.required_slots if isinstance(state, SlotFillingState) else (),
        )

    def _arcs(
        self, written: Sequence[Transition], pointer: str, *, is_global: bool
    ) -> tuple[Arc, ...]:
        guards = [t.expression or "" for t in written if t.condition is Condition.EXPRESSION]
        denied = negations(guards)
        made = [
            (t.priority, self._arc(t, f"{pointer}/{n}", is_global=is_global, denied=denied))
            for n, t in enumerate(written)
        ]
        return tuple(arc for _, arc in sorted(made, key=lambda pair: pair[0]))

    def _arc(
        self, transition: Transition, pointer: str, *, is_global: bool, denied: frozenset[str]
    ) -> Arc:
        value = transition.condition_value
        guard = self._parts.optional_expression(transition.expression, f"{pointer}/expression")
        if guard is not None and transition.expression in denied:
            guard = replace(guard, if_failed=transition.condition is Condition.EXPRESSION)
        if transition.condition is Condition.INTENT_CONFIDENCE:
            value = _confidence(value, f"{pointer}/condition_value")
        elif transition.condition is Condition.USER_CHOICE and value is not None:
            value = str(value)
        return Arc(
            pointer=pointer,
            condition=transition.condition,
            value=value,
            test=TESTS[transition.condition],
            guard=guard,
            target=transition.target_state,
            actions=self._actions.made(transition.actions, f"{pointer}/actions"),
            is_global=is_global,
        )

    def _slot(self, name: str, slot: Slot) -> SlotRule:
        pointer = f"/slots/{name}"
        try:
            pattern = None if slot.pattern is None else compile_pattern(slot.pattern)
        except PatternInvalid as error:
            fault = Fault(f"{pointer}/pattern", str(error))
            raise FlowInvalid(f"{fault.pointer}: {error}", [fault]) from error
        return SlotRule(
            name=name,
            kind=slot.type,
            pattern=pattern,
            minimum=slot.minimum,
            maximum=slot.maximum,
            min_length=slot.min_length,
            max_length=slot.max_length,
            words=enum_words(slot),
            confirm=slot.confirm,
        )

    def _refuse_unknown_targets(self, states: dict[str, StateNode]) -> None:
        faults = [
            Fault(pointer, f"no state is called {name!r}")
            for pointer, name in named_states(self._document)
            if name not in states
        ]
        if faults:
            raise FlowInvalid("a state is missing", faults)


def _confidence(value: str | float | None, pointer: str) -> float:
    if isinstance(value, str):
        why = "a confidence is a number from 0 to 1"
        raise FlowInvalid(f"{pointer}: {why}", [Fault(pointer, why)])
    return value or 0


def _first(states: Sequence[State], kind: type[State]) -> str | None:
    return next((state.name for state in states if isinstance(state, kind)), None)


def _intents(arcs: Sequence[Arc]) -> tuple[str, ...]:
    return tuple(str(arc.value) for arc in arcs if arc.condition is Condition.INTENT_MATCH)


def _named(
    own: Sequence[Arc], of_the_flow: Sequence[str], intent: IntentConfig | None
) -> frozenset[str]:
    """The intents that win ties: those that a candidate names."""
    if intent is not None and not intent.context_aware:
        return frozenset()
    return frozenset((*_intents(own), *of_the_flow))
