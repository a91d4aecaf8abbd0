"""Taking live conversations along to a version that is published: which could move, and the moves.

A conversation stays on the version it began with unless it is moved here. What is judged here is
how it stands now; its turn (`services.migration_turns`) judges again, in order with its messages.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from parley.domain.access import Caller
from parley.domain.conversations import Conversation, FlowPin, FlowVersion
from parley.domain.cursors import decode_cursor, encode_cursor, unknown_cursor
from parley.domain.errors import Fault, FlowInvalid, Invalid
from parley.domain.flow_records import (
    Flow,
    FlowStatus,
    FlowVersionRecord,
    VersionStatus,
    changed_status,
)
from parley.domain.flows import Diagnostic
from parley.domain.ids import ConversationId, FlowId, ProviderId
from parley.domain.json import JsonObject
from parley.domain.pages import DEFAULT_PAGE_SIZE, Page
from parley.domain.queued import Inbound, payload_hash
from parley.engine.events import MigrateEvent, event_to_json
from parley.engine.migration import Stays, moved
from parley.engine.program import Program
from parley.engine.state import RunState
from parley.services.causes import caused
from parley.services.flows import FlowService
from parley.services.ports.clock import Clock
from parley.services.ports.conversations import Conversations
from parley.services.ports.programs import Programs
from parley.services.ports.queues import InboundQueue
from parley.services.programs import built

MOVED_AT_ONCE = 200
"""Conversations that one request looks at and moves: each takes a send."""

_VERSION = re.compile(r"\d{1,6}(\.\d{1,6}){1,2}", re.ASCII)
"""What a cursor that this list gave begins with."""

UNTESTED = "tests.failed"
"""What a flow that demands its tests is refused for; the check itself runs none."""

type StateMap = Mapping[str, str]
"""From a state's name in older versions to its name in the new one; others keep theirs."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A live conversation of another version: it could move if there is no reason against it."""

    conversation: Conversation
    to_state: str
    reasons: tuple[str, ...]

    @property
    def can_move(self) -> bool:
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Preview:
    """What publishing `version` would do; no conversation is judged if it cannot be published."""

    version: FlowVersion
    diagnostics: Sequence[Diagnostic]
    judged: Page[Judged] | None


@dataclass(frozen=True, slots=True)
class Moving:
    """A version that is live, and the conversations of one request: those that could are queued."""

    flow: Flow
    judged: Page[Judged]


