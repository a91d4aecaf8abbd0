"""The states of a random flow: how each type is drawn."""

from collections.abc import Callable

from parley.domain.json import Json, JsonObject
from tests.property.flows.drafts import (
    INTENTS,
    ON_INPUT,
    Draft,
    heard,
    on_input,
    on_time,
    passing_on,
)
from tests.property.flows.parts import (
    BUTTONS,
    FIELDS,
    REPLIES,
    SLOTS,
    actions,
    content,
    guard,
    templates,
    text,
)


def state_of(draft: Draft, n: int) -> JsonObject:
    choices, is_last = draft.choices, n == len(draft.names) - 1
    made = choices.of(_RESTING if is_last else _KINDS)
    if is_last and draft.role.is_called and not choices.one_in(3):
        made = _end
    state: JsonObject = {
        "name": draft.names[n],
        "entry_actions": actions(choices) + draft.call(),
        "exit_actions": actions(choices, 1) + draft.call() if choices.one_in(3) else [],
        "transitions": [],
    }
    if choices.one_in(8):
        config = {"key": draft.role.own_slot, "value": "{{ input.text }}"}
        state["entry_actions"].append({"type": "set_slot", "config": config})
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
            state["transitions"] = on_input(draft)
            if choices.one_in(3):
                on_time(draft, state)
        case 1:
            if choices.one_in(2):
                state["is_final"] = True
            else:
                on_time(draft, state)
        case _:
            state["transitions"] = passing_on(draft, n)


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
    state |= {"type": "intent", "config": config, "transitions": on_input(draft)}


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
        {"condition": "all_slots_filled", "target_state": draft.after(n), "actions": draft.call()},
        *(heard(draft, kind) for kind in choices.some(ON_INPUT, 2)),
    ]
    if choices.one_in(4):
        way = {"condition": "slot_filled", "condition_value": required[0]}
        state["transitions"].insert(0, {**way, "target_state": draft.after(n)})
    if choices.one_in(4):
        on_time(draft, state)
    if choices.one_in(3):
        asked = [field for field in FIELDS if field["name"] in wanted] or FIELDS[3:]
        form = {"type": "send_message", "config": {"form": {"fields": asked}}}
        state["entry_actions"].append(form)


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
        {**way, "target_state": draft.after(n), "actions": actions(choices, 1) + draft.call()}
        for way in ways
    ]
    if choices.one_in(2):
        config["async"] = True
        on_time(draft, state)
        state["transitions"] += on_input(draft) if choices.one_in(2) else []


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
            state["transitions"] = passing_on(draft, n)
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
    on_time(draft, state)
    if choices.one_in(3):
        del state["timeout_seconds"]
        state["config"]["until"] = choices.of(_UNTIL)
    if choices.one_in(2):
        state["transitions"] += on_input(draft)


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
            state["transitions"] = on_input(draft)
        case 1:
            state["transitions"] = passing_on(draft, n)
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
        state["transitions"] = on_input(draft)
    if choices.one_in(3):
        on_time(draft, state)


type Make = Callable[[Draft, int, JsonObject], None]

_RESTING: tuple[Make, ...] = (_end, _response, _intent, _wait, _handoff, _error)
_KINDS: tuple[Make, ...] = (
    *(_response, _slot_filling, _intent, _integration, _condition, _wait, _handoff, _response),
    *(_slot_filling, _error, _end),
)
