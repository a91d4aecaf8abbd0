from typing import Any

import pytest

from parley.domain.conversations import Status
from tests.unit.engine.talks import Talk, a_flow, says, state, to

DONE = to("done", "all_slots_filled")


def form(*names: str, slots: Any, done: Any = (DONE,), **config: Any) -> Any:
    return a_flow(
        state("form", "slot_filling", *done, config={"required_slots": list(names), **config}),
        says("done", "Thanks"),
        slots=slots,
    )


def test_the_required_slots_are_asked_one_after_the_other() -> None:
    flow = form(
        "name",
        "age",
        slots={"name": {"prompt": "Name?"}, "age": {"type": "integer"}},
        prompts={"age": "Age?"},
    )
    talk = Talk(flow)
    assert talk.said == ["Name?"]
    talk.say("  Ada  ")
    assert talk.said == ["Age?"]
    talk.say("36")
    assert (talk.at, talk.state.slots) == ("done", {"name": "Ada", "age": 36})


def test_a_slot_without_a_prompt_is_asked_for_by_its_name() -> None:
    talk = Talk(form("birth_day", slots={"birth_day": {}}), user={"language": "de"})
    assert talk.said == ["Bitte nennen Sie: birth day"]


def test_slots_that_are_filled_already_are_not_asked_and_all_filled_is_done_at_once() -> None:
    flow = form("a", slots={"a": {}})
    flow["states"][0]["entry_actions"] = [
        {"type": "set_slot", "config": {"key": "a", "value": "x"}}
    ]
    talk = Talk(flow)
    assert (talk.at, talk.said, talk.turn.trace["path"]) == ("done", ["Thanks"], ["form", "done"])


def test_a_refused_value_is_answered_with_the_retry_text() -> None:
    flow = form(
        "n",
        slots={"n": {"type": "integer", "prompt": "N?", "retry_prompt": "A number!"}},
    )
    talk = Talk(flow)
    talk.say("many")
    assert (talk.said, talk.state.misses, talk.state.fallback_count) == (["A number!"], 1, 0)


def test_without_a_retry_text_the_fallback_text_comes_before_the_prompt() -> None:
    flow = form("n", slots={"n": {"type": "integer", "prompt": "N?"}})
    flow["settings"] = {"fallback_text": "Pardon?"}
    talk = Talk(flow)
    talk.say("many")
    assert talk.said == ["Pardon?", "N?"]


def test_after_max_retries_the_fallback_transition_is_taken_else_a_person_helps() -> None:
    slots = {"n": {"type": "integer"}}
    flow = form("n", slots=slots, done=(DONE, to("done", "fallback")), max_retries=2)
    talk = Talk(flow)
    for _ in range(2):
        talk.say("many")
        assert talk.at == "form"
    talk.say("many")
    assert talk.at == "done"
    flow = form("n", slots=slots, max_retries=1)
    flow["states"].append(state("person", "human_handoff"))
    talk = Talk(flow)
    talk.say("many")
    talk.say("many")
    assert talk.at == "person"


def test_a_message_that_filled_a_slot_sets_the_retries_to_zero() -> None:
    talk = Talk(form("n", "m", slots={"n": {"type": "integer"}, "m": {}}))
    talk.say("many")
    talk.say("3")
    assert (talk.state.misses, talk.state.asked) == (0, "m")


def test_intents_and_choices_come_before_the_slots() -> None:
    flow = form("name", slots={"name": {}}, done=(DONE, to("form", "intent_match", "stop")))
    flow["intents"] = {"stop": {"examples": ["stop"]}}
    talk = Talk(flow, intents={"stop": [("stop", 1.0)]})
    talk.say("stop")
    assert talk.state.slots == {}
    talk.say("Stopford")
    assert talk.state.slots == {"name": "Stopford"}


def test_any_input_comes_after_the_slots_and_only_for_what_they_refuse() -> None:
    flow = form("n", "m", slots={"n": {"type": "integer"}, "m": {}}, done=(to("done"), DONE))
    talk = Talk(flow)
    talk.say("3")
    assert talk.at == "form"
    talk = Talk(flow)
    talk.say("many")
    assert talk.at == "done"


def test_a_slot_that_is_filled_may_lead_on_before_the_others_are() -> None:
    flow = form("a", "b", slots={"a": {}, "b": {}}, done=(to("done", "slot_filled", "a"), DONE))
    talk = Talk(flow)
    talk.say("x")
    assert talk.at == "done"


def test_a_validation_rule_sees_the_value_in_its_slot() -> None:
    flow = form(
        "n",
        slots={"n": {"type": "integer", "retry_prompt": "Even!"}},
        validation_rules={"n": "slots.n % 2 == 0"},
    )
    talk = Talk(flow)
    talk.say("3")
    assert (talk.said, talk.state.slots) == (["Even!"], {})
    talk.say("4")
    assert talk.state.slots == {"n": 4}


def test_a_slot_to_be_confirmed_is_filled_at_yes_and_asked_again_at_no() -> None:
    flow = form(
        "city",
        slots={"city": {"prompt": "City?", "confirm": True, "confirm_prompt": "{{ slots.city }}?"}},
    )
    talk = Talk(flow)
    talk.say("Rom")
    assert (talk.said, talk.state.slots, talk.state.misses) == (["Rom?"], {}, 0)
    talk.say("no")
    assert (talk.said, talk.state.misses) == (["City?"], 0)
    talk.say("Rome")
    talk.say("perhaps")
    assert (talk.said[-1], talk.state.misses) == ("Rome?", 1)
    talk.say("Yes!")
    assert (talk.at, talk.state.slots) == ("done", {"city": "Rome"})


