"""Each type of state, from its config to its work."""

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

import parley.domain.flow_states as authored
from parley.domain.conversations import Status
from parley.domain.errors import Fault, FlowInvalid
from parley.domain.flows import FlowDocument
from parley.domain.integrations import is_built_in
from parley.domain.json import Json
from parley.engine import defaults
from parley.engine.calls import BUILT_IN_METHOD
from parley.engine.opposites import negations
from parley.engine.parts import Parts
from parley.engine.program import Work
from parley.engine.states.condition import Branch, Condition
from parley.engine.states.end import End
from parley.engine.states.error import Error
from parley.engine.states.human_handoff import HumanHandoff
from parley.engine.states.integration import Integration
from parley.engine.states.intent import Intent
from parley.engine.states.response import Response
from parley.engine.states.slot_filling import SlotFilling
from parley.engine.states.wait import Wait


def compile_work(  # noqa: C901, PLR0911 -- one case a type of state
    state: authored.State, pointer: str, parts: Parts, document: FlowDocument
) -> Work:
    """What the state does. Raises FlowInvalid."""
    at = f"{pointer}/config"
    match state:
        case authored.ResponseState(config=config):
            return Response(parts.response(config, at))
        case authored.IntentState():
            return Intent()
        case authored.SlotFillingState(config=config):
            return _slot_filling(config, at, parts, document)
        case authored.IntegrationState():
            return _integration(state, at, parts, document)
        case authored.ConditionState(config=config):
            return _condition(config, at, parts)
        case authored.WaitState(config=config):
            return Wait(parts.optional_expression(config.until, f"{at}/until"))
        case authored.EndState(config=config):
            said = parts.templates(config.response_templates, f"{at}/response_templates")
            return End(Status(config.status), said)
        case authored.ErrorState(config=config):
            said = parts.templates(config.response_templates, f"{at}/response_templates")
            return Error(said, config.notify)
        case authored.HumanHandoffState(config=config):
            return HumanHandoff(
                config.queue,
                config.priority,
                parts.optional_words(config.reason, f"{at}/reason"),
                parts.templates(config.response_templates, f"{at}/response_templates"),
                config.return_state,
            )
        case unexpected:
            assert_never(unexpected)


def _slot_filling(
    config: authored.SlotFillingConfig, at: str, parts: Parts, document: FlowDocument
) -> SlotFilling:
    for field in ("required_slots", "optional_slots"):
        for name in getattr(config, field):
            parts.slot(name, f"{at}/{field}")
    optional = [name for name in config.optional_slots if name not in config.required_slots]
    slots = {name: document.slots[name] for name in (*config.required_slots, *optional)}
    retries = {
        name: config.retry_prompts.get(name, slot.retry_prompt) for name, slot in slots.items()
    }
    confirming = {
        name: {language: text % name for language, text in defaults.CONFIRM.items()}
        for name, slot in slots.items()
        if slot.confirm
    }
    confirm_text = document.settings.confirm_text
    return SlotFilling(
        required=config.required_slots,
        optional=tuple(optional),
        takes_whole=config.collect_mode == "sequential",
        asks_all=config.collect_mode == "parallel",
        rules={
            name: parts.expression(rule, f"{at}/validation_rules/{name}")
            for name, rule in config.validation_rules.items()
        },
        prompts={
            name: parts.words_or(
                config.prompts.get(name, slot.prompt), parts.ask(name), f"{at}/prompts/{name}"
            )
            for name, slot in slots.items()
        },
        retry_prompts={
            name: parts.words(text, f"{at}/retry_prompts/{name}")
            for name, text in retries.items()
            if text is not None
        },
        confirm_prompts={
            name: parts.words_or(
                slots[name].confirm_prompt or confirm_text,
                built_in,
                f"/slots/{name}/confirm_prompt",
            )
            for name, built_in in confirming.items()
        },
        takes_event=config.from_event,
    )


def _integration(
    state: authored.IntegrationState, at: str, parts: Parts, document: FlowDocument
) -> Integration:
    config, own = state.config, is_built_in(state.config.integration_id)
    if config.is_async and (own or state.timeout_seconds is None):
        why = "a built-in one answers at once" if own else "the state needs `timeout_seconds`"
        why = f"no call waits here for its callback: {why}"
        raise FlowInvalid(f"{at}/async: {why}", [Fault(f"{at}/async", why)])
    may_repeat = own or config.method in config.retry_config.methods
    return Integration(
        integration_id=config.integration_id,
        endpoint=parts.one_text(config.endpoint, f"{at}/endpoint", is_endpoint=True),
        method=BUILT_IN_METHOD if own else config.method,
        timeout_ms=config.timeout_ms,
        may_repeat=may_repeat,
        max_attempts=config.retry_config.max_attempts,
        backoff_ms=config.retry_config.backoff_ms,
        request={
            name: compiled_path(path, f"{at}/request_mapping/{name}")
            for name, path in config.request_mapping.items()
        },
        response={
            _target(target, f"{at}/response_mapping", parts, document): compiled_path(
                path, f"{at}/response_mapping/{target}"
            )
            for target, path in config.response_mapping.items()
        },
        error_message=parts.optional_words(config.error_handling.message, f"{at}/error_handling"),
        default_data=config.error_handling.default_data,
        waits=config.is_async,
    )


def mapping_target(target: str, document: FlowDocument) -> tuple[str, str]:
    """`slots` or `vars`, and the name: a bare name is a slot's if one is declared."""
    kind, separator, name = target.partition(".")
    if separator and kind in ("slots", "vars"):
        return kind, name
    return ("slots" if target in document.slots else "vars"), target


def _target(target: str, pointer: str, parts: Parts, document: FlowDocument) -> tuple[str, str]:
    kind, name = mapping_target(target, document)
    return (kind, parts.slot(name, pointer)) if kind == "slots" else (kind, name)


def _condition(config: authored.ConditionConfig, at: str, parts: Parts) -> Condition:
    written = list(enumerate(config.conditions))
    if config.evaluation_mode == "priority":
        written.sort(key=lambda pair: pair[1].priority)
    denied = negations(choice.expression for choice in config.conditions)
    branches = tuple(
        Branch(
            f"{at}/conditions/{n}",
            replace(
                parts.expression(choice.expression, f"{at}/conditions/{n}/expression"),
                if_failed=choice.expression in denied,
            ),
            choice.target_state,
        )
        for n, choice in written
    )
    return Condition(branches, config.evaluation_mode == "all_match", config.default_state)


def compiled_path(path: str, pointer: str) -> Callable[[Json], Json]:
    """A mapping's path, compiled. Raises FlowInvalid."""
    from parley.engine.mappings import PathInvalid, compile_path  # noqa: PLC0415 -- cold start

    try:
        return compile_path(path)
    except PathInvalid as error:
        raise FlowInvalid(f"{pointer}: {error}", [Fault(pointer, str(error))]) from error
