"""Consumers and schedules hand what came to its use case, whole, and add nothing."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from consumers.deliver_message import deliver_message
from consumers.record_event import record_event
from consumers.take_turn import take_turn
from parley.domain.conversations import Channel
from parley.domain.errors import Closed, PlatformError, Unavailable
from parley.domain.ids import ConversationId, ProviderId, TenantId, UserId
from parley.domain.queued import EventQueued, Inbound, OutboundTurn, Receipt
from parley.runtime.schedule import schedule_handler
from parley.runtime.wiring import Services, services
from schedules.close_idle_conversations import close_idle_conversations
from schedules.fire_due_timers import fire_due_timers
from schedules.flush_stuck_outboxes import flush_stuck_outboxes
from tests.invocations import a_context

pytestmark = pytest.mark.disable_socket

AT = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
TENANT, CONVERSATION = TenantId("t"), ConversationId("c")


@dataclass
class UseCase:
    """Notes what it is called with, and has done `done`."""

    done: int = 0
    calls: list[tuple[str, tuple[object, ...]]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: object) -> int:
            self.calls.append((name, arguments))
            return self.done

        return call


def wired(name: str, use_case: UseCase) -> Services:
    made = Services.__new__(Services)
    vars(made)[name] = use_case
    return made


def test_an_event_is_taken_with_its_place_in_the_order() -> None:
    turns = UseCase()
    inbound = Inbound(
        tenant_id=TENANT,
        conversation_id=CONVERSATION,
        pid=ProviderId("p"),
        event={"kind": "start"},
        received_at=AT,
    )

    take_turn(inbound, wired("turns", turns), Receipt("7", 2))

    assert turns.calls == [("take", (inbound, Receipt("7", 2)))]


def test_what_a_turn_left_to_tell_is_delivered() -> None:
    delivery = UseCase()
    outbound = OutboundTurn(
        tenant_id=TENANT,
        conversation_id=CONVERSATION,
        channel=Channel.WEB,
        user_id=UserId("u"),
        items=(),
    )

    deliver_message(outbound, wired("delivery", delivery))

    assert delivery.calls == [("deliver", (outbound,))]


def test_what_happened_is_recorded() -> None:
    events = UseCase()
    event = EventQueued(tenant_id=TENANT, id="e", name="x.y", at=AT, data={})

    record_event(event, wired("events", events))

    assert events.calls == [("record", (event,))]


@pytest.mark.parametrize(
    ("schedule", "member", "verb"),
    [
        (flush_stuck_outboxes, "outbox", "flush_stuck"),
        (fire_due_timers, "timers", "fire_due"),
        (close_idle_conversations, "timers", "close_idle"),
    ],
)
def test_a_schedule_says_how_much_it_did(schedule: Any, member: str, verb: str) -> None:
    use_case = UseCase(done=4)

    assert schedule(wired(member, use_case)) == 4
    assert use_case.calls == [(verb, ())]


@pytest.mark.parametrize("error", [Unavailable("away"), Closed("ended")])
def test_a_tick_that_fails_is_left_to_the_next(
    monkeypatch: pytest.MonkeyPatch, error: PlatformError
) -> None:
    monkeypatch.setenv("PARLEY_STAGE", "local")
    services.cache_clear()

    def scheduled(_services: Services) -> int:
        raise error

    assert schedule_handler(scheduled)({}, a_context()) == {"done": 0}


def test_a_tick_that_meets_a_fault_of_ours_is_an_error_that_somebody_sees(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PARLEY_STAGE", "local")
    services.cache_clear()

    def scheduled(_services: Services) -> int:
        return cast("int", 1 / 0)

    with pytest.raises(ZeroDivisionError):
        schedule_handler(scheduled)({}, a_context())
