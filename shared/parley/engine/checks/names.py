"""Findings about names: what is missing, written twice, or given where nothing takes it."""

from collections.abc import Iterable, Iterator, Mapping

from parley.domain.flow_states import (
    IntegrationState,
    IntentState,
    SlotFillingState,
)
from parley.domain.flow_texts import SHARED_TEXT, Text
from parley.domain.flow_transitions import (
    ClearSlotAction,
    ClearVariableAction,
    Condition,
    SendMessageAction,
    SetSlotAction,
    SetVariableAction,
    TriggerFlowAction,
    TriggerFlowConfig,
)
from parley.engine.checks.subject import Finding, Subject
from parley.engine.compile_states import mapping_target
from parley.engine.expressions import UNREADABLE_SLOTS
from parley.engine.formats import pointer_part
from parley.engine.targets import named_states

_NEED_VALUE = frozenset(
    {
        Condition.INTENT_MATCH,
        Condition.SLOT_FILLED,
        Condition.USER_CHOICE,
        Condition.INTENT_CONFIDENCE,
    }
)


def duplicate_states(subject: Subject) -> Iterator[Finding]:
    """Two states of one name."""
    seen = set()
    for written in subject.each_state():
        name = written.part.name
        if name in seen:
            yield Finding(f"{written.pointer}/name", f"Rename one of the states called {name!r}.")
        seen.add(name)


def reserved_names(subject: Subject) -> Iterator[Finding]:
    """Slots that no expression could read, and the variable that calls write to."""
    document = subject.document
    for name in document.slots:
        if name in UNREADABLE_SLOTS:
            why = f"Rename {name!r}: no expression can read a slot that is called so."
            yield Finding(f"/slots/{name}", why)
    triggers = [a.part for a in subject.actions() if isinstance(a.part, TriggerFlowAction)]
    if "call" in document.variables and any(t.config.mode == "call" for t in triggers):
        why = "Rename 'call': what a called flow has come to is put into that variable."
        yield Finding("/variables/call", why)


def missing_targets(subject: Subject) -> Iterator[Finding]:
    """Names of states that are no states."""
    for pointer, name in named_states(subject.document):
        if name not in subject.states:
            known = _some(subject.states)
            yield Finding(pointer, f"No state is called {name!r}: name one of {known}, or add it.")


def settings_of_wrong_type(subject: Subject) -> Iterator[Finding]:
    """Handoff and error states that are of another type."""
    for setting, kind in (("handoff_state", "human_handoff"), ("error_state", "error")):
        state = subject.states.get(getattr(subject.document.settings, setting) or "")
        if state is not None and state.type != kind:
            yield Finding(f"/settings/{setting}", f"Name a state of type {kind} here.")


def final_with_transitions(subject: Subject) -> Iterator[Finding]:
    """S0-33."""
    for written in subject.each_state():
        state = written.part
        if (state.is_final or state.type == "end") and state.transitions:
            why = "A final state closes the conversation: remove its transitions."
            yield Finding(f"{written.pointer}/transitions", why)


def missing_values(subject: Subject) -> Iterator[Finding]:
    """S0-22 and S0-23: conditions without what they compare with."""
    for written in subject.transitions():
        transition = written.part
        if transition.condition is Condition.EXPRESSION and transition.expression is None:
            yield Finding(written.pointer, "Add the `expression` that has to be true.")
        elif transition.condition in _NEED_VALUE and transition.condition_value in (None, ""):
            name = transition.condition.value
            yield Finding(written.pointer, f"Add the `condition_value` that {name} compares with.")
        elif transition.condition is Condition.INTENT_CONFIDENCE and not isinstance(
            transition.condition_value, int | float
        ):
            yield Finding(f"{written.pointer}/condition_value", "Write a number from 0 to 1.")


def undefined_intents(subject: Subject) -> Iterator[Finding]:
    """Intents that are matched and not defined."""
    known = subject.document.intents
    for pointer, name in _intents(subject):
        if name not in known:
            yield Finding(pointer, f"Define the intent {name!r} under `intents`.")


def _intents(subject: Subject) -> Iterator[tuple[str, str]]:
    for written in subject.transitions():
        value = written.part.condition_value
        if written.part.condition is Condition.INTENT_MATCH and isinstance(value, str) and value:
            yield f"{written.pointer}/condition_value", value
    for state in subject.of_type(IntentState):
        at, config = f"{state.pointer}/config", state.part.config
        yield from (
            (f"{at}/intent_patterns/{n}", name) for n, name in enumerate(config.intent_patterns)
        )
        if config.fallback_intent is not None:
            yield f"{at}/fallback_intent", config.fallback_intent
    for n, name in enumerate(subject.document.triggers.intents):
        yield f"/triggers/intents/{n}", name


def undefined_slots(subject: Subject) -> Iterator[Finding]:
    """Slots that are used and not declared."""
    known = subject.document.slots
    for pointer, name in _slots(subject):
        if name not in known:
            yield Finding(pointer, f"Declare the slot {name!r} under `slots`.")


def _slots(subject: Subject) -> Iterator[tuple[str, str]]:
    for written in subject.transitions():
        value = written.part.condition_value
        if written.part.condition is Condition.SLOT_FILLED and isinstance(value, str) and value:
            yield f"{written.pointer}/condition_value", value
    for action in subject.actions():
        if isinstance(action.part, SetSlotAction | ClearSlotAction):
            yield f"{action.pointer}/config/key", action.part.config.key
    yield from _configured_slots(subject)


