from typing import Any

import pytest

from parley.engine.replay import replay
from tests.unit.engine.talks import Talk, a_flow, says, state, to


def told(kind: str, text: str, **user: Any) -> Any:
    """What a slot of that type becomes; it is noon of Saturday, 31 January 2026, in UTC."""
    flow = a_flow(
        state(
            "form", "slot_filling", to("done", "slot_filled", "x"), config={"required_slots": ["x"]}
        ),
        says("done", "Thanks"),
        slots={"x": {"type": kind}},
    )
    talk = Talk(flow, user=user)
    talk.say(text)
    assert replay(talk.program, talk.traces).difference is None
    return talk.state.slots.get("x")


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "tomorrow", "2026-02-01"),
        ("en", "The 5th of March", "2026-03-05"),
        ("en", "Jan 5", "2027-01-05"),
        ("en", "March 5, 2030", "2030-03-05"),
        ("en", "Saturday", "2026-02-07"),
        ("en", "next Monday", "2026-02-02"),
        ("en", "3/4/2026", "2026-04-03"),
        ("en-US", "3/4/2026", "2026-03-04"),
        ("en-US", "2026-03-04", "2026-03-04"),
        ("de", "am 3. M\u00e4rz", "2026-03-03"),
        ("de", "\u00fcbermorgen", "2026-02-02"),
        ("de", "5 March", "2026-03-05"),
        ("fr", "le 14 juillet", "2026-07-14"),
        ("es", "5 de marzo de 2027", "2027-03-05"),
        ("ja", "2026\u5e743\u67085\u65e5", "2026-03-05"),
        ("ja", "2\u67082\u65e5", "2026-02-02"),
        ("ja", "13\u67082\u65e5", None),
        ("en", "30 February", None),
        ("en", "29 February", None),
        ("en", "some day", None),
        ("en", "\u00b2 May", None),  # digits that are no decimals
        ("en", "May \u2460", None),
        ("en", "9" * 70, None),
        ("xx", "5 March", "2026-03-05"),
    ],
)
def test_a_date_is_read_in_the_language_it_is_said_in(
    language: str, text: str, expected: str | None
) -> None:
    assert told("date", text, language=language) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3pm", "15:00"),
        ("12 a.m.", "00:00"),
        ("at 3:30 PM", "15:30"),
        ("15 Uhr", "15:00"),
        ("um 15 Uhr 30", "15:30"),
        ("15h30", "15:30"),
        ("noon", "12:00"),
        ("10:30", "10:30"),
        ("13 pm", None),
        ("25:00", None),
        ("soon", None),
    ],
)
def test_a_time_of_day_is_read_as_people_say_it(text: str, expected: str | None) -> None:
    assert told("time", text) == expected


def test_today_is_the_users_own() -> None:
    assert told("date", "today", time_zone="Pacific/Kiritimati") == "2026-02-01"
    assert told("date", "today", time_zone="America/New_York") == "2026-01-31"
    assert told("date", "today", time_zone="Nowhere/At_All") == "2026-01-31"


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-07-01T10:00", "Europe/Berlin", "2026-07-01T10:00:00+02:00"),
        ("2026-07-01T10:00+00:00", "Europe/Berlin", "2026-07-01T10:00:00+00:00"),
        ("2026-07-01T10:00", None, "2026-07-01T10:00:00"),
        ("tomorrow at 3 pm", "Europe/Berlin", "2026-02-01T15:00:00+01:00"),
        ("5 March, 10:30", None, "2026-03-05T10:30:00"),
        ("tomorrow", None, None),
    ],
)
def test_a_time_without_an_offset_is_in_the_users_zone(
    text: str, zone: str | None, expected: str | None
) -> None:
    assert told("datetime", text, time_zone=zone) == expected


def test_a_spoken_date_is_found_between_commas() -> None:
    config = {"required_slots": ["name", "when"], "collect_mode": "adaptive"}
    flow = a_flow(
        state("form", "slot_filling", to("done", "all_slots_filled"), config=config),
        says("done", "Thanks"),
        slots={"name": {}, "when": {"type": "date"}},
    )
    talk = Talk(flow)
    talk.say("Ada Byron, tomorrow")
    assert talk.state.slots == {"name": "Ada Byron", "when": "2026-02-01"}
