"""Several values in one message: parallel and adaptive slot filling."""

from typing import Any

import pytest

from parley.domain.flow_slots import Slot
from parley.engine.check import check_flow, has_errors
from parley.engine.pieces import shared_out
from parley.engine.replay import replay
from parley.engine.slots import SlotRule, enum_words
from tests.unit.engine.talks import Talk, a_flow, says, state, to

SLOTS: dict[str, Any] = {
    "when": {"type": "date", "prompt": "When?"},
    "guests": {
        "type": "integer",
        "prompt": "How many?",
        "maximum": 12,
        "retry_prompt": "12 at most!",
    },
    "name": {"prompt": "Your name?"},
    "room": {"type": "enum", "enum": {"hall": ["big one"], "den": {"de": ["Stube"]}}},
}


def form(mode: str, *required: str, slots: Any = SLOTS, **config: Any) -> Any:
    collecting = {"required_slots": list(required), "collect_mode": mode, **config}
    return a_flow(
        state("form", "slot_filling", to("done", "all_slots_filled"), config=collecting),
        says("done", "Thanks"),
        slots=slots,
    )


def rule(name: str, kind: str, words: Any = None) -> SlotRule:
    slot = Slot(type=kind, enum=words)  # type: ignore[arg-type]  # any of the types
    return SlotRule(name, kind, None, None, None, None, None, enum_words(slot), confirm=False)


def pieces(text: str, *kinds: str, filled: tuple[str, ...] = ()) -> list[str]:
    missing = [rule(f"{kind}_{n}", kind) for n, kind in enumerate(kinds)]
    known = [rule(kind, kind) for kind in filled]
    return [f"{found.name}={piece}" for found, piece in shared_out(text, missing, known)]


def test_parallel_asks_for_all_in_one_message_and_takes_all_from_one() -> None:
    flow = form("parallel", "when", "guests", "name")
    assert not has_errors(check_flow(flow))
    talk = Talk(flow)
    assert talk.said == ["When?\nHow many?\nYour name?"]
    talk.say("Ada Byron, 4, 2026-03-01")
    assert (talk.at, talk.state.slots) == (
        "done",
        {"name": "Ada Byron", "guests": 4, "when": "2026-03-01"},
    )
    assert replay(talk.program, talk.traces).difference is None


def test_adaptive_asks_for_the_first_that_is_missing() -> None:
    talk = Talk(form("adaptive", "when", "guests", "name"))
    assert talk.said == ["When?"]
    talk.say("4")
    assert (talk.said, talk.state.misses) == (["When?"], 0)
    talk.say("1.3.2026")
    assert talk.said == ["Your name?"]
    talk.say("Byron, Ada")
    assert talk.state.slots["name"] == "Byron, Ada"


def test_optional_slots_are_taken_and_never_asked_for() -> None:
    talk = Talk(form("adaptive", "guests", optional_slots=["room", "when"]))
    assert talk.said == ["How many?"]
    talk.say("the BIG ONE for 3 please")
    assert (talk.at, talk.state.slots) == ("done", {"room": "hall", "guests": 3})


@pytest.mark.parametrize(
    ("word", "value"), [("Stube", "den"), ("hall", "hall"), ("Big One", "hall")]
)
def test_an_enum_knows_the_synonyms_of_every_language(word: str, value: str) -> None:
    talk = Talk(form("parallel", "room"))
    talk.say(f"I take the {word}!")
    assert talk.state.slots == {"room": value}


def test_a_piece_belongs_to_the_first_slot_of_its_type_even_if_that_refuses_it() -> None:
    slots = {**SLOTS, "children": {"type": "integer"}}
    talk = Talk(form("parallel", "guests", "children", "name", slots=slots))
    talk.say("40")
    assert (talk.said, talk.state.slots, talk.state.misses) == (["12 at most!"], {}, 1)
    talk.say("40, 2")
    assert (talk.state.slots, talk.state.misses) == ({"children": 2}, 0)


def test_a_message_without_any_value_is_a_miss_and_all_is_asked_again() -> None:
    talk = Talk(form("parallel", "when", "guests"))
    talk.say("hm")
    assert talk.said == ["Sorry, I did not understand that.", "When?\nHow many?"]