def _configured_slots(subject: Subject) -> Iterator[tuple[str, str]]:
    for state in subject.of_type(SlotFillingState):
        at, config = f"{state.pointer}/config", state.part.config
        for field in ("required_slots", "optional_slots"):
            yield from (
                (f"{at}/{field}/{n}", name) for n, name in enumerate(getattr(config, field))
            )
        for field in ("validation_rules", "prompts", "retry_prompts"):
            yield from ((f"{at}/{field}/{pointer_part(k)}", k) for k in getattr(config, field))
    for call in subject.of_type(IntegrationState):
        for target in call.part.config.response_mapping:
            kind, name = mapping_target(target, subject.document)
            if kind == "slots":
                yield f"{call.pointer}/config/response_mapping/{pointer_part(target)}", name


def undefined_variables(subject: Subject) -> Iterator[Finding]:
    """Variables that are set and not declared."""
    for action in subject.actions():
        if isinstance(action.part, SetVariableAction | ClearVariableAction):
            name = action.part.config.key
            if name not in subject.variables:
                why = f"Declare the variable {name!r} under `variables`, with its start value."
                yield Finding(f"{action.pointer}/config/key", why)


def undefined_texts(subject: Subject) -> Iterator[Finding]:
    """Shared texts that are used and not written, or that lead back to themselves."""
    known = subject.document.texts
    for name, text in known.items():
        if _is_endless(text, known):
            at = f"/texts/{pointer_part(name)}"
            yield Finding(at, f"Write the words of {name!r} here: it leads back to itself.")
    for written in subject.texts():
        if isinstance(written.part, dict) and SHARED_TEXT in written.part:
            yield from _unknown_text(written.pointer, written.part[SHARED_TEXT], known)
    for action in subject.actions():
        if isinstance(action.part, SendMessageAction) and action.part.config.template is not None:
            at = f"{action.pointer}/config/template"
            yield from _unknown_text(at, action.part.config.template, known)


def _is_endless(text: Text, known: Mapping[str, Text]) -> bool:
    """Whether shared texts name each other in a circle."""
    seen = set()
    while isinstance(text, dict) and SHARED_TEXT in text:
        name = text[SHARED_TEXT]
        if name in seen:
            return True
        seen.add(name)
        text = known.get(name, "")
    return False


def _unknown_text(pointer: str, name: str, known: Iterable[str]) -> Iterator[Finding]:
    if name not in known:
        yield Finding(pointer, f"Write the shared text {name!r} under `texts`.")


def incomplete_actions(subject: Subject) -> Iterator[Finding]:
    """S0-18 and S0-20."""
    for action in subject.actions():
        at, part = f"{action.pointer}/config", action.part
        if isinstance(part, SetVariableAction | SetSlotAction):
            given = {"value", "expression"} & part.config.model_fields_set
            if len(given) != 1:
                yield Finding(at, "Give either a `value` or an `expression`.")
        elif isinstance(part, SendMessageAction):
            said = (
                part.config.text,
                part.config.template,
                part.config.media,
                part.config.location,
                part.config.carousel,
                part.config.form,
            )
            if not any(said):
                yield Finding(at, "Give a `text` or a `template`.")
            elif part.config.text is not None and part.config.template is not None:
                yield Finding(at, "Give a `text` or a `template`, not both.")
        elif isinstance(part, TriggerFlowAction) and _waits_for_nothing(part.config):
            why = "A flow that replaces this one gives nothing back: write `mode: call`."
            yield Finding(f"{at}/results", why)


def _waits_for_nothing(config: TriggerFlowConfig) -> bool:
    return config.mode == "replace" and bool(config.results)


def unoffered_choices(subject: Subject) -> Iterator[Finding]:
    """Choices that no message offers."""
    offered = _offered(subject)
    for written in subject.transitions():
        value = written.part.condition_value
        if written.part.condition is not Condition.USER_CHOICE or value is None or offered is None:
            continue
        if str(value) not in offered:
            why = f"Nobody offers {str(value)!r}: add it as a quick reply's `payload`."
            yield Finding(f"{written.pointer}/condition_value", why)


def _offered(subject: Subject) -> set[str] | None:
    """Every payload on offer; None where expressions or texts make them up."""
    found: set[str] = set()
    configs = [getattr(written.part, "config", None) for written in subject.each_state()]
    configs += [written.part for written in subject.contents()]
    for config in configs:
        if getattr(config, "choices_from", None) is not None:
            return None
        cards = getattr(config, "carousel", None) or ()
        buttons = [*getattr(config, "buttons", ()), *(b for card in cards for b in card.buttons)]
        for choice in (*getattr(config, "quick_replies", ()), *buttons):
            titles = choice.title.values() if isinstance(choice.title, dict) else (choice.title,)
            payloads = titles if choice.payload is None else (choice.payload,)
            if isinstance(choice.title, dict) and SHARED_TEXT in choice.title:
                return None
            if any("{{" in payload or "{%" in payload for payload in payloads):
                return None
            found.update(payloads)
    return found


def few_examples(subject: Subject) -> Iterator[Finding]:
    """Intents that the classifier has too little to know by."""
    enough = 5
    for name, intent in subject.document.intents.items():
        groups = (
            intent.examples.values() if isinstance(intent.examples, dict) else [intent.examples]
        )
        if sum(len(group) for group in groups) < enough and not intent.keywords:
            why = f"Give the intent at least {enough} examples, or it will be missed."
            yield Finding(f"/intents/{name}", why)


def _some(names: Iterable[str]) -> str:
    shown = list(names)
    limit = 6
    return ", ".join(repr(n) for n in shown[:limit]) + (", ..." if len(shown) > limit else "")
