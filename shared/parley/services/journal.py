"""Calls to the outside that a turn makes before it is committed, each written down first.

journal: {<turn id>: {begun_at, receive_count, has_failed,
                      steps: {<step>: {status: "started" | "done", reply}}}}

A call that only reads is free to be repeated. Any other, and one that is answered later, is entered
as `started` before it is made; its reply is entered with the next entry, or is folded into the
commit, which drops the turn's whole entry. After a crash in `started` it is made again, under the
same key, only if the flow's author has declared it idempotent; else its reply is of kind `unknown`.

`begun_at` is when a worker began an event that had been received before, and `receive_count` how
often it had been: an event that kills its workers is known by this note. A worker that ends without
a commit takes it back.
"""

import hashlib
import json
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Final

from parley.domain.conversations import Conversation
from parley.domain.errors import Unavailable
from parley.domain.history import to_rfc3339
from parley.domain.ids import TurnId
from parley.domain.json import JsonObject
from parley.engine.services import IntegrationReply, IntegrationRequest
from parley.services.arrivals import Arrived
from parley.services.ports.conversations import Conversations
from parley.services.ports.integrations import Integrations
from parley.services.time_left import NO_TIME, TimeLeft

VISIBILITY: Final = timedelta(seconds=180)
"""How long the queue keeps a record from others while a worker has it (`template.yaml`)."""
BEGUN_WITHIN: Final = timedelta(seconds=30)
"""How long after it received a record a worker may begin it: its whole time."""
_ATTEMPTS = 3
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_UNKNOWN = IntegrationReply(
    status="error",
    kind="unknown",
    error="the call was begun before a crash; whether it arrived is not known",
)


class Overtaken(Exception):
    """Somebody else has written the document since it was read."""


class Journal:
    """What one event's turn does outside, over all attempts to commit it."""

    def __init__(
        self,
        conversations: Conversations,
        integrations: Integrations,
        arrived: Arrived,
        time_left: TimeLeft,
    ) -> None:
        self._conversations = conversations
        self._integrations = integrations
        self._tenant_id = arrived.inbound.tenant_id
        self._conversation_id = arrived.inbound.conversation_id
        self._turn = arrived.turn
        self._receive_count = arrived.receipt.receive_count
        self._time_left = time_left
        self._replies: dict[str, IntegrationReply] = {}
        self._calls = 0
        self._is_new = True
        self._note: JsonObject = {}
        self.document: Conversation

    def open(self, document: Conversation) -> None:
        """Begin an attempt on `document`; each entry moves `self.document` on."""
        self.document = document
        self._calls = 0

    def has_killed(self, now: datetime) -> bool:
        """Whether a worker has begun this turn and was never heard of again, or failed unforeseen.

        A worker that ends takes its note back. If that fails, too, its record is soon there again,
        or was received in vain for as long as the store was away; a dead worker's is received next
        when its visibility has run out. A note of any other receive says nothing, and is written
        over. A clock that is wrong makes this wrong: at worst a message is answered with an
        apology.
        """
        entry = self._entry()
        if entry.get("has_failed"):
            return True
        begun_at = entry.get("begun_at")
        if begun_at is None or entry.get("receive_count") != self._receive_count - 1:
            return False
        return now - datetime.fromisoformat(begun_at) >= VISIBILITY - BEGUN_WITHIN

    def begin(self, now: datetime) -> None:
        """Write down that the turn is begun once more. Raises Overtaken, Unavailable."""
        if not self._note:
            self._note = {"begun_at": to_rfc3339(now), "receive_count": self._receive_count}
        entry = self._entry()
        if entry | self._note != entry:
            self._write(entry | self._note)

    def leave(self, *, has_failed: bool = False) -> None:
        """What a worker writes down that ends without a commit, if it can.

        It takes back that it has begun, and enters the replies it knows: whoever takes the turn
        next need not call these `unknown`. `has_failed`, in a way nobody foresaw, counts as death.
        """
        has_some = has_failed or self._note or self._replies
        for _ in range(_ATTEMPTS if has_some else 0):
            try:
                return self._write_left(has_failed=has_failed)
            except Overtaken:
                continue
            except Unavailable:
                return None
        return None

    def _write_left(self, *, has_failed: bool) -> None:
        found = self._conversations.find(self._tenant_id, self._conversation_id)
        if found is None or found.last_turn_id == self._turn:
            return
        self.document = found
        left = self._left()
        if has_failed:
            left["has_failed"] = True
        if left != self._entry():
            self._write(left)

    def _left(self) -> JsonObject:
        entry = dict(self._entry())
        if entry | self._note == entry:
            entry = {key: value for key, value in entry.items() if key not in self._note}
        if steps := entry.get("steps"):
            entry["steps"] = steps | {
                step: done for step, done in self._done().items() if step in steps
            }
        return entry

    def call(self, request: IntegrationRequest) -> IntegrationReply:
        """The reply to a call, made now or known from before. Raises Overtaken, OutOfTime."""
        step = f"{self._calls}-{_digest(request)}"
        self._calls += 1
        if request.callback is None and request.method.upper() in _READING:
            fitted = self._time_left.fitted(request, may_repeat=True)
            return NO_TIME if fitted is None else self._send(step, request, fitted)
        known = self._replies.get(step)
        if known is None:
            known = self._replies[step] = self._settle(step, request)
        return known

    def _settle(self, step: str, request: IntegrationRequest) -> IntegrationReply:
        before = self._entry().get("steps", {}).get(step)
        match before:
            case {"status": "done", "reply": reply}:
                return IntegrationReply(**reply)
            case {"status": "started"} if not request.idempotent:
                return _UNKNOWN
        fitted = self._time_left.fitted(request, may_repeat=request.idempotent)
        if fitted is None:
            return NO_TIME
        if before is None:
            self._start(step)
        return self._send(step, request, fitted)

    def _send(
        self, step: str, request: IntegrationRequest, fitted: IntegrationRequest
    ) -> IntegrationReply:
        key = f"{self._turn}:{step}"
        reply = self._integrations.call(
            self._tenant_id, self._conversation_id, fitted, idempotency_key=key
        )
        return self._time_left.judge(request, fitted, reply)

    def _start(self, step: str) -> None:
        document = self.document
        if self._is_new and self._conversations.find_arrival(
            document.tenant_id, document.id, self._turn
        ):
            raise Overtaken
        self._is_new = False
        entry = self._entry()
        steps = {**entry.get("steps", {}), **self._done(), step: {"status": "started"}}
        self._write({**entry, "steps": steps})

    def _done(self) -> JsonObject:
        return {
            step: {"status": "done", "reply": asdict(reply)}
            for step, reply in self._replies.items()
        }

    def _entry(self) -> JsonObject:
        entry: JsonObject = self.document.journal.get(self._turn, {})
        return entry

    def _write(self, entry: JsonObject) -> None:
        before = self.document
        journal = without_turn(before.journal, self._turn)
        if entry:
            journal = {**journal, self._turn: entry}
        after = replace(before, rev=before.rev + 1, journal=journal)
        written = (
            self._conversations.replace(before, after, None)
            if before.rev
            else self._conversations.add(after, None)
        )
        if not written:
            raise Overtaken
        self.document = after


def without_turn(journal: JsonObject, turn: TurnId) -> JsonObject:
    """The journal once this turn is committed."""
    return {key: entry for key, entry in journal.items() if key != turn} if journal else journal


def _digest(request: IntegrationRequest) -> str:
    described = [request.integration_id, request.endpoint, request.method, request.body]
    encoded = json.dumps(described, sort_keys=True).encode()
    return hashlib.sha256(encoded).hexdigest()[:8]
