"""Bodies: what is taken, and how things are told."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import TypeAdapter, ValidationError

from parley.api.bodies import Instant
from parley.api.callbacks import CallbackDraft
from parley.api.conversations import ConversationDraft, ConversationFilter, ConversationView
from parley.api.flows import CheckView, FlowDraft, FlowFilter, FlowSource, PublishDraft
from parley.api.messages import MessageDraft, MessageView
from parley.domain.conversations import Channel, FlowPin, FlowVersion, Status
from parley.domain.flow_records import FlowQuery, FlowStatus
from parley.domain.flows import Diagnostic
from parley.domain.ids import ConversationId, FlowId, MessageId, TurnId, UserId
from parley.domain.messages import Delivery, Direction, Message, Sender
from parley.services.openings import Opening, opened
from tests.tenants import NOW, a_tenant_id

INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (datetime(2026, 3, 1, 12, tzinfo=UTC), "2026-03-01T12:00:00.000Z"),
        (datetime(2026, 3, 1, 12, 0, 0, 123_999, UTC), "2026-03-01T12:00:00.123Z"),
        (datetime(2026, 3, 1, 1, tzinfo=timezone(timedelta(hours=2))), "2026-02-28T23:00:00.000Z"),
    ],
)
def test_a_time_is_told_in_utc_with_a_z(at: datetime, told: str) -> None:
    assert INSTANT.dump_python(INSTANT.validate_python(at), mode="json") == told


@pytest.mark.parametrize(
    "text", ["2026-03-01T12:00:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-01:00"]
)
def test_a_time_without_an_offset_or_beyond_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        INSTANT.validate_python(text)


@pytest.mark.parametrize("given", [{}, {"document": {}, "source": "a: 1"}])
def test_a_flow_comes_as_document_or_as_text(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="give either `document` or `source`"):
        FlowSource.model_validate(given)


@pytest.mark.parametrize("given", [{"document": {"a": 1}}, {"source": "a: 1"}, {"document": {}}])
def test_a_flow_is_what_was_sent(given: dict[str, object]) -> None:
    assert FlowDraft.model_validate(given).given == next(iter(given.values()))


@pytest.mark.parametrize("more", [{"kind": "refused"}, {"error": "no"}])
def test_an_answer_that_succeeded_has_not_failed(more: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="neither `kind` nor `error`"):
        CallbackDraft.model_validate({"status": "success", **more})


@pytest.mark.parametrize(
    "sent",
    [
        {"status": "success", "data": {"receipt": None}},
        {"status": "success", "data": False},
        {"status": "error", "kind": "http_5xx", "error": "the printer is out"},
    ],
)
def test_an_answer_says_what_was_sent_and_no_more(sent: dict[str, object]) -> None:
    assert CallbackDraft.model_validate(sent).answer() == sent


@pytest.mark.parametrize("field", ["tenant_id", "id", "role", "is_admin", "created_by", "price"])
def test_nobody_sets_what_the_platform_sets(field: str) -> None:
    """S3: mass assignment."""
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        ConversationDraft.model_validate({field: "x"})


PICTURE = {"url": "https://a.example/b.png", "type": "image/png"}


@pytest.mark.parametrize(
    "content",
    [
        {"type": "text", "text": "hi"},
        {"type": "quick_reply", "text": "Yes", "payload": ""},
        {"type": "image", "media": PICTURE | {"size_bytes": 10_485_760, "alt_text": "x" * 500}},
        {"type": "file", "text": "Mine", "media": PICTURE | {"type": "application/pdf"}},
        {"type": "location", "location": {"latitude": -90, "longitude": 180.0}},
        {"type": "text", "text": "Oi", "language": "pt-BR"},
        {"type": "form", "values": {}},
        {"type": "form", "text": "Mine", "values": {"a": "x" * 5_000, "b": "y" * 5_000}},
        {"type": "form", "values": {"a": 1, "b": -2.5, "c": True, "d": None, "e": ""}},
        {"type": "form", "values": dict.fromkeys((f"f{n}" for n in range(20)), 2**53)},
    ],
)
def test_a_message_is_one_of_these(content: dict[str, object]) -> None:
    assert MessageDraft.model_validate({"content": content}).content_json() == content


@pytest.mark.parametrize(
    "content",
    [
        {"type": "text"},
        {"type": "text", "text": ""},
        {"type": "text", "text": "x" * 5_001},
        {"type": "text", "text": "hi", "payload": "p"},
        {"type": "quick_reply", "text": "Yes"},
        {"type": "image", "text": "hi"},
        {"type": "image", "media": PICTURE | {"size_bytes": 10_485_761}},
        {"type": "image", "media": PICTURE | {"url": "ftp://a.example/b.png"}},
        {"type": "image", "media": PICTURE | {"type": "image/tiff"}},
        {"type": "video", "media": PICTURE},
        {"type": "location", "location": {"latitude": 90.1, "longitude": 0}},
        {"type": "location", "location": {"latitude": "1", "longitude": 0}},
        {"type": "text", "text": "hi", "language": "English"},
        {"type": "form"},
        {"type": "form", "values": []},
        {"type": "form", "values": {"a": "x"}, "payload": "p"},
        {"type": "form", "values": {"a": "x" * 5_001}},
        {"type": "form", "values": dict.fromkeys("abc", "x" * 4_000)},
        {"type": "form", "values": dict.fromkeys((f"f{n}" for n in range(21)), 1)},
        {"type": "form", "values": {"$where": 1}},
        {"type": "form", "values": {"a" * 65: 1}},
        {"type": "form", "values": {"a": [1]}},
        {"type": "form", "values": {"a": {"$ne": 1}}},
        {"type": "form", "values": {"a": 2**53 + 1}},
        {"type": "form", "values": {"a": 1e300}},
        {"type": "form", "text": "", "values": {}},
        {"text": "hi"},
    ],
)
def test_any_other_message_is_refused(content: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MessageDraft.model_validate({"content": content})


def test_a_message_is_told_with_all_it_says() -> None:
    message = Message(
        id=MessageId("m-1"),
        conversation_id=ConversationId("c-1"),
        sequence_number=2,
        direction=Direction.OUTBOUND,
        sender=Sender.BOT,
        content={
            "type": "text",
            "text": "Hello",
            "quick_replies": [{"title": "Yes", "payload": "yes"}],
            "media": {"url": "https://a.example/b.png"},
        },
        turn_id=TurnId("t-1"),
        turn_no=1,
        at=NOW,
        delivery=Delivery.QUEUED,
    )

    assert MessageView.of(message).model_dump(mode="json") == {
        "id": "m-1",
        "conversation_id": "c-1",
        "sequence_number": 2,
        "direction": "outbound",
        "sender": "ai_agent",
        "content": message.content,
        "turn_no": 1,
        "at": "2026-03-01T12:00:00.123Z",
        "delivery": "queued",
    }


def test_a_conversation_is_told_without_what_is_inside() -> None:
    conversation = opened(
        a_tenant_id(),
        ConversationId("c-1"),
        Opening(Channel.WEB, UserId("visitor"), "de", {"name": "Ada"}),
        FlowPin(FlowId("f-1"), FlowVersion("1.0")),
        NOW,
    )

    assert ConversationView.of(conversation).model_dump(mode="json") == {
        "id": "c-1",
        "user_id": "visitor",
        "channel": "web",
        "flow": {"id": "f-1", "version": "1.0"},
        "status": "active",
        "stage": "initialized",
        "current_state": "",
        "language": "de",
        "message_count": 0,
        "turn_count": 0,
        "created_at": "2026-03-01T12:00:00.123Z",
        "last_activity_at": "2026-03-01T12:00:00.123Z",
        "closed_at": None,
    }


def test_filters_are_the_domains_queries() -> None:
    found = ConversationFilter.model_validate(
        {"status": "active", "flow_id": "f-1", "since": "2026-03-01T12:00:00Z"}
    ).query()

    assert (found.status, found.flow_id, found.channel) == (Status.ACTIVE, "f-1", None)
    assert found.since == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert FlowFilter(q="order", status=FlowStatus.DRAFT).query() == FlowQuery(
        q="order", status=FlowStatus.DRAFT
    )


def test_a_document_with_warnings_alone_can_be_published() -> None:
    warning = Diagnostic("W1", "warning", "/states/0", "is never reached", 3, 1)
    error = Diagnostic("E1", "error", "/name", "is missing")

    assert CheckView.of([warning]).is_publishable
    assert not CheckView.of([warning, error]).is_publishable


def test_the_latest_version_is_published_unless_one_is_named() -> None:
    assert (PublishDraft().pinned, PublishDraft(version="1.2.3").pinned) == (None, "1.2.3")
