"""A conversation over the WebSocket API, as the chat page has it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from parley.domain.json import JsonObject
from tests.cloud import Cloud
from tests.e2e.dialogue import ASK, WELCOME, Talk
from tools.local.api import Api

WITHIN_S = 60.0


def address(cloud: Cloud, token: str | None) -> str:
    gateway = cloud.addresses["aws"].replace("http", "ws", 1)
    return f"{gateway}/_aws/execute-api/{cloud.outputs['LiveApiId']}/v1?token={token}"


class Client:
    """One open connection."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    def ask(self, action: str, conversation: str, **more: Any) -> JsonObject:
        """Say something, and take the next thing that is said."""
        self.say(action, conversation, **more)
        return self.hear()

    def say(self, action: str, conversation: str, **more: Any) -> None:
        self._socket.send(json.dumps({"action": action, "conversation_id": conversation} | more))

    def hear(self) -> JsonObject:
        event: JsonObject = json.loads(self._socket.recv(timeout=WITHIN_S))
        return event

    def messages(self, count: int, *, after: int = 1) -> list[JsonObject]:
        """The next `count` messages behind number `after`, each once.

        Other events are passed over, and so is what a client has seen: a message may be told twice,
        and the greeting as late as it likes.
        """
        heard: dict[int, JsonObject] = {}
        ends_at = time.monotonic() + WITHIN_S
        while len(heard) < count and time.monotonic() < ends_at:
            event = self.hear()
            if event["event"] == "message" and event["message"]["sequence_number"] > after:
                heard[event["message"]["sequence_number"]] = event["message"]
        return [heard[number] for number in sorted(heard)]


@contextmanager
def connected(cloud: Cloud, api: Api) -> Iterator[Client]:
    with connect(address(cloud, api.token), open_timeout=WITHIN_S) as socket:
        yield Client(socket)


def text(body: str) -> JsonObject:
    return {"type": "text", "text": body}


@pytest.fixture(scope="module")
def guest(cloud: Cloud) -> Api:
    return cloud.as_guest()


@pytest.mark.parametrize("token", ["nonsense", "", "a" * 5_000])
def test_nobody_connects_without_proof(cloud: Cloud, token: str) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(address(cloud, token)):
        pass

    assert refused.value.response.status_code in (401, 403)


def test_what_is_said_and_answered_is_told_as_it_happens(cloud: Cloud, guest: Api) -> None:
    talk = Talk.begin(guest)
    with connected(cloud, guest) as client:
        subscribed = client.ask("subscribe", talk.id, after=0)
        accepted = client.ask("send", talk.id, id="a", content=text("where is my order"))
        said, answered = client.messages(2)

    assert (subscribed["event"], subscribed["last"]) == ("subscribed", 1)
    assert [m["content"]["text"] for m in subscribed["messages"]] == [WELCOME]
    assert (accepted["event"], accepted["id"], accepted["status"]) == ("delivery", "a", "accepted")
    assert (said["id"], said["sequence_number"]) == (accepted["message_id"], 2)
    assert (answered["content"]["text"], answered["sequence_number"]) == (ASK, 3)


def test_what_is_told_is_what_the_history_shows(cloud: Cloud, guest: Api) -> None:
    talk = Talk.begin(guest)
    with connected(cloud, guest) as client:
        client.ask("subscribe", talk.id)
        client.say("send", talk.id, id="a", content=text("where is my order"))
        told = client.messages(2)

    shown = talk.history()[1:]
    for message in (*told, *shown):
        del message["delivery"]  # it goes on after the message was told
    assert told == shown


def test_the_same_thing_said_twice_is_one_message(cloud: Cloud, guest: Api) -> None:
    talk = Talk.begin(guest)
    with connected(cloud, guest) as client:
        client.ask("subscribe", talk.id)
        first = client.ask("send", talk.id, id="a", content=text("where is my order"))
        client.messages(2)
        again = client.ask("send", talk.id, id="a", content=text("where is my order"))
        missed = client.ask("heartbeat", talk.id, after=3)

    assert again["message_id"] == first["message_id"]
    assert missed["messages"] == []
    assert len(talk.history()) == 3


def test_a_heartbeat_brings_what_was_said_while_nobody_listened(cloud: Cloud, guest: Api) -> None:
    talk = Talk.begin(guest)
    talk.send("where is my order", key="a", wait_s=20)

    with connected(cloud, guest) as client:
        missed = client.ask("heartbeat", talk.id, after=1)

    assert (missed["event"], missed["last"]) == ("heartbeat", 3)
    assert [m["sequence_number"] for m in missed["messages"]] == [2, 3]


def test_typing_is_told_to_the_others(cloud: Cloud, guest: Api) -> None:
    talk = Talk.begin(guest)
    with connected(cloud, guest) as one, connected(cloud, guest) as other:
        one.ask("subscribe", talk.id)
        other.ask("subscribe", talk.id)
        other.say("typing", talk.id)
        told = one.hear()

    assert told == {"event": "typing", "conversation_id": talk.id, "sender": "user"}


def test_another_visitor_sees_and_says_nothing(cloud: Cloud, guest: Api) -> None:
    talk = Talk.begin(guest)
    with connected(cloud, cloud.as_guest()) as client:
        refusals = [
            client.ask("subscribe", talk.id),
            client.ask("heartbeat", talk.id),
            client.ask("typing", talk.id),
            client.ask("send", talk.id, id="a", content=text("hello")),
        ]

    for refusal in refusals:
        assert (refusal["event"], refusal["problem"]["status"]) == ("error", 404)
    assert len(talk.history()) == 1


@pytest.mark.parametrize("frame", ["", "{", "[]", '{"action": "shout"}', "NaN", "\U0001f600"])
def test_whatever_else_is_said_is_answered_with_a_problem(
    cloud: Cloud, guest: Api, frame: str
) -> None:
    with connect(address(cloud, guest.token), open_timeout=WITHIN_S) as socket:
        socket.send(frame)
        told = json.loads(socket.recv(timeout=WITHIN_S))

    assert (told["event"], told["problem"]["status"]) == ("error", 422)