class MigrationService:
    """Publishing, with the conversations that are under way.

    Of a `state_map` every name must be known: Invalid says at `/state_map/NAME` which is not. A
    `cursor` holds the version too, so that going on without one goes on with the same.
    """

    def __init__(
        self,
        flows: FlowService,
        programs: Programs,
        *,
        conversations: Conversations,
        inbound: InboundQueue,
        clock: Clock,
    ) -> None:
        self._flows = flows
        self._programs = programs
        self._conversations = conversations
        self._inbound = inbound
        self._clock = clock

    def preview(
        self,
        caller: Caller,
        flow_id: FlowId,
        *,
        version: FlowVersion | None = None,
        state_map: StateMap,
        cursor: str | None = None,
        limit: int = DEFAULT_PAGE_SIZE,
    ) -> Preview:
        """What publishing would find, and a page of conversations; changes nothing.

        Raises NotFound, Invalid, and Conflict when the flow may not become active.
        """
        flow, record, after = self._chosen(caller, flow_id, version, cursor)
        if (flow.active_version, flow.status) != (record.version, FlowStatus.ACTIVE):
            changed_status(flow, FlowStatus.ACTIVE)
        self._require_known(caller, record, state_map)
        publishable, diagnostics = self._tried(caller, record)
        if publishable is None:
            return Preview(record.version, diagnostics, None)
        target = built(publishable.document, publishable.calls).program
        pin = FlowPin(flow.id, record.version)
        judged = self._judged(caller, pin, target, state_map, after=after, limit=limit)
        return Preview(record.version, diagnostics, judged)

    def publish(
        self,
        caller: Caller,
        flow_id: FlowId,
        *,
        version: FlowVersion | None = None,
        state_map: StateMap,
        if_match: int | None = None,
        cursor: str | None = None,
    ) -> Moving:
        """Publish, and queue the move of up to `MOVED_AT_ONCE` conversations that can.

        Repeating it with the next cursor goes on, and publishes nothing anew. Repeating it as it
        was is safe: a conversation that has had no turn since is not moved twice. Raises as
        `FlowService.publish` does, and Invalid; Unavailable when a move cannot be queued.
        """
        _, record, after = self._chosen(caller, flow_id, version, cursor)
        self._require_known(caller, record, state_map)
        flow = self._flows.publish(caller, flow_id, version=record.version, if_match=if_match)
        pin = FlowPin(flow.id, record.version)
        target = self._programs.get(caller.tenant_id, pin).program
        judged = self._judged(caller, pin, target, state_map, after=after, limit=MOVED_AT_ONCE)
        now = self._clock()
        for one in judged.items:
            if one.can_move:
                move = migration(one.conversation, pin, state_map, now, caller.request_id)
                self._inbound.send(move)
        return Moving(flow, judged)

    def _tried(
        self, caller: Caller, record: FlowVersionRecord
    ) -> tuple[FlowVersionRecord | None, Sequence[Diagnostic]]:
        """The version as it would be published, None if it would not, and what the check finds."""
        diagnostics = self._flows.check(caller, record.source or record.document, record)
        try:
            return self._flows.publishable(caller, record), diagnostics
        except FlowInvalid as refused:
            if any(finding.severity == "error" for finding in diagnostics):
                return None, diagnostics
            failed = [Diagnostic(UNTESTED, "error", f.pointer, f.message) for f in refused.faults]
            return None, [*diagnostics, *failed]

    def _chosen(
        self, caller: Caller, flow_id: FlowId, version: FlowVersion | None, cursor: str | None
    ) -> tuple[Flow, FlowVersionRecord, ConversationId | None]:
        """The flow, the version that is meant, and the last conversation of the page before."""
        after = None
        if cursor is not None:
            going_on, after = decode_cursor(cursor, str, str)
            if version not in (None, going_on) or not _VERSION.fullmatch(going_on):
                raise unknown_cursor()
            version = FlowVersion(going_on)
        flow = self._flows.get(caller, flow_id)
        return flow, self._flows.version(caller, flow_id, version or flow.latest_version), after

    def _require_known(
        self, caller: Caller, record: FlowVersionRecord, state_map: StateMap
    ) -> None:
        names = _state_names(record.document)
        faults = [
            Fault(f"/state_map/{name}", f"version {record.version} has no state {to!r}")
            for name, to in state_map.items()
            if to not in names
        ]
        faults += [
            Fault(f"/state_map/{name}", f"no other published version has a state {name!r}")
            for name in self._unknown(caller, record, state_map)
        ]
        if faults:
            raise Invalid("the state map names states that there are not", faults)

    def _unknown(
        self, caller: Caller, record: FlowVersionRecord, state_map: StateMap
    ) -> Sequence[str]:
        """Which states no conversation can be in; the newest versions are looked at first."""
        left, cursor = list(state_map), None
        while left:
            page = self._flows.versions(caller, record.flow_id, cursor=cursor)
            for other in page.items:
                if other.status is VersionStatus.PUBLISHED and other.version != record.version:
                    names = _state_names(other.document)
                    left = [name for name in left if name not in names]
            cursor = page.next_cursor
            if cursor is None:
                break
        return left

    def _judged(
        self,
        caller: Caller,
        to: FlowPin,
        target: Program,
        state_map: StateMap,
        *,
        after: ConversationId | None,
        limit: int,
    ) -> Page[Judged]:
        found = self._conversations.list_on_other_versions(
            caller.tenant_id, to, after=after, limit=limit + 1
        )
        page, now = found[:limit], self._clock()
        judged = [self._judge(one, target, state_map, now) for one in page]
        more = encode_cursor(to.version, page[-1].id) if len(found) > limit else None
        return Page(judged, more)

    def _judge(
        self, conversation: Conversation, target: Program, state_map: StateMap, now: datetime
    ) -> Judged:
        at = conversation.current_state
        to_state = state_map.get(at, at)
        if not conversation.turn_no:
            return Judged(conversation, to_state, ("its first turn is still under way",))
        try:
            source = self._programs.get(conversation.tenant_id, conversation.flow).program
        except FlowInvalid:
            why = f"version {conversation.flow.version} cannot be run any more"
            return Judged(conversation, to_state, (why,))
        made = moved(RunState.from_json(conversation.state), source, target, state_map, now)
        return Judged(conversation, to_state, made.reasons if isinstance(made, Stays) else ())


def migration(
    conversation: Conversation,
    to: FlowPin,
    state_map: StateMap,
    now: datetime,
    request_id: str | None = None,
) -> Inbound:
    """The event that moves a conversation; asked for again before its next turn it is the same.

    After that turn it is another: one that could not move may be asked to again.
    """
    event = MigrateEvent(conversation.flow, to, state_map)
    asked = payload_hash(event_to_json(event))
    pid = ProviderId(f"migrate:{conversation.last_turn_id}:{asked}")
    return caused(conversation, pid, event, now, request_id=request_id)


def _state_names(document: JsonObject) -> frozenset[str]:
    """Of a document that may still be wrong in every respect."""
    written = document.get("states")
    states = written if isinstance(written, list) else ()
    names = [state.get("name") for state in states if isinstance(state, dict)]
    return frozenset(name for name in names if isinstance(name, str))
