"""What a chat page may say over its connection."""

import json

import pytest

from parley.channels.web import (
    LIMITS,
    Heartbeat,
    QuickReplyChosen,
    Send,
    Subscribe,
    TextSaid,
    Typing,
    accepted,
    caught_up,
    parse,
)
from parley.domain.errors import Invalid
from parley.domain.ids import ConversationId, MessageId
from parley.domain.json import Json

ID = ConversationId("c-1")


@pytest.mark.parametrize(
    ("said", "frame"),
    [
        ({"action": "subscribe"}, Subscribe(conversation_id=ID, action="subscribe", after=0)),
        (
            {"action": "subscribe", "after": 7},
            Subscribe(conversation_id=ID, action="subscribe", after=7),
        ),
        (
            {"action": "heartbeat", "after": 7},
            Heartbeat(conversation_id=ID, action="heartbeat", after=7),
        ),
        ({"action": "typing"}, Typing(conversation_id=ID, action="typing")),
        (
            {"action": "send", "id": "a", "content": {"type": "text", "text": "hi"}},
            Send(
                conversation_id=ID, action="send", id="a", content=TextSaid(type="text", text="hi")
            ),
        ),
        (
            {
                "action": "send",
                "id": "a",
                "content": {"type": "quick_reply", "text": "Yes", "payload": "yes"},
            },
            Send(
                conversation_id=ID,
                action="send",
                id="a",
                content=QuickReplyChosen(type="quick_reply", text="Yes", payload="yes"),
            ),
        ),
    ],
)
def test_a_frame_is_read(said: dict[str, Json], frame: object) -> None:
    assert parse(json.dumps({"conversation_id": "c-1"} | said)) == frame


SEND = {"action": "send", "conversation_id": "c-1", "id": "a"}


@pytest.mark.parametrize(
    ("said", "pointers"),
    [
        ({}, [""]),
        ({"action": "shout", "conversation_id": "c-1"}, [""]),
        ([], [""]),
        ("subscribe", [""]),
        ({"action": "subscribe"}, ["/conversation_id"]),
        ({"action": "subscribe", "conversation_id": ""}, ["/conversation_id"]),
        ({"action": "subscribe", "conversation_id": 7}, ["/conversation_id"]),
        ({"action": "subscribe", "conversation_id": "c-1", "after": -1}, ["/after"]),
        ({"action": "subscribe", "conversation_id": "c-1", "after": "1"}, ["/after"]),
        ({"action": "subscribe", "conversation_id": "c-1", "after": 10**30}, ["/after"]),
        ({"action": "subscribe", "conversation_id": "c-1", "tenant_id": "t"}, ["/tenant_id"]),
        (SEND, ["/content"]),
        (SEND | {"content": {"type": "image"}}, ["/content"]),
        (SEND | {"content": {"type": "text"}}, ["/content/text"]),
        (SEND | {"content": {"type": "text", "text": ""}}, ["/content/text"]),
        (SEND | {"content": {"type": "text", "text": "x" * 5_001}}, ["/content/text"]),
        (SEND | {"content": {"type": "text", "text": "x", "$where": 1}}, ["/content/$where"]),
        (SEND | {"content": {"type": "text", "text": {"$ne": None}}}, ["/content/text"]),
        (SEND | {"id": "a b", "content": {"type": "text", "text": "x"}}, ["/id"]),
        (
            SEND | {"id": "", "content": {"type": "text", "text": 1}},
            ["/id", "/content/text"],
        ),
    ],
)
def test_any_other_frame_is_refused_with_a_pointer_to_each_fault(
    said: Json, pointers: list[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        parse(json.dumps(said))

    assert [fault.pointer for fault in refused.value.faults] == pointers


@pytest.mark.parametrize("body", ["", "{", "NaN", '{"a":1,"a":1}', "[" * 10_000, '"\\ud800"'])
def test_what_is_no_json_is_refused(body: str) -> None:
    with pytest.raises(Invalid, match="is no JSON"):
        parse(body)


def test_a_frame_larger_than_the_gateway_takes_is_refused() -> None:
    with pytest.raises(Invalid, match="at most 32 KB"):
        parse('"' + "x" * LIMITS.frame_bytes + '"')


def test_answers_name_the_conversation_and_what_they_answer() -> None:
    subscribe = Subscribe(conversation_id=ID, action="subscribe")
    heartbeat = Heartbeat(conversation_id=ID, action="heartbeat")
    send = Send(conversation_id=ID, action="send", id="a", content=TextSaid(type="text", text="x"))

    told = {"conversation_id": "c-1", "last": 4, "messages": []}
    assert caught_up(subscribe, [], 4) == {"event": "subscribed"} | told
    assert caught_up(heartbeat, [], 4) == {"event": "heartbeat"} | told
    assert accepted(send, MessageId("m")) == {
        "event": "delivery",
        "conversation_id": "c-1",
        "id": "a",
        "message_id": "m",
        "status": "accepted",
    }
