"""A document under check, and ways to walk over its parts with the pointer of each."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from parley.domain.flow_states import (
    ConditionState,
    ErrorState,
    HumanHandoffState,
    ResponseState,
    SlotFillingState,
    State,
    WaitState,
)
from parley.domain.flow_texts import Attachments, Content
from parley.domain.flow_transitions import (
    VARIABLE_NAME,
    Action,
    SendMessageAction,
    SetSlotAction,
    SetVariableAction,
    Transition,
    TriggerFlowAction,
)
from parley.domain.flows import FlowDocument
from parley.domain.json import Json, JsonObject
from parley.engine.checks.written import Written, written_texts
from parley.engine.declared import given_variables
from parley.engine.expressions import Expression, Expressions
from parley.engine.formats import pointer_part


@dataclass(frozen=True, slots=True)
class Goal:
    """What a conversation has to show for a finding to be seen at work.

    `stuck`: the state `name` has no way on; `loops`: a turn goes round through it; `lost`: either;
    `unfilled`: it works while `slot` is empty; `taken`: the transition at the pointer `name` is.
    """

    kind: Literal["stuck", "loops", "lost", "unfilled", "taken"]
    name: str
    slot: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a place; `message` says how to mend it, `goal` how it can be seen."""

    pointer: str
    message: str
    goal: Goal | None = None


@dataclass(frozen=True, slots=True)
class WrittenExpression:
    """An expression and the CEL types that it may have there.

    `of_called`: its variables are those of a called flow.
    """

    pointer: str
    source: str
    returns: tuple[str, ...]
    of_called: bool = False


BOOL = ("BOOL", "DYN")
TIME = ("TIMESTAMP", "STRING", "DYN")
LIST = ("LIST", "DYN")
ANYTHING = ()
_NAME = re.compile(VARIABLE_NAME)


def is_name(name: str) -> bool:
    """Whether a variable may be called so."""
    return _NAME.fullmatch(name) is not None


