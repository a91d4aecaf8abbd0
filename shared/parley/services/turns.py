"""One event, one turn: exactly once in effect, however often it is delivered, wherever it stops.

The steps are those of `docs/ARCHITECTURE.md`: read, know a repeat, run, commit by compare-and-set,
flush. Commit precedes every effect outside but the journaled calls (`services.journal`). An answer
that was lost is settled by reading again: a turn's id is derived from its event, so whoever finds
it in the document knows that the commit was made.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from parley.domain.conversations import Conversation, FlowPin
from parley.domain.errors import LimitExceeded, NotFound, PlatformError, Unavailable
from parley.domain.history import messages_in
from parley.domain.messages import Direction
from parley.domain.queued import Inbound, Receipt
from parley.domain.turns import Outcome, TurnTaken
from parley.engine.effects import LogEvent
from parley.engine.events import Event, MigrateEvent, StartEvent
from parley.engine.program import Program
from parley.engine.services import TurnServices
from parley.engine.state import RunState
from parley.engine.turn import Turn, run_turn
from parley.services.arrivals import Arrived, Result, repeated
from parley.services.callbacks import answers_nothing, came_early
from parley.services.called_flows import called_by
from parley.services.changes import TooLarge, after_refusal, after_turn
from parley.services.failures import failed, ignored, quarantined
from parley.services.journal import Journal, Overtaken
from parley.services.migration_turns import migrated
from parley.services.outbox import OutboxService
from parley.services.ports.clock import Clock
from parley.services.ports.conversations import Conversations, Messages
from parley.services.ports.integrations import Integrations
from parley.services.ports.programs import Programs
from parley.services.starts import Turned, pinned, started
from parley.services.surroundings import Surroundings
from parley.services.time_left import TimeLeft
from parley.services.timers import is_stale_close

type Run = Callable[[Program, RunState | None, Event, TurnServices], Turn]

type Committed = tuple[Conversation, bool]
"""The document with the turn in it, and whether its outbox is now ours to flush."""

QUARANTINE_AT: Final = 3
"""The receive at which an event that is known to have been begun before is not run again."""
_ATTEMPTS = 25
_AT_ONCE = Receipt()


class Contended(Unavailable):
    """Others wrote the conversation each time before this turn could."""


class TurnService:
    """Takes turns."""

    def __init__(
        self,
        *,
        conversations: Conversations,
        messages: Messages,
        programs: Programs,
        integrations: Integrations,
        outbox: OutboxService,
        clock: Clock,
        run: Run = run_turn,
    ) -> None:
        self._conversations = conversations
        self._messages = messages
        self._programs = programs
        self._integrations = integrations
        self._outbox = outbox
        self._clock = clock
        self._run = run

    def take(
        self,
        inbound: Inbound,
        receipt: Receipt = _AT_ONCE,
        *,
        known: Conversation | None = None,
        until: datetime | None = None,
    ) -> TurnTaken:
        """Make the turn of an event, unless it has been made.

        `known` is the document if the caller has just read it; one with `rev` 0 is stored with the
        turn, in one write. `until` is when whoever waits for the turn stops waiting: it is tried
        as often as others are faster, and given up before a call that would last longer. The
        worker's own end is `receipt.end`: what cannot be called by then has timed out.

        Raises NotFound without such a conversation; Contended; OutOfTime; Unavailable when a store
        does not answer or the outbox is full: then nothing is lost by trying again.
        """
        arrived = Arrived.of(inbound, receipt)
        time_left = TimeLeft(self._clock, until, receipt.end)
        journal = Journal(self._conversations, self._integrations, arrived, time_left)
        try:
            return self._take(arrived, journal, known, time_left)
        except PlatformError:
            journal.leave()
            raise
        except Exception:
            journal.leave(has_failed=True)
            raise

    def _take(
        self, arrived: Arrived, journal: Journal, known: Conversation | None, time_left: TimeLeft
    ) -> TurnTaken:
        inbound = arrived.inbound
        opening = known if known is not None and not known.rev else None
        before = known if known is not None else self._find(inbound, None)
        attempt = 0
        while attempt == 0 or _may_try_again(attempt, time_left):
            taken = self._attempt(before, arrived, journal, is_first=attempt == 0)
            if taken is not None:
                return taken
            before = self._find(inbound, opening)
            attempt += 1
        raise Contended("the conversation is busy: try again")

    def _find(self, inbound: Inbound, opening: Conversation | None) -> Conversation:
        found = self._conversations.find(inbound.tenant_id, inbound.conversation_id) or opening
        if found is None:
            raise NotFound("conversation", inbound.conversation_id)
        return found

    def _attempt(
        self, before: Conversation, arrived: Arrived, journal: Journal, *, is_first: bool
    ) -> TurnTaken | None:
        """None when somebody else wrote first."""
        if before.rev:
            if is_stale_close(before, arrived) or answers_nothing(before, arrived, self._clock()):
                return TurnTaken(Outcome.IGNORED, before, turn_no=before.turn_no)
            if not is_first or self._may_be_repeat(before, arrived):
                repeat = self._find_repeat(before, arrived)
                if repeat is not None:
                    return self._known(before, arrived, repeat)
        self._refuse_for_now(before, arrived)
        journal.open(before)
        try:
            after, result = self._turned(arrived, journal)
        except Overtaken:
            return None
        before = journal.document
        committed = self._commit(before, after, arrived)
        if committed is None:
            return None
        document, owns_outbox = committed
        flushed = not owns_outbox or self._flush(document, arrived)
        sent = messages_in(after.id, after.tail[len(before.tail) :])
        replies = [message for message in sent if message.direction is Direction.OUTBOUND]
        return TurnTaken(result.outcome, after, replies, after.turn_no, flushed=flushed)

    def _refuse_for_now(self, before: Conversation, arrived: Arrived) -> None:
        """Raises Unavailable for what has to come again."""
        if before.outbox.is_full:
            raise Unavailable("the conversation has too much unsent: try again")
        if came_early(before, arrived, self._clock()):
            raise Unavailable("the turn that made the call is not done: try again")

    def _may_be_repeat(self, before: Conversation, arrived: Arrived) -> bool:
        """Whether it takes a look to know; the commit itself refuses what the ring still holds.

        A sequence number that is not new proves nothing: a queue that was made again counts anew.
        """
        if before.last_turn_id == arrived.turn or "" < arrived.seq <= before.last_seq:
            return True
        return arrived.may_be_forgotten(before)

    def _find_repeat(self, before: Conversation, arrived: Arrived) -> TurnTaken | None:
        """In the ring; of an event older than the ring, in the history."""
        tenant_id, conversation_id = before.tenant_id, before.id
        arrival = self._conversations.find_arrival(tenant_id, conversation_id, arrived.turn)
        if arrival is not None:
            return repeated(before, arrived, arrival.turn_no, arrival.payload_hash)
        if not arrived.may_be_forgotten(before):
            return None
        row = next((row for row in before.tail if row["id"] == arrived.turn), None)
        row = row or self._messages.find_turn(tenant_id, conversation_id, arrived.turn)
        if row is None:
            return None
        return repeated(before, arrived, row["turn_no"], row["payload_hash"])

    def _known(self, before: Conversation, arrived: Arrived, repeat: TurnTaken) -> TurnTaken | None:
        """The repeat; if another event came under its id over the queue, that is recorded first.

        Whoever waits for the answer is told so. None when somebody else wrote first.
        """
        if repeat.same_payload or not arrived.seq:
            return repeat
        after = after_refusal(before, arrived, repeat.turn_no, self._clock())
        if not self._conversations.replace(before, after, None):
            return None
        if before.pending.is_empty:
            self._flush(after, arrived)
        return repeat

    def _turned(self, arrived: Arrived, journal: Journal) -> Turned:
        """Raises Overtaken, Unavailable."""
        before = journal.document
        turn_on = partial(self._turn_on, arrived, journal)
        if before.turn_no or not isinstance(arrived.event, StartEvent):
            return turn_on(before.flow)
        return started(self._programs, before, turn_on)

    def _turn_on(
        self, arrived: Arrived, journal: Journal, flow: FlowPin, events: Sequence[LogEvent] = ()
    ) -> Turned:
        """The turn on `flow`, or a failed one if that would be too large; `events` told first.

        Each of them is of a flow that failed to start.
        """
        arrived = replace(arrived, tried=len(events))
        result = self._result(arrived, journal, flow)
        before = pinned(journal.document, flow)
        try:
            return after_turn(before, arrived, result.after(events), self._clock()), result
        except (TooLarge, ValueError) as error:
            if not before.pending.is_empty:
                raise Unavailable("the conversation has too much unsent: try again") from error
            program = self._programs.get(before.tenant_id, flow).program
            result = failed(before, arrived, error, program)
            return after_turn(before, arrived, result.after(events), self._clock()), result

    def _result(self, arrived: Arrived, journal: Journal, flow: FlowPin) -> Result:
        received = arrived.receipt.receive_count
        if received >= QUARANTINE_AT and journal.has_killed(self._clock()):
            return quarantined(journal.document, arrived)
        if received > 1:
            journal.begin(self._clock())
        if not journal.document.status.is_open:
            return ignored(arrived)
        return self._run_flow(pinned(journal.document, flow), arrived, journal)

    def _run_flow(self, before: Conversation, arrived: Arrived, journal: Journal) -> Result:
        program: Program | None = None
        try:
            if isinstance(arrived.event, MigrateEvent):
                return migrated(self._programs, before, arrived, arrived.event, journal)
            flow = self._programs.get(before.tenant_id, before.flow)
            program = flow.program
            state = RunState.from_json(before.state) if before.turn_no else None
            called = called_by(self._programs, before.tenant_id)
            services = Surroundings(before, arrived, flow, journal, called)
            turn = self._run(program, state, arrived.event, services)
        except (Unavailable, LimitExceeded, Overtaken):
            raise
        except Exception as error:  # noqa: BLE001 -- a fault of a flow never stops its conversation
            return failed(before, arrived, error, program)
        if turn.ignored:
            return Result(Outcome.IGNORED, None, (), turn.trace)
        idle_at = turn.flow.idle_due_at(turn.state, max(arrived.at, before.last_activity_at))
        return Result(Outcome.COMMITTED, turn.state, turn.effects, turn.trace, idle_at)

    def _commit(
        self, before: Conversation, after: Conversation, arrived: Arrived
    ) -> Committed | None:
        """None if somebody else wrote first."""
        arrival = arrived.arrival(after.turn_no)
        owns_outbox = after.outbox.epoch != before.outbox.epoch
        try:
            if before.rev:
                is_mine = self._conversations.replace(before, after, arrival)
            else:
                is_mine = self._conversations.add(after, arrival)
        except Unavailable:
            return self._settle(after, arrived, owns_outbox=owns_outbox)
        return (after, owns_outbox) if is_mine else None

    def _settle(
        self, after: Conversation, arrived: Arrived, *, owns_outbox: bool
    ) -> Committed | None:
        """What has become of a commit whose answer was lost.

        A twin may have made it, at work on the same record under the same epoch: so the outbox is
        taken over, not just held, and one of the two is fenced out.
        """
        found = self._conversations.find(after.tenant_id, after.id)
        if found is None or found.last_turn_id != arrived.turn:
            return None
        if not owns_outbox or found.outbox.epoch != after.outbox.epoch:
            return found, False
        try:
            mine = self._outbox.take_over(found)
        except Unavailable:
            mine = None
        return (found, False) if mine is None else (mine, True)

    def _flush(self, committed: Conversation, arrived: Arrived) -> bool:
        try:
            return self._outbox.flush(committed, request_id=arrived.inbound.request_id)
        except Unavailable:
            return False


def _may_try_again(attempt: int, time_left: TimeLeft) -> bool:
    return not time_left.is_over and (time_left.until is not None or attempt < _ATTEMPTS)
