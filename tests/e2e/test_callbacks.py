"""A system that was called answers later, and more than once: through the deployed functions."""

import pytest

from tests.cloud import Cloud
from tests.e2e.dialogue import Talk, eventually, said
from tools.local.api import ApiRefused
from tools.local.places import Places

FLOW = "returns-and-refunds"
ASKED = "The warehouse makes your label, one moment. To keep it after all, say 'stop'."
LABEL = (
    "Here is your label: https://shop.example/labels/AB000010. Any post office takes the parcel."
)


def callbacks_taken(cloud: Cloud) -> int:
    """How often the shop was answered that its answer is queued."""
    return Places(cloud.home).log("orders").read_text().count("label of AB000010: told, 202")


def test_a_callback_that_comes_three_times_is_one_turn(cloud: Cloud) -> None:
    published = cloud.parley("publish", "examples/flows/returns.yaml")
    assert published.returncode == 0, published.stdout + published.stderr
    api, admin = cloud.as_guest(), cloud.as_admin()
    started = api.post("/conversations", {"channel": "web", "flow": FLOW})
    talk = Talk(api, started["conversation"]["id"])
    for number, text in enumerate(["AB000010", "does not fit"]):
        talk.send(text, key=f"line-{number}", wait_s=20)

    replied = talk.send("yes, please", key="label", wait_s=20)
    last = eventually(lambda: said(talk.history(), "outbound")[-1], lambda text: text == LABEL, 60)
    heard = eventually(lambda: callbacks_taken(cloud), lambda times: times >= 3, 60)

    assert [message["content"]["text"] for message in replied["messages"]] == [ASKED]
    assert (last, heard) == (LABEL, 3)
    assert api.get(f"/conversations/{talk.id}")["status"] == "completed"
    turns = admin.get(f"/conversations/{talk.id}/trace?limit=100")["items"]
    callbacks = [turn for turn in turns if turn["trace"]["event"]["kind"] == "callback"]
    assert [turn["outcome"] for turn in callbacks] == ["committed"]
    assert said(talk.history(), "outbound").count(LABEL) == 1


def test_an_address_that_nobody_was_given_is_not_there(cloud: Cloud) -> None:
    with pytest.raises(ApiRefused) as refused:
        cloud.api.post("/callbacks/nobodys", {"status": "success"})

    assert (refused.value.status, refused.value.code) == (404, 3008)
