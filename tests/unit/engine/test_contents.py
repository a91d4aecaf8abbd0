"""What messages may hold, and how much of it."""

from typing import Any

import pytest

from parley.engine.check import check_flow, has_errors
from parley.engine.replay import replay
from tests.unit.engine.talks import Talk, a_flow, says, state, to


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


PICTURE = {"url": "https://x.org/a.png", "type": "image/png"}
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
        ("/media/size_bytes", {"media": {**PICTURE, "size_bytes": 52_428_801}}),
        ("/media/size_bytes", {"media": {**PICTURE, "size_bytes": -1}}),
        ("/media/type", {"media": {**PICTURE, "type": "image/tiff"}}),
        ("/media/thumbnail_url", {"media": {**PICTURE, "thumbnail_url": "x.png"}}),
        ("/location/latitude", {"location": {"latitude": 90.1, "longitude": 0}}),
        ("/location/longitude", {"location": {"latitude": 0, "longitude": -180.1}}),
        (
            "/location/accuracy_meters",
            {"location": {"latitude": 0, "longitude": 0, "accuracy_meters": -1}},
        ),
        ("/quick_replies", {"quick_replies": [{"title": "a"}] * 11}),
        ("/quick_replies/0/payload", {"quick_replies": [{"title": "a", "payload": "x" * 1_001}]}),
        ("/quick_replies/0/content_type", {"quick_replies": [{"title": "a", "content_type": "x"}]}),
        ("/buttons", {"buttons": [RED] * 4}),
        ("/buttons/0/type", {"buttons": [{"title": "a", "type": "mail"}]}),
        ("/buttons/0", {"buttons": [{"title": "a", "type": "url"}]}),
        ("/buttons/0", {"buttons": [{"title": "a", "type": "phone"}]}),
        ("/buttons/0/url", {"buttons": [{"title": "a", "type": "url", "url": "javascript:1"}]}),
        ("/response_templates/en", {"response_templates": {"en": "x" * 5_001}}),
        ("/response_templates/en", {"response_templates": {"en": {}}}),
    ],
)
def test_a_content_over_its_limit_is_found(at: str, config: Any) -> None:
    flow = a_flow(says("a", "A", to("a"), config=config))
    found = [d.pointer for d in check_flow(flow) if d.severity == "error"]
    assert any(pointer.startswith(f"/states/0/config{at}") for pointer in found), found


def test_a_title_of_a_card_may_be_longer_than_a_buttons() -> None:
    flow = a_flow(says("a", "A", to("a"), config={"carousel": [card(title="x" * 80)]}))
    assert not has_errors(check_flow(flow))


def test_what_a_limit_allows_is_sent_as_written() -> None:
    config = {
        "media": {**PICTURE, "size_bytes": 52_428_800, "alt_text": "x" * 500},
        "quick_replies": [{"title": "t" * 20, "payload": "p" * 1_000, "content_type": "text"}],
        "buttons": [{"title": "Ring us", "type": "phone", "payload": "+4930123456"}],
    }
    flow = a_flow(says("a", "x" * 5_000, to("a"), config=config))
    assert not has_errors(check_flow(flow))
    (content,) = Talk(flow).contents
    assert content["media"] == config["media"]
    assert content["quick_replies"] == [{"title": "t" * 20, "payload": "p" * 1_000}]


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"quick_replies": [{"title": "{{ vars.v }}"}]}, "title in quick_replies"),
        ({"buttons": [{"title": "{{ vars.v }}"}]}, "title in buttons"),
        ({"carousel": [{"title": "{{ vars.v }}"}]}, "title in carousel"),
        ({"media": {**PICTURE, "alt_text": "{{ vars.v }}"}}, "alt_text in media"),
        (
            {"location": {"latitude": 1, "longitude": 1, "address": "{{ vars.v }}"}},
            "address in location",
        ),
    ],
)
def test_what_grows_past_its_limit_when_it_is_rendered_is_a_text_that_failed(
    config: Any, why: str
) -> None:
    flow = a_flow(says("a", "A", to("a"), config=config), variables={"v": "x" * 501})
    flow["settings"] = {"error_text": "Sorry"}
    assert not has_errors(check_flow(flow))
    talk = Talk(flow)
    assert talk.said == ["Sorry"]
    assert why in talk.errors[0]["why"]


def test_choices_that_are_too_long_or_too_many_are_left_out_and_noted() -> None:
    made = ["x" * 21, {"title": "a", "payload": "x" * 1_001}, 7, *(f"c{n}" for n in range(11))]
    flow = a_flow(
        says("a", "Pick", to("a"), config={"choices_from": "vars.made"}), variables={"made": made}
    )
    talk = Talk(flow)
    offered = [choice["title"] for choice in talk.contents[0]["quick_replies"]]
    assert offered == [f"c{n}" for n in range(10)]
    assert talk.errors[0]["why"].startswith("4 of the choices")


def test_a_prompt_that_grows_past_5000_characters_is_a_text_that_failed() -> None:
    filling = {"required_slots": ["x", "y"], "prompts": {"x": "{{ vars.v }}{{ vars.v }}"}}
    flow = a_flow(
        state("a", "slot_filling", to("b", "all_slots_filled"), config=filling),
        says("b"),
        slots={"x": {}, "y": {}},
        variables={"v": "x" * 2_501},
        settings={"error_text": "Sorry"},
    )
    assert Talk(flow).said == ["Sorry"]


def test_prompts_that_are_too_long_for_one_message_are_several() -> None:
    prompts = {"x": "x" * 3_000, "y": "y" * 3_000}
    filling = {"required_slots": ["x", "y"], "collect_mode": "parallel", "prompts": prompts}
    flow = a_flow(
        state("a", "slot_filling", to("b", "all_slots_filled"), config=filling),
        says("b"),
        slots={"x": {}, "y": {}},
    )
    assert Talk(flow).said == list(prompts.values())
