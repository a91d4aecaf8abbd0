"""What a terminal shows of a message."""

from typing import Any

import pytest

from tools.cli.messages import show_message

LINK = {"type": "url", "title": "Look", "url": "https://shop.example/tea"}
BUY = {"type": "postback", "title": "Buy", "payload": "buy-tea"}


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ({"type": "text", "text": "Tea?"}, ["Tea?"]),
        (
            {"text": "Tea?", "quick_replies": [{"title": "Yes", "payload": "y"}], "buttons": [BUY]},
            ["Tea?", "  [Yes] [Buy]"],
        ),
        (
            {"media": {"type": "image", "url": "https://shop.example/t.png", "alt_text": "A cup"}},
            ["[image] A cup https://shop.example/t.png"],
        ),
        (
            {"location": {"latitude": 52.5, "longitude": 13.4, "address": "Berlin"}},
            ["[location] Berlin 52.5, 13.4"],
        ),
        (
            {
                "text": "Today:",
                "carousel": [
                    {"title": "Green tea", "subtitle": "From Uji", "buttons": [BUY, LINK]},
                    {"title": "Cake", "image_url": "https://shop.example/c.png"},
                ],
            },
            [
                "Today:",
                "* Green tea - From Uji",
                "  [Buy] [Look: https://shop.example/tea]",
                "* Cake",
                "  https://shop.example/c.png",
            ],
        ),
        ({"type": "system"}, ["[system]"]),
        ({"type": "form", "form": {"fields": []}}, []),
    ],
)
def test_all_of_a_message_is_shown(content: Any, shown: list[str], capsys: Any) -> None:
    show_message(content)

    assert capsys.readouterr().out.splitlines() == shown
