"""`slot_filling`: asks until every required slot has a valid value."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.domain.json import Json
from parley.domain.messages import MAX_TEXT_LENGTH
from parley.engine.conditions import first_that_holds
from parley.engine.events import MessageEvent
from parley.engine.expressions import Expression
from parley.engine.pieces import shared_out
from parley.engine.program import Arc, Step
from parley.engine.slot_types import Refused, yes_or_no
from parley.engine.spoken_times import SPOKEN
from parley.engine.states.response import way_on
from parley.engine.words import Words

if TYPE_CHECKING:
    from parley.engine.program import StateNode
    from parley.engine.run import Run
    from parley.engine.slots import SlotRule


@dataclass(frozen=True, slots=True)
class SlotFilling:
    """The slots to fill in order, and what is said for each.

    `optional` are taken where they come, and never asked for. `takes_whole`: a message is one value
    (sequential), not several. `asks_all`: one message asks for all that is missing (parallel).
    """

    required: tuple[str, ...]
    optional: tuple[str, ...]
    takes_whole: bool
    asks_all: bool
    rules: Mapping[str, Expression]
    prompts: Mapping[str, Words]
    retry_prompts: Mapping[str, Words]
    confirm_prompts: Mapping[str, Words]
    takes_event: bool

    def enter(self, run: "Run", node: "StateNode") -> Step:
        if not self.takes_event or not _led_here(run):
            return self._ask_next(run, node)
        run.state.asked = self._missing(run)
        if run.state.asked is not None or run.scope.filled_in:
            self._offer(run, node)
        return None if run.state.proposed else self._ask_next(run, node, self._refused(run))

    def take(self, run: "Run", node: "StateNode") -> tuple[Arc | Step, bool]:
        """What a message does here: the transition that follows, and whether it was a miss."""
        arc = first_that_holds(run, node, node.before_slots)
        if arc is not None:
            return arc, False
        again = (run.state.proposed or {}).get("again")
        filled = self._answer(run, node)
        if filled is None:
            return None, False
        arc = first_that_holds(run, node, node.after_filling if filled else node.after_refusal)
        if arc is not None:
            return arc, False
        if not filled:
            return None, True
        run.state.misses = 0
        return self._ask_next(run, node, self._refused(run) or again), False

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

    def _refused(self, run: "Run", waiting: Collection[str] = ()) -> str | None:
        """The first required slot, not `waiting`, that did not take what a form gave for it."""
        known = {*run.state.slots, *waiting}
        given = run.scope.filled_in or {}
        return next((n for n in self.required if n in given and n not in known), None)

    def _ask_next(self, run: "Run", node: "StateNode", again: str | None = None) -> Step:
        """For `again`, whose value was refused; else for the first slot that is missing."""
        is_again = again is not None and again not in run.state.slots
        name = again if is_again else self._missing(run)
        run.state.asked, run.state.proposed = name, None
        if name is None:
            return way_on(run, node)
        if is_again:
            self.retry(run)
        else:
            self._ask(run, name)
        return None

    def _ask(self, run: "Run", name: str) -> None:
        """For the slot; in one message for all that is missing, if the state asks so."""
        if not self.asks_all:
            run.say_words(self.prompts[name])
            return
        missing = [n for n in self.required if n not in run.state.slots]
        texts = [text for n in missing or [name] if (text := run.text(self.prompts[n]))]
        together = "\n".join(texts)
        for text in [together] if len(together) <= MAX_TEXT_LENGTH else texts:
            if text:
                run.send({"type": "text", "text": text})

    def _prompt(self, run: "Run", name: str) -> None:
        if run.state.proposed is None:
            self._ask(run, name)
        else:
            self._confirm(run, name, run.state.proposed["value"])

    def _answer(self, run: "Run", node: "StateNode") -> bool | None:
        """True: the message filled a slot; False: it is refused; None: it was dealt with."""
        name, proposed = run.state.asked, run.state.proposed
        if proposed is None or self._filled_in(run):
            run.state.proposed = None
            filled = self._offer(run, node)
            return None if run.state.proposed is not None else filled
        is_form = run.scope.filled_in is not None
        answer = None if is_form else yes_or_no(run.scope.text())
        if answer is None or name is None:
            return False
        run.state.proposed = None
        if answer:
            run.set_slot(name, proposed["value"])
        if proposed.get("then"):
            run.state.misses = 0
            self._propose(run, proposed["then"], proposed.get("again"))
            return None
        if not answer and name in self.required and name not in run.state.slots:
            self._ask(run, name)
            return None
        return True

    def _offer(self, run: "Run", node: "StateNode") -> bool:
        """Whether the message filled a slot; a value to be confirmed first is proposed instead."""
        took, to_confirm = False, []
        for rule, said in self._pieces(run):
            value = self._value(run, node, rule, said)
            if value is None:
                run.state.asked = run.state.asked if took else rule.name
            elif rule.confirm:
                to_confirm.append([rule.name, value])
            else:
                run.set_slot(rule.name, value)
                run.tried.append({"at": f"slot {rule.name}", "held": True})
                took = True
        if to_confirm:
            run.state.misses = 0 if took else run.state.misses
            again = self._refused(run, [name for name, _ in to_confirm])
            self._propose(run, to_confirm, again)
        elif run.scope.filled_in:
            run.state.asked = self._refused(run) or run.state.asked
        return took

    def _pieces(self, run: "Run") -> "list[tuple[SlotRule, Json]]":
        """Which slot the message, or which part of it, is for."""
        if run.scope.filled_in is not None:
            return self._filled_in(run)
        text, slots = run.scope.text(), run.program.slots
        asked = run.state.asked
        if self.takes_whole:
            missing = [slots[asked]] if asked is not None and asked not in run.state.slots else []
        else:
            missing = [slots[name] for name in self._names() if name not in run.state.slots]
        placed = [rule for rule in missing if rule.kind in ("location", "any")]
        if placed and (location := run.scope.input()["location"]) is not None:
            return [(placed[0], location)]
        if self.takes_whole:
            return [(rule, text) for rule in missing]
        filled = [slots[name] for name in self._names() if name in run.state.slots]
        some_spoken = any(rule.kind in SPOKEN for rule in (*missing, *filled))
        here = run.scope.whereabouts() if some_spoken else None
        return [*shared_out(text, missing, filled, here)]

    def _filled_in(self, run: "Run") -> "list[tuple[SlotRule, Json]]":
        """What a form gave for the slots of this state."""
        given, slots = run.scope.filled_in or {}, run.program.slots
        return [(slots[name], given[name]) for name in self._names() if name in given]

    def _names(self) -> tuple[str, ...]:
        return (*self.required, *self.optional)

    def _value(self, run: "Run", node: "StateNode", rule: "SlotRule", said: Json) -> Json:
        """What was said as a value that the slot and the state's own rule accept, else None."""
        try:
            here = run.scope.whereabouts() if rule.kind in SPOKEN else None
            value = rule.accept(said, here)
        except Refused as refused:
            run.tried.append({"at": f"slot {rule.name}", "held": False, "why": str(refused)})
            return None
        own = self.rules.get(rule.name)
        if own is None:
            return value
        pointer = f"{node.pointer}/config/validation_rules/{rule.name}"
        with _filled(run, rule.name, value):
            held = run.is_true(own, pointer)
        run.tried.append({"at": run.prefix + pointer, "held": held})
        return value if held else None

    def _propose(self, run: "Run", values: list[list[Json]], again: str | None = None) -> None:
        """Asks whether the first value is right; the others are asked about when that is known.

        `again` is the slot that is to be asked for after that, as its value was refused.
        """
        (name, value), *others = values
        run.state.asked, run.state.proposed = str(name), {"value": value}
        if others:
            run.state.proposed["then"] = others
        if again is not None:
            run.state.proposed["again"] = again
        self._confirm(run, str(name), value)

    def _confirm(self, run: "Run", name: str, value: Json) -> None:
        """Asks whether the value is right; the text sees it in its slot."""
        with _filled(run, name, value):
            run.say_words(self.confirm_prompts[name])


def _led_here(run: "Run") -> bool:
    """Whether a message led here; one that a called flow heard, and ended by, did not."""
    is_callers = len(run.state.callers) >= run.depth
    return is_callers and isinstance(run.scope.event, MessageEvent)


@contextmanager
def _filled(run: "Run", name: str, value: Json) -> Iterator[None]:
    """While it lasts the slot has the value."""
    before = run.state.slots.get(name)
    run.set_slot(name, value)
    try:
        yield
    finally:
        if before is None:
            run.clear_slot(name)
        else:
            run.set_slot(name, before)
