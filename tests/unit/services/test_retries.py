"""Calls that failed for the moment, made again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from parley.domain.errors import Unavailable
from parley.domain.ids import ConversationId, TenantId
from parley.engine.services import IntegrationReply, IntegrationRequest
from parley.services.retries import RetryingIntegrations
from parley.services.time_left import TimeLeft

TENANT, TALK = TenantId("t1"), ConversationId("c1")
REQUEST = IntegrationRequest(
    "shop", "/orders", "GET", None, 1_000, idempotent=True, max_attempts=3, backoff_ms=200
)
BUSY = IntegrationReply("error", "http_5xx", 503, None, "busy")
FOUND = IntegrationReply("success", None, 200, {"n": 1})


class Line:
    """Answers given beforehand; each call takes `takes`, and pauses pass at once."""

    def __init__(self, *replies: IntegrationReply, takes: timedelta = timedelta()) -> None:
        self.replies = list(replies)
        self.takes = takes
        self.now = datetime(2026, 1, 31, tzinfo=UTC)
        self.began = self.now
        self.timeouts: list[int] = []
        self.pauses: list[float] = []
        self.keys: set[str] = set()

    def call(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        request: IntegrationRequest,
        *,
        idempotency_key: str,
    ) -> IntegrationReply:
        assert (tenant_id, conversation_id) == (TENANT, TALK)
        self.keys.add(idempotency_key)
        self.timeouts.append(request.timeout_ms)
        self.now += self.takes
        return self.replies.pop(0)

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += timedelta(seconds=seconds)

    def asked(self, request: IntegrationRequest = REQUEST) -> IntegrationReply:
        retrying = RetryingIntegrations(self, clock=lambda: self.now, pause=self.pause)
        return retrying.call(TENANT, TALK, request, idempotency_key="k")


def test_a_call_that_failed_for_the_moment_is_made_again_and_each_attempt_is_told() -> None:
    line = Line(BUSY, IntegrationReply("error", "timeout", error="slow"), FOUND)
    reply = line.asked()
    assert (reply.status, reply.data) == ("success", {"n": 1})
    assert [(a["status"], a["kind"], a["http_status"]) for a in reply.attempts] == [
        ("error", "http_5xx", 503),
        ("error", "timeout", None),
        ("success", None, 200),
    ]
    assert (line.pauses, line.keys) == ([0.2, 0.4], {"k"})


def test_the_last_failure_is_the_reply_when_all_attempts_have_failed() -> None:
    line = Line(BUSY, BUSY, replace(BUSY, http_status=502))
    assert (line.asked().http_status, line.replies) == (502, [])


@pytest.mark.parametrize(
    "reply",
    [FOUND, IntegrationReply("error", "http_4xx", 404), IntegrationReply("error", "refused")],
)
def test_what_will_not_change_is_asked_once(reply: IntegrationReply) -> None:
    line = Line(reply, FOUND)
    assert line.asked() == reply
    assert line.pauses == []


def test_too_many_requests_is_asked_again() -> None:
    assert Line(IntegrationReply("error", "http_4xx", 429), FOUND).asked().status == "success"


def test_no_attempt_outlives_the_budget() -> None:
    line = Line(BUSY, BUSY, BUSY, takes=timedelta(milliseconds=600))
    reply = line.asked(replace(REQUEST, budget_ms=1_500))
    assert line.timeouts == [1_000, 700]
    assert len(reply.attempts) == 2
    assert line.now - line.began < timedelta(milliseconds=1_500)


def test_a_turn_gives_its_calls_what_it_has_left() -> None:
    line = Line()
    time_left = TimeLeft(lambda: line.now, end=line.now + timedelta(milliseconds=2_500))
    fitted = time_left.fitted(REQUEST, may_repeat=True)
    assert fitted is not None
    assert (fitted.timeout_ms, fitted.budget_ms) == (1_000, 2_500)


def test_attempts_that_a_callers_patience_cut_off_are_left_to_the_queue() -> None:
    line = Line()
    time_left = TimeLeft(lambda: line.now, until=line.now + timedelta(milliseconds=1_500))
    with pytest.raises(Unavailable):
        time_left.judge(REQUEST, REQUEST, BUSY)
    assert time_left.judge(REQUEST, REQUEST, FOUND) == FOUND
