"""`slot_filling`: asks for one slot after the other until every required one has a valid value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.domain.flow_transitions import Condition
from parley.domain.json import Json
from parley.engine.conditions import first_that_holds
from parley.engine.events import MessageEvent
from parley.engine.expressions import Expression
from parley.engine.program import Arc, Step
from parley.engine.slot_types import Refused, yes_or_no
from parley.engine.states.response import way_on
from parley.engine.words import Words

if TYPE_CHECKING:
    from parley.engine.program import StateNode
    from parley.engine.run import Run
    from parley.engine.slots import SlotRule

BEFORE_SLOTS = frozenset({Condition.INTENT_MATCH, Condition.USER_CHOICE})
"""What a message is offered to before the slots."""
AFTER_FILLING = frozenset({Condition.SLOT_FILLED, Condition.ALL_SLOTS_FILLED, Condition.EXPRESSION})
"""What a message that a slot took may still make hold: it is no new input any more."""


@dataclass(frozen=True, slots=True)
class SlotFilling:
    """The slots to fill in order, and what is said for each."""

    required: tuple[str, ...]
    rules: Mapping[str, Expression]
    prompts: Mapping[str, Words]
    retry_prompts: Mapping[str, Words]
    confirm_prompts: Mapping[str, Words]
    takes_event: bool

    def enter(self, run: "Run", node: "StateNode") -> Step:
        if self.takes_event and isinstance(run.scope.event, MessageEvent):
            name = self._missing(run)
            if name is not None:
                self._offer(run, node, run.program.slots[name])
                if run.state.proposed is not None:
                    return None
        return self._ask_next(run, node)

    def take(self, run: "Run", node: "StateNode") -> tuple[Arc | Step, bool]:
        """What a message does here: the transition that follows, and whether it was a miss."""
        before = tuple(arc for arc in node.on_message if arc.condition in BEFORE_SLOTS)
        arc = first_that_holds(run, node, before)
        if arc is not None:
            return arc, False
        filled = self._answer(run, node)
        after = AFTER_FILLING if filled is True else frozenset(Condition) - BEFORE_SLOTS
        others = tuple(a for a in node.on_message if a.condition in after)
        arc = None if filled is None else first_that_holds(run, node, others)
        if arc is not None:
            return arc, False
        if filled is not True:
            return None, filled is False
        run.state.misses = 0
        return self._ask_next(run, node), False

    def retry(self, run: "Run") -> None:
        """Says what is wanted again: the retry text, else the fallback text and the prompt."""
        name = run.state.asked
        if name is None:
            return
        if name in self.retry_prompts:
            run.say_words(self.retry_prompts[name])
        else:
            run.say_words(run.program.fallback_text)
            self._prompt(run, name)

    def _missing(self, run: "Run") -> str | None:
        slots = run.state.slots
        return next((name for name in self.required if name not in slots), None)

    def _ask_next(self, run: "Run", node: "StateNode") -> Step:
        name = self._missing(run)
        run.state.asked, run.state.proposed = name, None
        if name is None:
            return way_on(run, node)
        run.say_words(self.prompts[name])
        return None

    def _prompt(self, run: "Run", name: str) -> None:
        if run.state.proposed is None:
            run.say_words(self.prompts[name])
        else:
            self._confirm(run, name, run.state.proposed["value"])

    def _answer(self, run: "Run", node: "StateNode") -> bool | None:
        """True: the message filled the slot; False: it is refused; None: it was dealt with."""
        name = run.state.asked
        if name is None:
            return False
        if run.state.proposed is None:
            filled = self._offer(run, node, run.program.slots[name])
            return None if run.state.proposed is not None else filled
        answer = yes_or_no(run.scope.input()["text"])
        if answer is None:
            return False
        value, run.state.proposed = run.state.proposed["value"], None
        if answer:
            run.set_slot(name, value)
            return True
        run.say_words(self.prompts[name])
        return None

    def _offer(self, run: "Run", node: "StateNode", rule: "SlotRule") -> bool:
        """Whether the message filled the slot; one to be confirmed first is proposed instead."""
        heard = run.scope.input()
        try:
            if rule.kind in ("location", "any") and heard["location"] is not None:
                value = rule.accept(heard["location"])
            else:
                value = rule.read(heard["text"])
        except Refused as refused:
            run.tried.append({"at": f"slot {rule.name}", "held": False, "why": str(refused)})
            return False
        if not self._is_allowed(run, node, rule.name, value):
            return False
        if rule.confirm:
            run.state.asked, run.state.proposed = rule.name, {"value": value}
            self._confirm(run, rule.name, value)
            return False
        run.set_slot(rule.name, value)
        run.tried.append({"at": f"slot {rule.name}", "held": True})
        return True

    def _is_allowed(self, run: "Run", node: "StateNode", name: str, value: Json) -> bool:
        """Whether the state's own rule for the slot holds with the value in it."""
        rule = self.rules.get(name)
        if rule is None:
            return True
        run.set_slot(name, value)
        pointer = f"{node.pointer}/config/validation_rules/{name}"
        held = run.is_true(rule, pointer)
        run.clear_slot(name)
        run.tried.append({"at": pointer, "held": held})
        return held

    def _confirm(self, run: "Run", name: str, value: Json) -> None:
        """Asks whether the value is right; the text sees it in its slot."""
        run.set_slot(name, value)
        run.say_words(self.confirm_prompts[name])
        run.clear_slot(name)
