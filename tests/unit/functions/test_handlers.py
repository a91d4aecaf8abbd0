"""What handlers do beside passing on: choose, and translate."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from auth.revoke_token import revoke_token
from conversations.start_conversation import start_conversation
from flows.archive_flow import archive_flow
from flows.create_version import create_version
from flows.export_flow import export_flow
from flows.publish_flow import publish_flow
from flows.restore_flow import restore_flow
from flows.rollback_flow import rollback_flow
from flows.set_default import set_default
from health.report_health import report_health
from health.report_readiness import report_readiness
from messages.send_message import send_message
from parley.api.auth import RefreshDraft
from parley.api.conversations import ConversationDraft
from parley.api.flow_versions import VersionDraft
from parley.api.flows import ChangeDraft, FlowView, PublishDraft, RollbackDraft
from parley.api.messages import MessageDraft
from parley.api.migrations import PreviewView, PublishedView
from parley.domain.access import Caller, Role
from parley.domain.conversations import Channel, FlowPin, FlowVersion
from parley.domain.errors import Invalid
from parley.domain.flow_records import ExportedPart, SourceFormat
from parley.domain.health import HealthReport, OverallStatus, StoreHealth, StoreStatus
from parley.domain.ids import ConversationId, FlowId, MessageId, ProviderId, TenantId, UserId
from parley.domain.pages import Page
from parley.runtime.wiring import Services
from parley.services.conversations import Accepted, Replied, Started
from parley.services.flows import Saved
from parley.services.migrations import Judged, Moving, Preview
from parley.services.openings import Opening, opened
from tests.tenants import NOW, a_flow, a_tenant_id, a_version, published

CALLER = Caller(TenantId("t-1"), UserId("ada"), Role.ADMIN)
CONVERSATION = ConversationId("c-1")


class Recorder:
    """A service that says what it was asked, and answers as told."""

    def __init__(self, **answers: Any) -> None:
        self.asked: list[tuple[str, tuple[Any, ...], Mapping[str, Any]]] = []
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        def method(*arguments: Any, **named: Any) -> Any:
            self.asked.append((name, arguments, named))
            return self._answers.get(name)

        return method


class Fake:
    """Services of which one is there."""

    def __init__(self, **members: Recorder) -> None:
        self.__dict__.update(members)


def wired(**members: Recorder) -> Services:
    return cast("Services", Fake(**members))


MESSAGE = MessageDraft.model_validate({"content": {"type": "text", "text": "hi"}})
ORIGIN: Any = {"pid": ProviderId("api:ada:k"), "request_id": "req-1"}


def test_a_message_is_queued_unless_its_sender_will_wait() -> None:
    conversations = Recorder(send=Accepted(MessageId("m-1")))

    answer = send_message(CONVERSATION, MESSAGE, CALLER, wired(conversations=conversations), ORIGIN)

    assert conversations.asked == [
        ("send", (CALLER, CONVERSATION, {"type": "text", "text": "hi"}), ORIGIN)
    ]
    assert answer.status_code == 202
    assert answer.body is not None
    assert answer.body.model_dump() == {"message_id": "m-1", "status": "accepted", "messages": []}


@pytest.mark.parametrize(
    ("outcome", "status"), [(Replied(MessageId("m-1"), []), 200), (Accepted(MessageId("m-1")), 202)]
)
def test_who_waits_gets_the_answer_if_it_came_in_time(
    outcome: Replied | Accepted, status: int
) -> None:
    conversations = Recorder(converse=outcome)

    answer = send_message(
        CONVERSATION, MESSAGE, CALLER, wired(conversations=conversations), ORIGIN, "wait=9"
    )

    ((name, _, named),) = conversations.asked
    assert (name, named["wait"], answer.status_code) == ("converse", timedelta(seconds=9), status)


def test_a_conversation_is_started_as_asked() -> None:
    tenant_id = a_tenant_id()
    pin = FlowPin(FlowId("f-1"), FlowVersion("1.0"))
    opening = Opening(Channel.WEB, UserId("visitor"), "en", {})
    conversation = opened(tenant_id, CONVERSATION, opening, pin, NOW)
    conversations = Recorder(start=Started(conversation, []))
    draft = ConversationDraft(flow="order-status", language="en", user={"name": "Ada"})

    answer = start_conversation(draft, CALLER, wired(conversations=conversations), "req-1", "k-1")

    assert answer.conversation.flow.model_dump() == {"id": "f-1", "version": "1.0"}
    assert conversations.asked[0][2] == {
        "channel": Channel.WEB,
        "user_id": None,
        "flow": "order-status",
        "language": "en",
        "user": {"name": "Ada"},
        "key": "k-1",
        "request_id": "req-1",
    }


def test_a_flow_is_published_as_seen() -> None:
    flow = published(a_flow(a_tenant_id()))
    flows = Recorder(publish=flow)

    answer = publish_flow(flow.id, PublishDraft(version="1.0"), CALLER, wired(flows=flows), '"3"')

    assert answer == PublishedView.of(flow)
    assert flows.asked == [
        ("publish", (CALLER, flow.id), {"version": "1.0", "if_match": 3}),
    ]


MOVE = PublishDraft(version="1.1", migrate=True, state_map={"a": "b"})


@pytest.mark.parametrize(
    ("said", "cursor", "pointer"),
    [({"state_map": {"a": "b"}}, None, "/state_map"), ({}, "here", "/query/cursor")],
)
def test_how_to_move_conversations_is_not_said_in_vain(
    said: dict[str, Any], cursor: str | None, pointer: str
) -> None:
    """Whoever forgot `migrate` or `dry_run` publishes nothing."""
    flows = Recorder()

    with pytest.raises(Invalid) as refused:
        publish_flow(FlowId("f-1"), PublishDraft(**said), CALLER, wired(flows=flows), cursor=cursor)

    assert [fault.pointer for fault in refused.value.faults] == [pointer]
    assert flows.asked == []


def a_judged(number: int, *reasons: str) -> Judged:
    pin = FlowPin(FlowId("f-1"), FlowVersion("1.0"))
    opening = Opening(Channel.WEB, UserId("visitor"), "en", {})
    begun = opened(CALLER.tenant_id, ConversationId(f"c-{number}"), opening, pin, NOW)
    return Judged(replace(begun, current_state="a"), "b", reasons)


def test_conversations_are_moved_as_asked_and_those_that_stay_are_named() -> None:
    flow = published(a_flow(a_tenant_id()))
    judged = [a_judged(1), a_judged(2, "it has ended"), a_judged(3, "why"), a_judged(4)]
    migrations = Recorder(publish=Moving(flow, Page(judged, "more")))

    answer = publish_flow(
        flow.id, MOVE, CALLER, wired(migrations=migrations), '"3"', cursor="here", limit=1
    )

    assert isinstance(answer, PublishedView)
    assert answer.id == flow.id
    assert answer.migration is not None
    assert answer.migration.model_dump() == {
        "queued": 2,
        "immovable": 2,
        "items": [
            {
                "conversation_id": "c-2",
                "from_version": "1.0",
                "state": "a",
                "to_state": "b",
                "can_move": False,
                "reasons": ["it has ended"],
            }
        ],
        "next_cursor": "more",
    }
    asked = {"version": "1.1", "state_map": {"a": "b"}, "if_match": 3, "cursor": "here"}
    assert migrations.asked == [("publish", (CALLER, flow.id), asked)]


@pytest.mark.parametrize("judged", [Page([a_judged(1), a_judged(2, "why")], "more"), None])
def test_a_dry_run_only_looks(judged: Page[Judged] | None) -> None:
    migrations = Recorder(preview=Preview(FlowVersion("1.1"), [], judged))

    answer = publish_flow(
        FlowId("f-1"), MOVE, CALLER, wired(migrations=migrations), dry_run=True, cursor="c", limit=7
    )

    assert isinstance(answer, PreviewView)
    assert (answer.version, answer.is_publishable, answer.diagnostics) == ("1.1", True, [])
    shown = answer.conversations
    assert (shown is None) is (judged is None)
    assert shown is None or (shown.movable, shown.immovable, shown.next_cursor) == (1, 1, "more")
    asked = {"version": "1.1", "state_map": {"a": "b"}, "cursor": "c", "limit": 7}
    assert migrations.asked == [("preview", (CALLER, "f-1"), asked)]


@pytest.mark.parametrize(
    ("handler", "name"),
    [(archive_flow, "archive"), (restore_flow, "restore"), (set_default, "set_default")],
)
def test_a_flow_is_changed_as_seen_and_for_a_reason(
    handler: Callable[..., FlowView], name: str
) -> None:
    flow = published(a_flow(a_tenant_id()))
    flows = Recorder(**{name: flow})

    answer = handler(flow.id, ChangeDraft(reason="why"), CALLER, wired(flows=flows), '"3"')

    assert answer.id == flow.id
    assert flows.asked == [(name, (CALLER, flow.id), {"reason": "why", "if_match": 3})]


def test_a_flow_is_rolled_back_as_seen() -> None:
    flow = published(a_flow(a_tenant_id()))
    flows = Recorder(rollback=flow)
    draft = RollbackDraft(version="1.0")

    answer = rollback_flow(flow.id, draft, CALLER, wired(flows=flows), '"3"')

    assert answer.id == flow.id
    assert flows.asked == [
        ("rollback", (CALLER, flow.id), {"version": "1.0", "reason": None, "if_match": 3})
    ]


@pytest.mark.parametrize(("is_new", "status"), [(True, 201), (False, 200)])
def test_a_version_is_another_one_only_if_something_has_changed(
    *, is_new: bool, status: int
) -> None:
    flow = a_flow(a_tenant_id())
    flows = Recorder(create_version=Saved(a_version(flow), is_new=is_new))
    draft = VersionDraft(source="name: x", tests="tests: []")

    answer = create_version(flow.id, draft, CALLER, wired(flows=flows))

    assert answer.status_code == status
    ((_, arguments, named),) = flows.asked
    assert (arguments[2], named["tests"]) == ("name: x", "tests: []")


@pytest.mark.parametrize(
    ("output", "media_type"),
    [(SourceFormat.YAML, "application/yaml"), (SourceFormat.JSON, "application/json")],
)
def test_a_flow_is_exported_in_the_format_asked_for(output: SourceFormat, media_type: str) -> None:
    flows = Recorder(export="text")

    answer = export_flow(FlowId("f-1"), CALLER, wired(flows=flows), output, "1.0")

    assert (answer.body, answer.headers["Content-Type"]) == ("text", media_type)
    assert flows.asked == [
        ("export", (CALLER, "f-1", output), {"version": "1.0", "what": ExportedPart.FLOW})
    ]


def test_logging_out_has_nothing_to_say() -> None:
    access = Recorder()

    answer = revoke_token(RefreshDraft(refresh_token="rt_1"), wired(access=access))

    assert (answer.status_code, answer.body) == (204, None)
    assert access.asked == [("logout", ("rt_1",), {})]


@pytest.mark.parametrize(
    ("overall", "status"),
    [(OverallStatus.OK, 200), (OverallStatus.DEGRADED, 200), (OverallStatus.DOWN, 503)],
)
def test_readiness_is_503_only_without_what_nothing_goes_without(
    overall: OverallStatus, status: int
) -> None:
    report = HealthReport(overall, {"redis": StoreHealth(StoreStatus.DOWN, 2.0)})

    answer = report_readiness(wired(health=Recorder(check=report)))

    assert answer.status_code == status


def test_health_asks_nobody() -> None:
    assert report_health().status == "ok"
