"""A random flow in the making, and the ways between its states."""

from collections.abc import Sequence
from dataclasses import dataclass

from parley.domain.json import JsonObject
from tests.property.flows.choices import Choices
from tests.property.flows.parts import SLOTS, actions, guard

INTENTS = ("buy", "help", "bye")


@dataclass(frozen=True)
class Role:
    """What a flow is among others: `calls` are those that it may call."""

    name: str = "random"
    calls: Sequence[str] = ()
    is_called: bool = False

    @property
    def least(self) -> int:
        """States; a flow that is called is small, and mostly ends."""
        return 2 if self.is_called else 3

    @property
    def own_slot(self) -> str:
        """The one that no other flow has."""
        return f"of_{self.name}"


@dataclass
class Draft:
    """What the parts of a flow have to know of each other."""

    choices: Choices
    names: Sequence[str]
    role: Role
    awaits_choice: bool = False

    def anyone(self) -> str:
        return "nowhere" if self.choices.one_in(250) else self.choices.of(self.names)

    def after(self, n: int) -> str:
        """A later state; now and then any, and so perhaps a way round in circles."""
        later = self.names[n + 1 :]
        return self.choices.of(later) if later and not self.choices.one_in(40) else self.anyone()

    def call(self) -> list[JsonObject]:
        """Now and then an action that calls another flow, or nobody, or two where one counts."""
        choices, calls = self.choices, self.role.calls
        if not calls or not choices.one_in(10):
            return []
        flow = "nobody" if choices.one_in(50) else choices.of(calls)
        config: JsonObject = {"flow": flow, "arguments": dict(choices.some(_ARGUMENTS, 2))}
        if choices.one_in(40):
            config["arguments"]["nobody"] = "1"
        if not choices.one_in(4):
            config |= {"mode": "call", "results": dict(choices.some(_RESULTS, 2))}
        made: JsonObject = {"type": "trigger_flow", "config": config}
        if choices.one_in(4):
            made["condition"] = guard(choices)
        return [made, made] if choices.one_in(12) else [made]


_ARGUMENTS = (
    ("n", "vars.n + 1"),
    ("any", "slots.age"),
    ("any", "{'x': [vars.n]}"),
    ("any", "vars.any.x[0]"),
)
"""Variables of the called flow: all of them have these two."""
_RESULTS = (("n", "vars.n"), ("any", "slots"), ("got", "vars.any.x"), ("got", "vars.n"))


def _value(draft: Draft, condition: str) -> JsonObject:
    match condition:
        case "intent_match":
            return {"condition_value": draft.choices.of(INTENTS)}
        case "intent_confidence":
            return {"condition_value": draft.choices.of((0.5, 0.95, 0))}
        case "slot_filled":
            return {"condition_value": draft.choices.of(tuple(SLOTS))}
        case "user_choice":
            draft.awaits_choice = True
            return {"condition_value": draft.choices.of(("go", "Stay", "push"))}
        case "expression":
            return {"expression": guard(draft.choices)}
        case _:
            return {}


def heard(draft: Draft, condition: str) -> JsonObject:
    """A transition that a state which waits tries."""
    choices = draft.choices
    made: JsonObject = {"condition": condition, **_value(draft, condition)}
    if condition in ("any_input", "fallback", "timeout") and choices.one_in(3):
        made["expression"] = guard(choices)
    made["target_state"] = "$previous" if choices.one_in(8) else draft.anyone()
    if choices.one_in(3):
        made["priority"] = choices.below(4)
    made["actions"] = actions(choices, 1) + draft.call()
    return made


ON_INPUT = (
    *("intent_match", "any_input", "user_choice", "fallback", "intent_confidence"),
    *("low_confidence", "expression", "slot_filled"),
)


def on_input(draft: Draft) -> list[JsonObject]:
    first = heard(draft, draft.choices.of(ON_INPUT[:6]))
    return [first, *(heard(draft, kind) for kind in draft.choices.some(ON_INPUT, 2))]


def on_time(draft: Draft, state: JsonObject) -> None:
    state["timeout_seconds"] = 60 + draft.choices.below(2)
    state["transitions"].append(heard(draft, "timeout"))


def passing_on(draft: Draft, n: int) -> list[JsonObject]:
    """Ways on of a state that does not wait; one of them always holds, but in the odd flow."""
    choices = draft.choices
    one = guard(choices)
    ways = [("expression", one)] if choices.one_in(2) else []
    if not choices.one_in(60):
        ways.append(("expression", f"!({one})" if ways and choices.one_in(2) else "true"))
    made = [
        {
            "condition": condition,
            "expression": expression,
            "target_state": draft.after(n),
            "actions": draft.call(),
        }
        for condition, expression in ways
    ]
    if choices.one_in(4):
        made.insert(0, {**heard(draft, "slot_filled"), "target_state": draft.after(n)})
    if made and choices.one_in(24):
        made[-1]["target_state"] = "$previous"
    return made
