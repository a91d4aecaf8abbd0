"""Everything that is wrong with a flow, before a customer meets it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import ValidationError

from parley.domain.flows import (
    Diagnostic,
    FlowDocument,
    Severity,
)
from parley.domain.json import JsonObject
from parley.engine.checks import (
    calls,
    circles,
    contents,
    filling,
    graph,
    leaving,
    names,
    parts,
    schema,
    speech,
    surroundings,
    transitions,
    triggers,
    waiting,
)
from parley.engine.checks.subject import Finding, Goal, Subject
from parley.engine.checks.surroundings import Around, Surroundings, called_names
from parley.engine.counter_examples import counter_examples
from parley.engine.formats import Loaded, Place, Unreadable, given, load


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of finding: its code never changes."""

    code: str
    severity: Severity
    find: Callable[[Subject], Iterator[Finding]]


RULES: tuple[Rule, ...] = (
    Rule("state.duplicate", "error", names.duplicate_states),
    Rule("name.reserved", "error", names.reserved_names),
    Rule("state.missing", "error", names.missing_targets),
    Rule("state.wrong_type", "error", names.settings_of_wrong_type),
    Rule("state.final_with_transitions", "error", names.final_with_transitions),
    Rule("state.final_and_waiting", "error", waiting.final_and_waiting),
    Rule("transition.value_missing", "error", names.missing_values),
    Rule("transition.never_waits", "error", waiting.input_where_nothing_waits),
    Rule("timeout.incomplete", "error", waiting.timeouts),
    Rule("intent.undefined", "error", names.undefined_intents),
    Rule("slot.undefined", "error", names.undefined_slots),
    Rule("variable.undefined", "error", names.undefined_variables),
    Rule("text.undefined", "error", names.undefined_texts),
    Rule("action.incomplete", "error", names.incomplete_actions),
    Rule("choice.unoffered", "error", names.unoffered_choices),
    Rule("expression.invalid", "error", parts.invalid_expressions),
    Rule("text.invalid", "error", parts.invalid_texts),
    Rule("pattern.invalid", "error", parts.invalid_patterns),
    Rule("mapping.invalid", "error", parts.invalid_mappings),
    Rule("content.title_too_long", "error", parts.long_titles),
    Rule("content.incomplete", "error", contents.incomplete_contents),
    Rule("form.wrong_field", "error", contents.wrong_fields),
    Rule("integration.built_in", "error", calls.built_ins),
    Rule("flow.never_called", "warning", triggers.unmade_calls),
    Rule("action.never_done", "warning", leaving.undone_actions),
    Rule("condition.different_targets", "error", graph.different_targets),
    Rule("state.dead_end", "error", graph.dead_ends),
    Rule("state.no_way_out", "error", graph.no_way_out),
    Rule("flow.cycle", "error", circles.cycles),
    Rule("state.unreachable", "warning", graph.unreachable_states),
    Rule("transition.shadowed", "warning", transitions.shadowed),
    Rule("transition.unsatisfiable", "warning", transitions.unsatisfiable),
    Rule("slot.unset", "warning", filling.unset_slots),
    Rule("slot.unread", "warning", filling.unread_slots),
    Rule("text.missing_language", "warning", speech.missing_languages),
    Rule("content.over_limit", "warning", speech.over_limits),
    Rule("intent.few_examples", "warning", names.few_examples),
)
"""What a document of the right shape is checked for."""


@dataclass(frozen=True, slots=True)
class OuterRule:
    """A kind of finding that looks further than the document."""

    code: str
    severity: Severity
    find: Callable[[Subject, Surroundings], Iterator[Finding]]


OUTER_RULES: tuple[OuterRule, ...] = (
    OuterRule("integration.unknown", "error", surroundings.unknown_integrations),
    OuterRule("flow.calls_itself", "error", surroundings.calls_itself),
    OuterRule("flow.unknown", "error", surroundings.unknown_flows),
    OuterRule("flow.slot_type", "error", surroundings.unequal_slots),
    OuterRule("flow.variable_unknown", "error", surroundings.unknown_variables),
    OuterRule("intent.confused", "warning", speech.confused_intents),
)
"""What a document is checked for as far as its surroundings are known."""

_MAX_GOALS = 50
"""Findings for which a conversation is looked for: of a flow so broken, 50 are enough."""
_NOTHING_KNOWN = Surroundings()


def check_flow(source: str | JsonObject, around: Around = _NOTHING_KNOWN) -> list[Diagnostic]:
    """The errors and warnings of a flow, in document order; never raises, whatever `source` is.

    Lines and columns are given where `source` is text. A document of the wrong shape is told so,
    and what follows from its shape is not looked at.
    """
    try:
        loaded = load(source) if isinstance(source, str) else given(source)
    except Unreadable as error:
        place = error.place or Place(1, 1) if isinstance(source, str) else None
        return [_diagnostic("flow.unreadable", "error", Finding(error.pointer, error.why), place)]
    try:
        document = FlowDocument.model_validate(loaded.value)
    except ValidationError as error:
        found = [
            _placed(code, "error", finding, loaded)
            for code, finding in schema.findings(error, loaded.value)
        ]
        return _in_order(found, loaded)
    subject = Subject(document, loaded.value)
    known = around(called_names(subject)) if callable(around) else around
    rows = [(r.code, r.severity, finding) for r in RULES for finding in r.find(subject)]
    rows += [
        (outer.code, outer.severity, finding)
        for outer in OUTER_RULES
        for finding in outer.find(subject, known)
    ]
    goals = [finding.goal for _, _, finding in rows if finding.goal is not None]
    shown = counter_examples(document, goals[:_MAX_GOALS])
    return _in_order([_placed(*row, loaded, shown) for row in rows], loaded)


def has_errors(diagnostics: list[Diagnostic]) -> bool:
    """Whether one of them keeps the flow from being published."""
    return any(diagnostic.severity == "error" for diagnostic in diagnostics)


def _placed(
    code: str,
    severity: Severity,
    finding: Finding,
    loaded: Loaded,
    shown: Mapping[Goal, JsonObject] = MappingProxyType({}),
) -> Diagnostic:
    pointer = finding.pointer
    while pointer and pointer not in loaded.places:
        pointer = pointer.rpartition("/")[0]
    script = shown.get(finding.goal) if finding.goal is not None else None
    return _diagnostic(code, severity, finding, loaded.places.get(pointer), script)


def _diagnostic(
    code: str,
    severity: Severity,
    finding: Finding,
    place: Place | None,
    script: JsonObject | None = None,
) -> Diagnostic:
    line, column = (place.line, place.column) if place else (None, None)
    return Diagnostic(code, severity, finding.pointer, finding.message, line, column, script)


def _in_order(found: list[Diagnostic], loaded: Loaded) -> list[Diagnostic]:
    """As they stand in the text; without one, as the rules found them."""
    if not found or not loaded.places:
        return found
    return sorted(found, key=lambda d: (d.line or 0, d.column or 0))