def test_the_built_in_confirmation_names_the_value() -> None:
    talk = Talk(form("city", slots={"city": {"confirm": True}}))
    talk.say("Rome")
    assert talk.said == ["Is that right: Rome? (yes or no)"]


def test_from_event_takes_a_slot_from_the_message_that_led_here() -> None:
    flow = a_flow(
        says("ask", "?", to("form")),
        state("form", "slot_filling", DONE, config={"required_slots": ["n"], "from_event": True}),
        says("done"),
        slots={"n": {"type": "integer", "prompt": "N?"}},
    )
    talk = Talk(flow)
    talk.say("42")
    assert (talk.at, talk.state.slots) == ("done", {"n": 42})
    talk = Talk(flow)
    talk.say("hello")
    assert (talk.said, talk.state.misses) == (["N?"], 0)


def test_all_filled_and_nothing_to_take_is_a_dead_end() -> None:
    talk = Talk(form("n", slots={"n": {}}, done=(to("done", "intent_match", "x"),)))
    talk.say("y")
    assert talk.state.status is Status.ERROR
    assert talk.errors[-1]["why"] == "no transition holds"


def test_the_answer_to_a_question_may_be_a_location() -> None:
    talk = Talk(form("where", slots={"where": {"type": "location"}}))
    talk.say("", type="location", location={"latitude": 48.1, "longitude": 11.6})
    assert talk.state.slots == {"where": {"latitude": 48.1, "longitude": 11.6}}


@pytest.mark.parametrize(
    ("slot", "text", "value"),
    [
        ({"type": "string"}, " a b ", "a b"),
        ({"type": "string"}, "   ", None),
        ({"type": "string", "pattern": "^[A-Z]{2}[0-9]{6}$"}, "AB123456", "AB123456"),
        ({"type": "string", "pattern": "^[A-Z]{2}[0-9]{6}$"}, "ab123456", None),
        ({"type": "string", "pattern": "b"}, "abc", "abc"),
        ({"type": "string", "min_length": 3}, "ab", None),
        ({"type": "string", "max_length": 3}, "abcd", None),
        ({"type": "integer"}, "-12", -12),
        ({"type": "integer"}, "12.5", None),
        ({"type": "integer"}, "٤٢", 42),
        ({"type": "integer", "minimum": 1, "maximum": 5}, "6", None),
        ({"type": "integer", "minimum": 1, "maximum": 5}, "0", None),
        ({"type": "integer", "minimum": 1, "maximum": 5}, "5", 5),
        ({"type": "integer"}, "9" * 5_000, None),
        ({"type": "number"}, "3,5", 3.5),
        ({"type": "number"}, "4", 4),
        ({"type": "number"}, "nan", None),
        ({"type": "boolean"}, "Yes.", True),
        ({"type": "boolean"}, "nein", False),
        ({"type": "boolean"}, "はい", True),
        ({"type": "boolean"}, "perhaps", None),
        ({"type": "date"}, "2026-02-28", "2026-02-28"),
        ({"type": "date"}, "28.2.2026", "2026-02-28"),
        ({"type": "date"}, "30/02/2026", None),
        ({"type": "date", "minimum": "2026-01-01"}, "2025-12-31", None),
        ({"type": "datetime"}, "2026-02-28T10:00", "2026-02-28T10:00:00"),
        ({"type": "time"}, "9:30", "09:30"),
        ({"type": "time"}, "09.30", "09:30"),
        ({"type": "email"}, "ada@example.com", "ada@example.com"),
        ({"type": "email"}, "ada@@example.com", None),
        ({"type": "email"}, "ada@localhost", None),
        ({"type": "phone"}, "+49 (89) 123-456", "+4989123456"),
        ({"type": "phone"}, "12", None),
        ({"type": "url"}, "https://example.com/a?b=c", "https://example.com/a?b=c"),
        ({"type": "url"}, "javascript:alert(1)", None),
        ({"type": "url"}, "http://[", None),
        ({"type": "money"}, "12.50 EUR", 12.5),
        ({"type": "money"}, "$20", 20),
        ({"type": "money"}, "much", None),
        ({"type": "enum", "enum": ["Small", "Large"]}, "large", "Large"),
        ({"type": "enum", "enum": {"s": ["small", "little"]}}, "LITTLE", "s"),
        ({"type": "enum", "enum": {"s": {"de": ["klein"], "en": ["small"]}}}, "klein", "s"),
        ({"type": "enum", "enum": ["a"]}, "b", None),
        ({"type": "location"}, "48.1, 11.6", {"latitude": 48.1, "longitude": 11.6}),
        ({"type": "location"}, "91, 0", None),
        ({"type": "any"}, "whatever", "whatever"),
    ],
)
def test_a_slot_reads_what_a_person_writes(slot: Any, text: Any, value: Any) -> None:
    talk = Talk(form("x", slots={"x": slot}))
    talk.say(text)
    assert talk.state.slots.get("x") == value
    assert type(talk.state.slots.get("x")) is type(value)
