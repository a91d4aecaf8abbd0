"""The commit code with one mistake each: what it would be to leave a rule of the protocol out.

A sweep that passes proves little unless it fails for every one of these.
"""

from dataclasses import replace
from datetime import datetime
from itertools import count

from parley.domain.conversations import Conversation, Outbox, Pending
from parley.domain.ids import ProviderId, TurnId
from parley.domain.queued import Inbound, Receipt
from parley.domain.turns import Outcome, TurnTaken
from parley.services.arrivals import Arrived
from parley.services.journal import Journal
from parley.services.outbox import OutboxService
from parley.services.turns import Committed, TurnService
from tests.property.turns.simulation import Code

_AT_ONCE = Receipt()


class WithoutCompareAndSet(TurnService):
    """Writes over whatever is there."""

    def _commit(
        self, before: Conversation, after: Conversation, arrived: Arrived
    ) -> Committed | None:
        now = self._conversations.find(before.tenant_id, before.id)
        if now is not None:
            before, after = replace(before, rev=now.rev), replace(after, rev=now.rev + 1)
        return super()._commit(before, after, arrived)


class MarkedBeforeCommit(TurnService):
    """Notes an id as seen, in a cache, before the work is done."""

    def take(
        self,
        inbound: Inbound,
        receipt: Receipt = _AT_ONCE,
        *,
        known: Conversation | None = None,
        until: datetime | None = None,
    ) -> TurnTaken:
        seen: set[ProviderId] = self.__dict__.setdefault("seen", set())
        found = self._conversations.find(inbound.tenant_id, inbound.conversation_id)
        if inbound.pid in seen and found is not None:
            return TurnTaken(Outcome.DUPLICATE, found)
        seen.add(inbound.pid)
        return super().take(inbound, receipt, known=known, until=until)


class WithoutStoredDedupe(TurnService):
    """Relies on its queue to drop repeats."""

    _numbers = count()

    def _may_be_repeat(self, before: Conversation, arrived: Arrived) -> bool:  # noqa: ARG002
        return False

    def _find_repeat(self, before: Conversation, arrived: Arrived) -> TurnTaken | None:  # noqa: ARG002
        return None

    def _commit(
        self, before: Conversation, after: Conversation, arrived: Arrived
    ) -> Committed | None:
        unknown = replace(arrived, turn=TurnId(f"{arrived.turn}/{next(self._numbers)}"))
        return super()._commit(before, after, unknown)


class SendsBeforeCommit(TurnService):
    """Answers first."""

    def _commit(
        self, before: Conversation, after: Conversation, arrived: Arrived
    ) -> Committed | None:
        self._outbox._tell(after, after.pending, None)
        return super()._commit(before, after, arrived)


class WithoutOutbox(TurnService):
    """Commits the state alone and sends the answer afterwards."""

    def _commit(
        self, before: Conversation, after: Conversation, arrived: Arrived
    ) -> Committed | None:
        bare = replace(after, outbox=replace(after.outbox, items=before.outbox.items))
        committed = super()._commit(before, bare, arrived)
        return committed and (replace(committed[0], outbox=after.outbox), committed[1])


class WithoutJournal(TurnService):
    """Calls a tenant's system without writing down that it is about to."""

    def _attempt(
        self, before: Conversation, arrived: Arrived, journal: Journal, *, is_first: bool
    ) -> TurnTaken | None:
        setattr(journal, "_start", lambda _step: None)  # noqa: B010 -- a method replaced
        return super()._attempt(before, arrived, journal, is_first=is_first)


class TakesCutsForDeaths(TurnService):
    """Puts an event aside if it has been begun before, whatever has become of its worker."""

    def _attempt(
        self, before: Conversation, arrived: Arrived, journal: Journal, *, is_first: bool
    ) -> TurnTaken | None:
        setattr(journal, "has_killed", lambda _now: "begun_at" in journal._entry())  # noqa: B010 -- a method replaced
        setattr(journal, "leave", lambda **_: None)  # noqa: B010 -- as above
        return super()._attempt(before, arrived, journal, is_first=is_first)


class HearsAnswersEarly(TurnService):
    """Takes an answer for one that nobody waits for, though the turn that asked is at work."""

    def _refuse_for_now(self, before: Conversation, arrived: Arrived) -> None:
        """Never."""


class WithoutEpoch(OutboxService):
    """Goes on flushing after somebody else has taken the outbox over."""

    def _is_mine(self, outbox: Outbox, epoch: int) -> bool:  # noqa: ARG002
        return True

    def _has_time(self, outbox: Outbox) -> bool:  # noqa: ARG002
        return True


class InAnyOrder(OutboxService):
    """Sends what was said last first."""

    def _tell(self, conversation: Conversation, pending: Pending, request_id: str | None) -> bool:
        items = tuple(reversed(pending.outbox.items))
        turned = replace(pending, outbox=replace(pending.outbox, items=items))
        return super()._tell(conversation, turned, request_id)


class MarksWhatWasNotProjected(OutboxService):
    """Takes rows out of the document though the history did not get them."""

    def _tell(self, conversation: Conversation, pending: Pending, request_id: str | None) -> bool:
        super()._tell(conversation, pending, request_id)
        return True


class TakesOverWithoutNewEpoch(OutboxService):
    """The sweeper does not tell the owner before it that it is one no more."""

    def take_over(self, before: Conversation) -> Conversation | None:
        outbox = replace(before.outbox, epoch=before.outbox.epoch - 1)
        return super().take_over(replace(before, outbox=outbox))

    def _has_time(self, outbox: Outbox) -> bool:  # noqa: ARG002
        return True


MUTANTS = {
    "no compare-and-set": Code(turns=WithoutCompareAndSet),
    "marker before commit": Code(turns=MarkedBeforeCommit),
    "no stored dedupe": Code(turns=WithoutStoredDedupe),
    "acknowledges before commit": Code(acknowledges_first=True),
    "sends before commit": Code(turns=SendsBeforeCommit),
    "no outbox": Code(turns=WithoutOutbox),
    "no journal": Code(turns=WithoutJournal),
    "hears answers early": Code(turns=HearsAnswersEarly),
    "flush without epoch": Code(outbox=WithoutEpoch),
    "flush in any order": Code(outbox=InAnyOrder),
    "marks what was not projected": Code(outbox=MarksWhatWasNotProjected),
    "takes over without a new epoch": Code(outbox=TakesOverWithoutNewEpoch),
}
