"""Random flows: most of them pass the check, and all of them try the language out.

States that do not wait lead on to later ones, the last one rests, and what is read is declared: so
a flow is sound, but for the odd one that goes round, stops short or names what is not there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from parley.domain.json import Json, JsonObject
from tests.property.flows.choices import Choices
from tests.property.flows.parts import (
    BUTTONS,
    REPLIES,
    SLOTS,
    actions,
    content,
    guard,
    one_text,
    slots,
    templates,
    text,
)

FLOW_BYTES = 640
"""About what the largest of flows takes."""
INTENTS = ("buy", "help", "bye")
_NAMES = ("a", "b", "c", "d", "e", "f")


def flow_of(source: bytes) -> JsonObject:
    """The flow that these bytes stand for."""
    choices = Choices(source)
    draft = Draft(choices, _NAMES[: 3 + choices.below(4)])
    states = [_state(draft, n) for n in range(len(draft.names))]
    anywhere = [_heard(draft, kind, "$previous") for kind in _anywhere(choices)]
    if draft.awaits_choice:
        offer = {"text": "Choose", "quick_replies": REPLIES, "buttons": BUTTONS}
        states[0]["entry_actions"].append({"type": "send_message", "config": offer})
    return {
        "schema": "parley/1",
        "name": "random",
        "language": choices.of(("en", "de", "en-US")),
        "initial_state": "a",
        "variables": {"n": 0, "any": choices.json() if choices.one_in(3) else None},
        "slots": slots(choices),
        "intents": {name: {"examples": [name], "keywords": [name]} for name in INTENTS},
        "settings": _settings(choices, states),
        "global_transitions": anywhere,
        "states": states,
        "texts": {"hello": {"en": "Hello {{ user.first_name }}", "de": one_text(choices)}},
    }


@dataclass
class Draft:
    """A flow in the making."""

    choices: Choices
    names: Sequence[str]
    awaits_choice: bool = field(default=False)

    def anyone(self) -> str:
        return "nowhere" if self.choices.one_in(250) else self.choices.of(self.names)

    def after(self, n: int) -> str:
        """A later state; now and then any, and so perhaps a way round in circles."""
        later = self.names[n + 1 :]
        return self.choices.of(later) if later and not self.choices.one_in(40) else self.anyone()


def _anywhere(choices: Choices) -> list[str]:
    kinds = ("intent_match", "user_choice", "expression", "fallback", "any_input", "timeout")
    return choices.some(kinds, 2)


def _settings(choices: Choices, states: Sequence[JsonObject]) -> JsonObject:
    made: JsonObject = {"max_fallbacks": 1 + choices.below(3)}
    for setting in choices.some(("fallback_text", "error_text", "confirm_text"), 2):
        made[setting] = text(choices)
    for setting, kind in (("handoff_state", "human_handoff"), ("error_state", "error")):
        named = [state["name"] for state in states if state["type"] == kind]
        if named and choices.one_in(2):
            made[setting] = choices.of(named)
    return made


# transitions


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


def _heard(draft: Draft, condition: str, also: str = "$previous") -> JsonObject:
    """A transition that a state which waits tries."""
    choices = draft.choices
    made: JsonObject = {"condition": condition, **_value(draft, condition)}
    if condition in ("any_input", "fallback", "timeout") and choices.one_in(3):
        made["expression"] = guard(choices)
    made["target_state"] = also if choices.one_in(8) else draft.anyone()
    if choices.one_in(3):
        made["priority"] = choices.below(4)
    made["actions"] = actions(choices, 1)
    return made


_ON_INPUT = (
    *("intent_match", "any_input", "user_choice", "fallback", "intent_confidence"),
    *("low_confidence", "expression", "slot_filled"),
)


def _on_input(draft: Draft) -> list[JsonObject]:
    first = _heard(draft, draft.choices.of(_ON_INPUT[:6]))
    return [first, *(_heard(draft, kind) for kind in draft.choices.some(_ON_INPUT, 2))]


def _on_time(draft: Draft, state: JsonObject) -> None:
    state["timeout_seconds"] = 60 + draft.choices.below(2)
    state["transitions"].append(_heard(draft, "timeout"))


def _passing_on(draft: Draft, n: int) -> list[JsonObject]:
    """Ways on of a state that does not wait; one of them always holds, but in the odd flow."""
    choices = draft.choices
    one = guard(choices)
    ways = [("expression", one)] if choices.one_in(2) else []
    if not choices.one_in(80):
        ways.append(("expression", f"!({one})" if ways and choices.one_in(2) else "true"))
    made = [
        {"condition": condition, "expression": expression, "target_state": draft.after(n)}
        for condition, expression in ways
    ]
    if choices.one_in(4):
        made.insert(0, {**_heard(draft, "slot_filled"), "target_state": draft.after(n)})
    if made and choices.one_in(24):
        made[-1]["target_state"] = "$previous"
    return made


# states


def _state(draft: Draft, n: int) -> JsonObject:
    choices, is_last = draft.choices, n == len(draft.names) - 1
    made = choices.of(_RESTING if is_last else _KINDS)
    state: JsonObject = {
        "name": draft.names[n],
        "entry_actions": actions(choices),
        "exit_actions": actions(choices, 1) if choices.one_in(3) else [],
        "transitions": [],
    }
    made(draft, n, state)
    return state


def _response(draft: Draft, n: int, state: JsonObject) -> None:
    choices = draft.choices
    config: JsonObject = {"response_templates": templates(choices)}
    match choices.below(8):
        case 0 | 1:
            config |= {"quick_replies": REPLIES, "buttons": BUTTONS[:1]}
        case 2:
            config["choices_from"] = choices.of(("['Go', 'Stay']", "vars.any"))
        case 3:
            more = content(choices)
            config |= {key: value for key, value in more.items() if key != "text"}
        case 4:
            config |= {"personalization": False, "typing_indicator": False, "delay_ms": 5}
        case _:
            pass
    state |= {"type": "response", "config": config}
    match choices.below(4) if n < len(draft.names) - 1 else choices.below(2):
        case 0:
            state["transitions"] = _on_input(draft)
            if choices.one_in(3):
                _on_time(draft, state)
        case 1:
            if choices.one_in(2):
                state["is_final"] = True
            else:
                _on_time(draft, state)
        case _:
            state["transitions"] = _passing_on(draft, n)


def _intent(draft: Draft, n: int, state: JsonObject) -> None:
    del n
    choices = draft.choices
    config: JsonObject = {"confidence_threshold": choices.of((0.7, 0.4, 1.0))}
    if choices.one_in(2):
        config |= {"intent_patterns": choices.some(INTENTS, 2), "max_retries": 1}
    if choices.one_in(3):
        config |= {"fallback_intent": choices.of(INTENTS), "retry_prompt": text(choices)}
    if choices.one_in(3):
        config["context_aware"] = False
    state |= {"type": "intent", "config": config, "transitions": _on_input(draft)}


def _slot_filling(draft: Draft, n: int, state: JsonObject) -> None:
    choices = draft.choices
    wanted = choices.some(tuple(SLOTS), 4) or ["age"]
    required = wanted[: 1 + choices.below(3)]
    config: JsonObject = {
        "required_slots": required,
        "optional_slots": wanted[len(required) :],
        "collect_mode": choices.of(("sequential", "parallel", "adaptive")),
        "max_retries": 1 + choices.below(2),
    }
    match choices.below(5):
        case 0:
            config["from_event"] = True
        case 1:
            config["validation_rules"] = {required[0]: guard(choices)}
        case 2:
            config |= {"prompts": {required[0]: text(choices)}}
        case 3:
            config |= {"retry_prompts": {name: text(choices) for name in required}}
        case _:
            pass
    state |= {"type": "slot_filling", "config": config}
    state["transitions"] = [
        {"condition": "all_slots_filled", "target_state": draft.after(n)},
        *(_heard(draft, kind) for kind in choices.some(_ON_INPUT, 2)),
    ]
    if choices.one_in(4):
        way = {"condition": "slot_filled", "condition_value": required[0]}
        state["transitions"].insert(0, {**way, "target_state": draft.after(n)})
    if choices.one_in(4):
        _on_time(draft, state)


def _integration(draft: Draft, n: int, state: JsonObject) -> None:
    choices = draft.choices
    config: JsonObject = {
        "integration_id": "x",
        "endpoint": "/{{ slots.age }}/{{ vars.any }}",
        "method": choices.of(("GET", "POST", "DELETE")),
        "request_mapping": {"a": choices.of(("vars.any", "slots.note", "user.first_name"))},
        "retry_config": {"max_attempts": 3},
        "error_handling": {"message": text(choices), "default_data": choices.json()},
        "response_mapping": {
            "any": choices.of(("@", "x", "*", "length(x)")),
            f"slots.{choices.of(tuple(SLOTS))}": choices.of(("x", "y")),
            "vars.mapped": "[x, y]",
        },
    }
    state |= {"type": "integration", "config": config}
    kinds: list[Json] = choices.some(("timeout", 404, "http_5xx", "refused"), 2)
    ways: list[JsonObject] = [
        {"condition": "integration_error", "condition_value": kind} for kind in kinds
    ]
    ways += [{"condition": "integration_success"}, {"condition": "integration_error"}]
    if choices.one_in(60):
        del ways[-1]
    state["transitions"] = [
        {**way, "target_state": draft.after(n), "actions": actions(choices, 1)} for way in ways
    ]


def _condition(draft: Draft, n: int, state: JsonObject) -> None:
    choices = draft.choices
    mode = choices.of(("first_match", "priority", "all_match"))
    target = draft.after(n)
    written = [
        {
            "expression": guard(choices),
            "target_state": target if mode == "all_match" else draft.after(n),
            "priority": choices.below(3),
        }
        for _ in range(1 + choices.below(3))
    ]
    config: JsonObject = {"conditions": written, "evaluation_mode": mode}
    state |= {"type": "condition", "config": config}
    match choices.below(4):
        case 0 | 1:
            config["default_state"] = draft.after(n)
        case 2:
            state["transitions"] = _passing_on(draft, n)
        case _:
            opposite = f"!({written[0]['expression']})"
            if mode != "all_match":
                written.append({"expression": opposite, "target_state": draft.after(n)})
            else:
                config["default_state"] = target


_UNTIL = (
    "now + duration('90s')",
    "timestamp('2025-01-01T00:00:00Z')",
    "slots.day",
    "'2026-03-01T10:00:00'",
    "slots.moment + duration('1h')",
    "input.text",
)


def _wait(draft: Draft, n: int, state: JsonObject) -> None:
    del n
    choices = draft.choices
    state |= {"type": "wait", "config": {}}
    _on_time(draft, state)
    if choices.one_in(3):
        del state["timeout_seconds"]
        state["config"]["until"] = choices.of(_UNTIL)
    if choices.one_in(2):
        state["transitions"] += _on_input(draft)


def _end(draft: Draft, n: int, state: JsonObject) -> None:
    del n
    choices = draft.choices
    config: JsonObject = {"status": choices.of(("completed", "abandoned"))}
    if choices.one_in(2):
        config["response_templates"] = templates(choices)
    state |= {"type": "end", "config": config}


def _error(draft: Draft, n: int, state: JsonObject) -> None:
    choices = draft.choices
    config: JsonObject = {"notify": choices.one_in(2)}
    if choices.one_in(2):
        config["response_templates"] = templates(choices)
    state |= {"type": "error", "config": config}
    match choices.below(4):
        case 0:
            state["transitions"] = _on_input(draft)
        case 1:
            state["transitions"] = _passing_on(draft, n)
        case _:
            pass


def _handoff(draft: Draft, n: int, state: JsonObject) -> None:
    del n
    choices = draft.choices
    config: JsonObject = {"queue": "q", "priority": choices.of(("normal", "urgent"))}
    if choices.one_in(2):
        config |= {"reason": text(choices), "response_templates": templates(choices)}
    if choices.one_in(2):
        config["return_state"] = draft.anyone()
    state |= {"type": "human_handoff", "config": config}
    if choices.one_in(2):
        state["transitions"] = _on_input(draft)
    if choices.one_in(3):
        _on_time(draft, state)


type Make = Callable[[Draft, int, JsonObject], None]

_RESTING: tuple[Make, ...] = (_end, _response, _intent, _wait, _handoff, _error)
_KINDS: tuple[Make, ...] = (
    *(_response, _slot_filling, _intent, _integration, _condition, _wait, _handoff, _response),
    *(_slot_filling, _error, _end),
)
