"""Slots with personal data are masked wherever a turn writes into a log."""

from typing import Any

import pytest

from parley.domain.json import JsonObject
from parley.engine.effects import HandOff, LogEvent
from parley.engine.masking import masked
from tests.unit.engine.talks import Talk, a_flow, says, state, to

SLOTS = {"phone": {"type": "phone", "pii": True}, "name": {}}
KNOWN = [
    {"type": "set_slot", "config": {"key": "phone", "value": "+41441234567"}},
    {"type": "set_slot", "config": {"key": "name", "value": "Ada"}},
]
MASKED = "••••••••4567"


def doing(kind: str, **config: Any) -> Talk:
    actions = [*KNOWN, {"type": kind, "config": config}]
    said = "{{ slots.phone }}"
    return Talk(a_flow(says("a", said, to("a"), entry_actions=actions), slots=SLOTS))


def logged(talk: Talk) -> list[JsonObject]:
    return [event.data for event in talk.events if isinstance(event, LogEvent)]


@pytest.mark.parametrize(
    ("value", "shown"), [("+41441234567", MASKED), ("abc", "••c"), (1234, "••34"), (None, "")]
)
def test_the_end_of_a_value_is_shown_and_never_more_than_half(value: Any, shown: str) -> None:
    assert masked(value) == shown


def test_an_event_shows_its_end_alone_and_the_customer_sees_it_whole() -> None:
    talk = doing("log_event", event="called", data={"to": "{{ slots.phone }} {{ slots.name }}"})

    assert logged(talk) == [{"to": f"{MASKED} Ada"}]
    assert talk.said == ["+41441234567"]
    assert talk.state.slots["phone"] == "+41441234567"


def test_liquid_sees_no_more_than_a_short_text_does() -> None:
    talk = doing("log_event", event="called", data={"to": "{{ slots.phone | append: '!' }}"})

    assert logged(talk) == [{"to": f"{MASKED}!"}]


def test_a_measurement_is_told_by_whom_and_not_from_where() -> None:
    talk = doing("send_analytics", metric="calls", dimensions={"who": "{{ slots.phone }}"})

    assert logged(talk)[0]["dimensions"] == {"who": MASKED}


def test_a_note_is_kept_whole_and_told_masked() -> None:
    talk = doing("set_context", key="reach", value="{{ slots.phone }}")

    assert logged(talk) == [{"key": "reach", "value": MASKED}]
    assert talk.state.context == {"reach": "+41441234567"}


def test_the_reason_of_a_handoff_is_an_event_too() -> None:
    person = state("h", "human_handoff", config={"reason": "Call {{ slots.phone }}"})
    talk = Talk(a_flow(says("a", "A", to("h"), entry_actions=KNOWN), person, slots=SLOTS))

    talk.say("help")

    (asked,) = [effect for effect in talk.events if isinstance(effect, HandOff)]
    assert asked.reason == f"Call {MASKED}"


def test_what_the_conversations_own_flow_calls_personal_is_so_in_a_called_one() -> None:
    telling = {"type": "log_event", "config": {"event": "e", "data": {"to": "{{ slots.phone }}"}}}
    called = a_flow(
        says("b", "B", to("b"), entry_actions=[telling]), name="called", slots={"phone": {}}
    )
    call = {"type": "trigger_flow", "config": {"flow": "called", "mode": "call"}}
    own = a_flow(says("a", "A", to("a"), entry_actions=[*KNOWN, call]), slots=SLOTS)

    assert logged(Talk(own, flows=[called])) == [{"to": MASKED}]