class Subject:
    """A document whose shape is right; `raw` is the JSON that it was read from."""

    def __init__(self, document: FlowDocument, raw: JsonObject) -> None:
        self.document = document
        self.raw = raw

    @cached_property
    def states(self) -> dict[str, State]:
        """By name; of two with one name the first."""
        found: dict[str, State] = {}
        for state in self.document.states:
            found.setdefault(state.name, state)
        return found

    @cached_property
    def error_state(self) -> str | None:
        named = self.document.settings.error_state
        return named or self._first(ErrorState)

    @cached_property
    def handoff_state(self) -> str | None:
        named = self.document.settings.handoff_state
        return named or self._first(HumanHandoffState)

    def _first(self, kind: type[State]) -> str | None:
        return next((s.name for s in self.document.states if isinstance(s, kind)), None)

    @cached_property
    def variables(self) -> frozenset[str]:
        """Those declared, and those that mappings, `save_as` and `results` declare."""
        given = filter(is_name, given_variables(self.document))
        return frozenset((*self.document.variables, *given))

    @cached_property
    def expressions_home(self) -> Expressions:
        """Compiles expressions with every name known: for checking."""
        return Expressions(self.document.slots, self.variables)

    @cached_property
    def of_called_home(self) -> Expressions:
        """Compiles expressions on the variables of called flows, which are not known here."""
        return Expressions(self.document.slots)

    @cached_property
    def _compiled(self) -> dict[str, Expression]:
        return {}

    def compiled(self, source: str) -> Expression:
        """Compiled once, however often it is looked at. Raises ExpressionInvalid."""
        known = self._compiled.get(source)
        if known is None:
            known = self._compiled[source] = self.expressions_home.compile(source)
        return known

    def each_state(self) -> Iterator[Written[State]]:
        for n, state in enumerate(self.document.states):
            yield Written(f"/states/{n}", state)

    def of_type[Kind: State](self, kind: type[Kind]) -> Iterator[Written[Kind]]:
        for n, state in enumerate(self.document.states):
            if isinstance(state, kind):
                yield Written(f"/states/{n}", state)

    def transitions(self) -> Iterator[Written[Transition]]:
        """The states' and the flow's."""
        for state in self.each_state():
            for n, transition in enumerate(state.part.transitions):
                yield Written(f"{state.pointer}/transitions/{n}", transition)
        for n, transition in enumerate(self.document.global_transitions):
            yield Written(f"/global_transitions/{n}", transition)

    def actions(self) -> Iterator[Written[Action]]:
        """On entry, on exit and on the way."""
        for state in self.each_state():
            for kind in ("entry_actions", "exit_actions"):
                for n, action in enumerate(getattr(state.part, kind)):
                    yield Written(f"{state.pointer}/{kind}/{n}", action)
        for transition in self.transitions():
            for n, action in enumerate(transition.part.actions):
                yield Written(f"{transition.pointer}/actions/{n}", action)

    def contents(self) -> Iterator[Written[Content]]:
        """Every message that is more than a text."""
        for state in self.each_state():
            templates = getattr(state.part.config, "response_templates", {})
            for language, said in templates.items():
                if isinstance(said, Content):
                    at = f"{state.pointer}/config/response_templates/{pointer_part(language)}"
                    yield Written(at, said)
        for action in self.actions():
            if isinstance(action.part, SendMessageAction):
                yield Written(f"{action.pointer}/config", action.part.config)

    def attachments(self) -> Iterator[Written[Attachments]]:
        """Whatever may stand beside a text: in states of type response, and in contents."""
        for state in self.of_type(ResponseState):
            yield Written(f"{state.pointer}/config", state.part.config)
        for content in self.contents():
            yield Written(content.pointer, content.part)

    def expressions(self) -> Iterator[WrittenExpression]:
        """Every expression, wherever one may stand."""
        for transition in self.transitions():
            if transition.part.expression is not None:
                at = f"{transition.pointer}/expression"
                yield WrittenExpression(at, transition.part.expression, BOOL)
        for action in self.actions():
            yield from _action_expressions(action)
        for state in self.each_state():
            yield from _state_expressions(state)

    def texts(self) -> Sequence[Written[Json]]:
        """Every text, in whatever shape it is written."""
        return self._texts

    @cached_property
    def _texts(self) -> Sequence[Written[Json]]:
        return tuple(written_texts(self.raw))


def _action_expressions(action: Written[Action]) -> Iterator[WrittenExpression]:
    if action.part.condition is not None:
        yield WrittenExpression(f"{action.pointer}/condition", action.part.condition, BOOL)
    if isinstance(action.part, SetVariableAction | SetSlotAction):
        source = action.part.config.expression
        if source is not None:
            yield WrittenExpression(f"{action.pointer}/config/expression", source, ANYTHING)
    if isinstance(action.part, TriggerFlowAction):
        for field in ("arguments", "results"):
            for name, source in getattr(action.part.config, field).items():
                at = f"{action.pointer}/config/{field}/{name}"
                yield WrittenExpression(at, source, ANYTHING, of_called=field == "results")


def _state_expressions(written: Written[State]) -> Iterator[WrittenExpression]:
    at, state = f"{written.pointer}/config", written.part
    match state:
        case ConditionState(config=config):
            for n, choice in enumerate(config.conditions):
                yield WrittenExpression(f"{at}/conditions/{n}/expression", choice.expression, BOOL)
        case SlotFillingState(config=config):
            for name, rule in config.validation_rules.items():
                yield WrittenExpression(f"{at}/validation_rules/{pointer_part(name)}", rule, BOOL)
        case WaitState(config=config) if config.until is not None:
            yield WrittenExpression(f"{at}/until", config.until, TIME)
        case ResponseState(config=config) if config.choices_from is not None:
            yield WrittenExpression(f"{at}/choices_from", config.choices_from, LIST)
        case _:
            return
