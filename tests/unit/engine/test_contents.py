"""What messages may hold, and how much of it."""

from typing import Any

import pytest

from parley.engine.check import check_flow, has_errors
from parley.engine.replay import replay
from tests.unit.engine.talks import Talk, a_flow, says, to


def card(**more: Any) -> Any:
    return {"title": "Red", "image_url": "https://x.org/red.png", **more}


def showing(*cards: Any, **config: Any) -> Any:
    return a_flow(
        says(
            "a", "Pick", to("b", "user_choice", "red"), config={"carousel": list(cards), **config}
        ),
        says("b", "Done"),
        variables={"id": 7},
    )


RED = {"title": {"en": "Buy", "de": "Kaufen"}, "payload": "red"}


def test_a_carousel_is_said_in_the_language_of_the_conversation() -> None:
    site = {"title": "See", "type": "url", "url": "https://x.org/{{ vars.id }}"}
    flow = showing(card(subtitle="No. {{ vars.id }}", buttons=[RED, site]), card())
    flow["states"][0]["config"]["response_templates"]["de"] = "W\u00e4hle"
    assert not has_errors(check_flow(flow))
    talk = Talk(flow, user={"language": "de"})
    assert talk.contents == [
        {
            "type": "carousel",
            "text": "W\u00e4hle",
            "carousel": [
                {
                    "title": "Red",
                    "subtitle": "No. 7",
                    "image_url": "https://x.org/red.png",
                    "buttons": [
                        {"type": "postback", "title": "Kaufen", "payload": "red"},
                        {"type": "url", "title": "See", "url": "https://x.org/7"},
                    ],
                },
                {"title": "Red", "image_url": "https://x.org/red.png"},
            ],
        }
    ]
    assert replay(talk.program, talk.traces).difference is None


@pytest.mark.parametrize("said", ["red", "buy", "2"])
def test_a_cards_button_is_chosen_by_payload_title_or_number(said: str) -> None:
    flow = showing(card(buttons=[RED]), quick_replies=[{"title": "None"}])
    talk = Talk(flow)
    talk.say(said)
    assert talk.at == "b"


def test_a_button_without_a_payload_carries_its_title() -> None:
    talk = Talk(showing(card(buttons=[{"title": "red"}])))
    assert talk.contents[0]["carousel"][0]["buttons"][0]["payload"] == "red"


def test_an_action_may_send_a_carousel_alone() -> None:
    action = {"type": "send_message", "config": {"carousel": [card(buttons=[RED])]}}
    flow = a_flow(says("a", "A", to("a", "user_choice", "red"), entry_actions=[action]))
    assert not has_errors(check_flow(flow))
    assert Talk(flow).contents[0]["type"] == "carousel"


@pytest.mark.parametrize(
    ("at", "config"),
    [
        ("/carousel", {"carousel": []}),
        ("/carousel", {"carousel": [card()] * 11}),
        ("/carousel/0/buttons", {"carousel": [card(buttons=[RED] * 4)]}),
        ("/carousel/0/title", {"carousel": [card(title="x" * 81)]}),
        ("/carousel/0/image_url", {"carousel": [card(image_url="ftp://x")]}),
        ("/carousel/0/buttons/0/title", {"carousel": [card(buttons=[{"title": "x" * 21}])]}),
        ("/media/url", {"media": {"url": "x.png", "type": "image/png"}}),
        (
            "/media/alt_text",
            {"media": {"url": "https://x", "type": "image/png", "alt_text": "x" * 501}},
        ),
        ("/location/address", {"location": {"latitude": 1, "longitude": 1, "address": "x" * 501}}),
        ("/form", {"form": {}}),
    ],
)
def test_a_content_over_its_limit_is_found(at: str, config: Any) -> None:
    flow = a_flow(says("a", "A", to("a"), config=config))
    found = [d.pointer for d in check_flow(flow) if d.severity == "error"]
    assert any(pointer.startswith(f"/states/0/config{at}") for pointer in found), found


def test_a_title_of_a_card_may_be_longer_than_a_buttons() -> None:
    flow = a_flow(says("a", "A", to("a"), config={"carousel": [card(title="x" * 80)]}))
    assert not has_errors(check_flow(flow))
