"""Random flows: most of them pass the check, and all of them try the language out.

States that do not wait lead on to later ones, the last one rests, and what is read is declared: so
a flow is sound, but for the odd one that goes round, stops short or names what is not there.
"""

from collections.abc import Sequence

from parley.domain.json import JsonObject
from tests.property.flows.choices import Choices
from tests.property.flows.drafts import INTENTS, Draft, Role, heard
from tests.property.flows.parts import BUTTONS, REPLIES, one_text, slots, text
from tests.property.flows.states import state_of

FLOW_BYTES = 640
"""About what the largest of flows takes."""
_NAMES = ("a", "b", "c", "d", "e", "f")
_ALONE = Role()


def flow_of(source: bytes, role: Role = _ALONE) -> JsonObject:
    """The flow that these bytes stand for."""
    choices = Choices(source)
    draft = Draft(choices, _NAMES[: role.least + choices.below(role.least + 1)], role)
    states = [state_of(draft, n) for n in range(len(draft.names))]
    anywhere = [heard(draft, kind) for kind in _anywhere(choices)]
    if draft.awaits_choice:
        offer = {"text": "Choose", "quick_replies": REPLIES, "buttons": BUTTONS}
        states[0]["entry_actions"].append({"type": "send_message", "config": offer})
    return {
        "schema": "parley/1",
        "name": role.name,
        "language": choices.of(("en", "de", "en-US")),
        "initial_state": "a",
        "variables": {"n": 0, "any": choices.json() if choices.one_in(3) else None},
        "slots": {**slots(choices), role.own_slot: {"type": "any"}},
        "intents": {name: {"examples": [name], "keywords": [name]} for name in INTENTS},
        "settings": _settings(choices, states),
        "global_transitions": anywhere,
        "states": states,
        "texts": {"hello": {"en": "Hello {{ user.first_name }}", "de": one_text(choices)}},
    }


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