def test_a_filled_slot_is_overwritten_only_when_the_message_names_it() -> None:
    talk = Talk(form("adaptive", "when", "guests", "name"))
    talk.say("2026-03-01, 4")
    talk.say("change the when to 2026-04-02")
    assert talk.state.slots == {"when": "2026-04-02", "guests": 4}
    talk.say("guests: 50")
    assert (talk.said, talk.state.slots["guests"]) == (["12 at most!"], 4)


def test_values_to_confirm_are_asked_about_one_after_the_other() -> None:
    slots = {name: {**slot, "confirm": True} for name, slot in SLOTS.items()}
    slots["guests"]["confirm_prompt"] = "{{ slots.guests }} guests?"
    talk = Talk(form("parallel", "when", "guests", slots=slots))
    talk.say("4 on 2026-03-01")
    assert talk.said == ["Is that right: 2026-03-01? (yes or no)"]
    talk.say("perhaps")
    assert (talk.state.misses, talk.state.slots) == (1, {})
    talk.say("yes")
    assert (talk.said, talk.state.misses) == (["4 guests?"], 0)
    talk.say("no")
    assert (talk.said, talk.state.slots) == (["How many?"], {"when": "2026-03-01"})
    talk.say("5")
    talk.say("yes")
    assert (talk.at, talk.state.slots["guests"]) == ("done", 5)
    assert replay(talk.program, talk.traces).difference is None


def test_no_to_a_new_value_keeps_the_old_one() -> None:
    slots = {**SLOTS, "guests": {"type": "integer", "confirm": True}}
    talk = Talk(form("adaptive", "guests", "name", slots=slots))
    talk.say("4")
    talk.say("yes")
    talk.say("guests to 5")
    talk.say("no")
    assert (talk.state.slots, talk.said) == ({"guests": 4}, ["Your name?"])


def test_the_message_that_led_here_may_fill_several() -> None:
    flow = form("adaptive", "guests", "when", from_event=True)
    flow["states"].insert(0, says("hi", "Hi", to("form")))
    talk = Talk({**flow, "initial_state": "hi"})
    talk.say("a table for 4 on 2026-03-01")
    assert talk.at == "done"


@pytest.mark.parametrize(
    ("text", "kinds", "expected"),
    [
        ("5 and 6", ("integer", "integer"), ["integer_0=5", "integer_1=6"]),
        ("2026-01-01 5", ("integer", "date"), ["integer_0=5", "date_1=2026-01-01"]),
        ("at 10:30, 3", ("integer", "time"), ["integer_0=3", "time_1=10:30"]),
        ("2026-01-01T10:30", ("date", "datetime"), ["datetime_1=2026-01-01T10:30"]),
        ("AB123456", ("integer", "string"), ["string_1=AB123456"]),
        ("mail ada@example.com now", ("email",), ["email_0=ada@example.com"]),
        ("see https://x.org/a?b=1", ("url",), ["url_0=https://x.org/a?b=1"]),
        ("call +49 151 2345678", ("phone", "integer"), ["phone_0=+49 151 2345678"]),
        ("12,50 EUR", ("money", "number"), ["money_0=12,50 EUR"]),
        ("52.5, 13.4", ("location",), ["location_0=52.5, 13.4"]),
        ("well yes", ("boolean",), ["boolean_0=yes"]),
        ("nothing", ("integer", "date"), []),
        ("a, b, c", ("string", "string"), ["string_0=a", "string_1=b"]),
        ("a, b", ("string",), ["string_0=a, b"]),
        ("\u4e8c\u3064\u30019", ("integer", "string"), ["integer_0=9", "string_1=\u4e8c\u3064"]),
    ],
)
def test_pieces_go_to_slots_by_type(text: str, kinds: Any, expected: list[str]) -> None:
    assert pieces(text, *kinds) == expected


def test_a_name_inside_another_word_names_no_slot() -> None:
    assert pieces("update 2026-01-01", filled=("date",)) == []
    assert pieces("date 2026-01-01", filled=("date",)) == ["date=2026-01-01"]


def test_a_long_message_is_read_in_a_moment() -> None:
    kinds = ("phone", "email", "url", "money", "date", "boolean", "location", "string")
    for text in ("1 " * 2_500, "a" * 5_000, "(" * 5_000, "a@" * 2_500, "1." * 2_500, "," * 5_000):
        pieces(text, *kinds, filled=("date",))
