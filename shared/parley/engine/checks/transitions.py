"""Findings about transitions that are never taken: an earlier one hides them, or none can hold."""

from collections.abc import Iterator, Sequence

from parley.domain.flow_states import ConditionState, IntegrationState, IntentState, State
from parley.domain.flow_transitions import (
    BEFORE_SLOTS,
    ON_INPUT,
    PREVIOUS,
    Condition,
    Transition,
)
from parley.domain.integrations import ERROR_KINDS
from parley.engine.checks.filling import fillable
from parley.engine.checks.guards import cover, is_always, why_never
from parley.engine.checks.subject import Finding, Goal, Subject
from parley.engine.checks.written import Written

_LEAST, _MOST = 400, 599
"""The status codes that an error may have."""


def shadowed(subject: Subject) -> Iterator[Finding]:
    """Transitions that an earlier one always hides."""
    for written in subject.each_state():
        at = f"{written.pointer}/transitions"
        yield from _hidden(subject, at, written.part.transitions, written.part)
        if isinstance(written.part, ConditionState):
            yield from _hidden_choices(subject, Written(written.pointer, written.part))
    flow_wide = subject.document.global_transitions
    yield from _hidden(subject, "/global_transitions", flow_wide, None)


def _hidden(
    subject: Subject, pointer: str, transitions: Sequence[Transition], state: State | None
) -> Iterator[Finding]:
    in_order = sorted(enumerate(transitions), key=lambda pair: _order(pair[1]))
    for place, (n, transition) in enumerate(in_order):
        before = {m: e for m, e in in_order[:place] if _may_hide(e, transition, state)}
        hider = next((m for m, e in before.items() if _guard_implied(subject, e, transition)), None)
        if hider is None and cover([e.expression for e in before.values() if e.expression]):
            hider = max(before, key=lambda m: before[m].priority)
        if hider is not None:
            target = transitions[hider].target_state
            why = f"The way to {target!r} is tried before and holds whenever this one does"
            yield Finding(
                f"{pointer}/{n}",
                f"{why}: remove this transition, or put it first.",
                Goal("taken", f"{pointer}/{hider}"),
            )


def _may_hide(earlier: Transition, later: Transition, state: State | None) -> bool:
    """Whether, guards aside, it always holds before the later; `$previous` may not hold."""
    if earlier.target_state == PREVIOUS:
        return False
    if isinstance(state, IntegrationState) and _fails_by_timer(earlier, later):
        return True
    if not _implied(earlier, later):
        return False
    return state is None or state.type != "slot_filling" or _same_phase(earlier, later)


def _fails_by_timer(earlier: Transition, later: Transition) -> bool:
    """Whether the earlier takes the timer of an asynchronous call, which the later waits for."""
    is_error = earlier.condition is Condition.INTEGRATION_ERROR
    takes = is_error and earlier.condition_value in (None, "timeout")
    return takes and later.condition is Condition.TIMEOUT


def _order(transition: Transition) -> tuple[bool, int]:
    """By priority; `fallback` is tried after all others."""
    return transition.condition is Condition.FALLBACK, transition.priority


def _same_phase(earlier: Transition, later: Transition) -> bool:
    """Intents and choices are offered a message before the slots are."""
    return later.condition not in BEFORE_SLOTS or earlier.condition in BEFORE_SLOTS


def _implied(earlier: Transition, later: Transition) -> bool:
    """Whether, guards aside, the earlier holds whenever the later does."""
    if earlier.condition is Condition.EXPRESSION:
        return True
    if earlier.condition is Condition.ANY_INPUT:
        return later.condition in ON_INPUT
    return earlier.condition is later.condition and _value_implied(earlier, later)


def _value_implied(earlier: Transition, later: Transition) -> bool:
    one, other = earlier.condition_value, later.condition_value
    match earlier.condition:
        case Condition.INTENT_CONFIDENCE:
            return _number(one) <= _number(other)
        case Condition.INTEGRATION_ERROR:
            return one is None or one == other or _is_class(str(one), str(other))
        case Condition.INTENT_MATCH | Condition.SLOT_FILLED | Condition.USER_CHOICE:
            return str(one) == str(other)
        case _:
            return True


def _number(value: str | float | None) -> float:
    return value if isinstance(value, int | float) else 0


def _is_class(kind: str, code: str) -> bool:
    return kind in ("http_4xx", "http_5xx") and code.isdecimal() and code[0] == kind[5]


def _guard_implied(subject: Subject, earlier: Transition, later: Transition) -> bool:
    same = earlier.expression is not None and earlier.expression == later.expression
    return same or is_always(subject, earlier.expression)


def _hidden_choices(subject: Subject, written: Written[ConditionState]) -> Iterator[Finding]:
    config, at = written.part.config, f"{written.pointer}/config/conditions"
    if config.evaluation_mode == "all_match":
        return
    in_order = list(enumerate(config.conditions))
    if config.evaluation_mode == "priority":
        in_order.sort(key=lambda pair: pair[1].priority)
    tried: list[str] = []
    for n, choice in in_order:
        if choice.expression in tried or _always_one(subject, tried):
            why = "An earlier condition holds whenever this one does: remove it, or put it first."
            yield Finding(f"{at}/{n}", why)
        tried.append(choice.expression)
    if config.default_state is not None or _always_one(subject, tried):
        for n, _ in enumerate(written.part.transitions):
            why = "The state's config always chooses before: remove this transition."
            yield Finding(f"{written.pointer}/transitions/{n}", why)


def _always_one(subject: Subject, expressions: list[str]) -> bool:
    return cover(expressions) or any(is_always(subject, source) for source in expressions)


def unsatisfiable(subject: Subject) -> Iterator[Finding]:
    """Transitions and conditions that nothing can make hold."""
    for written in subject.transitions():
        why = why_never(subject, written.part.expression) or _never(subject, written)
        if why is not None:
            why = f"This transition never holds, as {why}: mend or remove it."
            yield Finding(written.pointer, why)
    for state in subject.of_type(ConditionState):
        for n, choice in enumerate(state.part.config.conditions):
            why = why_never(subject, choice.expression)
            if why is not None:
                why = f"This condition never holds, as {why}: mend or remove it."
                yield Finding(f"{state.pointer}/config/conditions/{n}", why)


def _never(subject: Subject, written: Written[Transition]) -> str | None:
    value = written.part.condition_value
    match written.part.condition:
        case Condition.SLOT_FILLED if value in subject.document.slots:
            return None if value in fillable(subject) else f"nothing here fills the slot {value!r}"
        case Condition.INTENT_CONFIDENCE if _number(value) > 1:
            return "a confidence is at most 1"
        case Condition.INTEGRATION_ERROR if value is not None:
            return None if _is_kind(str(value)) else f"no call fails with {value!r}"
        case Condition.INTENT_MATCH:
            return _competes(subject, written, str(value))
        case _:
            return None


def _is_kind(value: str) -> bool:
    return value in ERROR_KINDS or (value.isdecimal() and _LEAST <= int(value) <= _MOST)


def _competes(subject: Subject, written: Written[Transition], intent: str) -> str | None:
    """Why an `intent` state can't hear an intent that is not among its patterns."""
    parts = written.pointer.split("/")
    if parts[1] != "states":
        return None
    state = subject.document.states[int(parts[2])]
    if not isinstance(state, IntentState) or not state.config.intent_patterns:
        return None
    flow_wide = {t.condition_value for t in subject.document.global_transitions}
    heard = {*state.config.intent_patterns, state.config.fallback_intent, *flow_wide}
    return None if intent in heard else f"{intent!r} is not among the state's `intent_patterns`"
