"""How long a turn may take, and what becomes of its calls when little of that is left.

Two kinds of end. A caller's patience (`Prefer: wait`) is no reason for a flow to go another way: a
call that it would cut off is left, with its whole turn, to the queue. A worker's own end is: what
cannot be called any more is answered with a `timeout`, as the flow expects of a slow system.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from parley.domain.errors import Unavailable
from parley.engine.services import IntegrationReply, IntegrationRequest
from parley.services.ports.clock import Clock

MIN_CALL_MS = 100
"""The shortest timeout a flow may name: with less left no call is begun."""
NO_TIME = IntegrationReply(
    status="error", kind="timeout", error="no time was left in this turn for the call"
)


_NO_END_MS = 86_400_000
_TOO_MANY_REQUESTS = 429
_MAY_PASS = frozenset({"timeout", "http_5xx", "circuit_open"})


def may_pass(reply: IntegrationReply) -> bool:
    """Whether the call failed for a reason that may be gone in a moment."""
    return reply.kind in _MAY_PASS or reply.http_status == _TOO_MANY_REQUESTS


class OutOfTime(Unavailable):
    """Nobody waits long enough for the turn: nothing of it is committed, it is for the queue."""


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """`until` is when a caller stops waiting, `end` when the worker must be done; None: never."""

    clock: Clock
    until: datetime | None = None
    end: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether nobody is there any more for whom to try again."""
        now = self.clock()
        return any(at is not None and now >= at for at in (self.until, self.end))

    def fitted(self, request: IntegrationRequest, *, may_repeat: bool) -> IntegrationRequest | None:
        """The request, its timeout within what is left; None when nothing is.

        Raises OutOfTime for a call that patience would cut off, unless it `may_repeat`: what cannot
        be made again is made only with all its time.
        """
        patience = self._ms_until(self.until, request.timeout_ms)
        if patience < (MIN_CALL_MS if may_repeat else request.timeout_ms):
            raise OutOfTime("the turn takes longer than its caller waits")
        timeout_ms = min(patience, self._ms_until(self.end, request.timeout_ms))
        if timeout_ms < MIN_CALL_MS:
            return None
        if request.max_attempts > 1:
            budget_ms = min(self._ms_until(at, _NO_END_MS) for at in (self.until, self.end))
            request = replace(request, budget_ms=budget_ms)
        if timeout_ms == request.timeout_ms:
            return request
        return replace(request, timeout_ms=timeout_ms)

    def judge(
        self, request: IntegrationRequest, fitted: IntegrationRequest, reply: IntegrationReply
    ) -> IntegrationReply:
        """The reply, unless patience made it: raises OutOfTime then."""
        was_cut = reply.kind == "timeout" and fitted.timeout_ms < request.timeout_ms
        tried = len(reply.attempts) or 1
        was_cut = was_cut or (tried < request.max_attempts and may_pass(reply))
        if was_cut and self.until is not None:
            raise OutOfTime("the turn takes longer than its caller waits")
        return reply

    def _ms_until(self, at: datetime | None, at_most: int) -> int:
        if at is None:
            return at_most
        return min(at_most, int((at - self.clock()).total_seconds() * 1_000))
