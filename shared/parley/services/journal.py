"""Calls to the outside that a turn makes before it is committed, each written down first.

journal: {<turn id>: {tries: n, steps: {<step>: {status: "started" | "done", reply}}}}

A call that only reads is free to be repeated. Any other is entered as `started` before it is made;
its reply is entered with the next entry, or is folded into the commit, which drops the turn's whole
entry. After a crash in `started` it is made again, under the same key, only if the flow's author
has declared it idempotent; else its reply is of kind `unknown`.
"""

import hashlib
import json
from dataclasses import asdict, replace

from parley.domain.conversations import Conversation
from parley.domain.ids import TurnId, turn_id
from parley.domain.json import JsonObject
from parley.domain.queued import Inbound
from parley.engine.services import IntegrationReply, IntegrationRequest
from parley.services.ports.conversations import Conversations
from parley.services.ports.integrations import Integrations

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
        self, conversations: Conversations, integrations: Integrations, inbound: Inbound
    ) -> None:
        self._conversations = conversations
        self._integrations = integrations
        self._tenant_id = inbound.tenant_id
        self._turn = turn_id(inbound.tenant_id, inbound.conversation_id, inbound.pid)
        self._replies: dict[str, IntegrationReply] = {}
        self._calls = 0
        self._is_new = True
        self._is_noted = False
        self.document: Conversation

    def open(self, document: Conversation) -> None:
        """Begin an attempt on `document`; each entry moves `self.document` on."""
        self.document = document
        self._calls = 0

    @property
    def tries(self) -> int:
        """How often a worker that may since have been killed has begun this turn."""
        return int(self._entry().get("tries", 0))

    def note_try(self) -> None:
        """Write down, once, that the turn is begun once more. Raises Overtaken."""
        if not self._is_noted:
            self._write({**self._entry(), "tries": self.tries + 1})
            self._is_noted = True

    def call(self, request: IntegrationRequest) -> IntegrationReply:
        """The reply to a call, made now or known from before. Raises Overtaken."""
        step = f"{self._calls}-{_digest(request)}"
        self._calls += 1
        if request.method.upper() in _READING:
            return self._send(step, request)
        known = self._replies.get(step)
        if known is None:
            known = self._replies[step] = self._settle(step, request)
        return known

    def _settle(self, step: str, request: IntegrationRequest) -> IntegrationReply:
        match self._entry().get("steps", {}).get(step):
            case {"status": "done", "reply": reply}:
                return IntegrationReply(**reply)
            case {"status": "started"} if not request.idempotent:
                return _UNKNOWN
            case None:
                self._start(step)
        return self._send(step, request)

    def _send(self, step: str, request: IntegrationRequest) -> IntegrationReply:
        key = f"{self._turn}:{step}"
        return self._integrations.call(self._tenant_id, request, idempotency_key=key)

    def _start(self, step: str) -> None:
        document = self.document
        if self._is_new and self._conversations.find_arrival(
            document.tenant_id, document.id, self._turn
        ):
            raise Overtaken
        self._is_new = False
        entry = self._entry()
        done = {
            name: {"status": "done", "reply": asdict(reply)}
            for name, reply in self._replies.items()
        }
        steps = {**entry.get("steps", {}), **done, step: {"status": "started"}}
        self._write({**entry, "steps": steps})

    def _entry(self) -> JsonObject:
        entry: JsonObject = self.document.journal.get(self._turn, {})
        return entry

    def _write(self, entry: JsonObject) -> None:
        before = self.document
        journal = {**before.journal, self._turn: entry}
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
