"""What a chat page may say over its connection."""

import json

import pytest

from parley.channels.web import (
    LIMITS,
    Heartbeat,
    Send,
    Subscribe,
    Typing,
    accepted,
    caught_up,
    parse,
)
from parley.domain.content import FormContent, QuickReplyContent, TextContent
from parley.domain.errors import Invalid
from parley.domain.ids import ConversationId, MessageId
from parley.domain.json import Json
from parley.runtime.reading import read_object

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
                conversation_id=ID,
                action="send",
                id="a",
                content=TextContent(type="text", text="hi"),
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
                content=QuickReplyContent(type="quick_reply", text="Yes", payload="yes"),
            ),
        ),
        (
            {
                "action": "send",
                "id": "a",
                "content": {"type": "form", "values": {"seats": 12, "note": None}},
            },
            Send(
                conversation_id=ID,
                action="send",
                id="a",
                content=FormContent(type="form", values={"seats": 12, "note": None}),
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
        (SEND | {"content": {"type": "hologram"}}, ["/content"]),
        (SEND | {"content": {"type": "image"}}, ["/content/media"]),
        (SEND | {"content": {"type": "form"}}, ["/content/values"]),
        (SEND | {"content": {"type": "form", "values": {"a": {}}}}, ["/content/values/a"]),
        (SEND | {"content": {"type": "form", "values": {"a b": 1}}}, ["/content/values/a b"]),
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
    with pytest.raises(Invalid, match="is not JSON"):
        parse(body)


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("a\\u0000b", "/content/text"),
        ("\\u001b[31m", "/content/text"),
        ("\\ud800", "/content/text"),
    ],
)
def test_what_http_refuses_a_frame_may_not_say_either(text: str, pointer: str) -> None:
    body = f'{{"action":"send","content":{{"type":"text","text":"{text}"}}}}'

    with pytest.raises(Invalid) as over_the_socket:
        parse(body)
    with pytest.raises(Invalid) as over_http:
        read_object(body)

    assert over_the_socket.value.faults == over_http.value.faults
    assert [fault.pointer for fault in over_http.value.faults] == [pointer]


@pytest.mark.parametrize("letter", ["x", "\u00e4", "\u65e5", "\U0001f600"])
def test_a_frame_larger_than_the_gateway_takes_is_refused(letter: str) -> None:
    """Counted in bytes, as the gateway counts."""
    most = (LIMITS.frame_bytes - 2) // len(letter.encode())
    with pytest.raises(Invalid, match="not one that can be taken"):
        parse('"' + letter * most + '"')

    with pytest.raises(Invalid, match="at most 32 KB") as error:
        parse('"' + letter * (most + 1) + '"')
    assert [fault.pointer for fault in error.value.faults] == [""]


def test_answers_name_the_conversation_and_what_they_answer() -> None:
    subscribe = Subscribe(conversation_id=ID, action="subscribe")
    heartbeat = Heartbeat(conversation_id=ID, action="heartbeat")
    send = Send(
        conversation_id=ID, action="send", id="a", content=TextContent(type="text", text="x")
    )

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
