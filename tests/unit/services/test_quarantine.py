"""An event is put aside only when a worker really died of it, not because a store was away."""

from collections.abc import Callable

import pytest

from parley.domain.conversations import Conversation, FlowPin
from parley.domain.errors import Unavailable
from parley.domain.ids import TenantId
from parley.domain.queued import Inbound, Receipt
from parley.domain.turns import Outcome
from parley.engine.turn import run_turn
from parley.repositories.memory.conversations import MemoryConversations
from parley.services.ports.programs import LoadedFlow
from tests.builders import A_TENANT, FixedPrograms, ManualClock, World, a_world, an_inbound

AFTER_VISIBILITY = 180
AFTER_POSTPONING = 60


class Programs(FixedPrograms):
    """Away while it is told to be."""

    is_away = False

    def get(self, tenant_id: TenantId, pin: FlowPin) -> LoadedFlow:
        if self.is_away:
            raise Unavailable("the flows are away")
        return super().get(tenant_id, pin)


class Conversations(MemoryConversations):
    """Whose writes are cut off while it is told to: what `cuts` says of each."""

    def __init__(self) -> None:
        super().__init__()
        self.cuts: Callable[[Conversation], bool] = lambda _after: False

    def replace(self, before: Conversation, after: Conversation, arrival: object) -> bool:
        if self.cuts(after):
            raise Unavailable("cut")
        return super().replace(before, after, arrival)  # type: ignore[arg-type]  # as it came


class Bench:
    """A conversation, and an event that is delivered to it again and again."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.programs = Programs()
        self.conversations = Conversations()
        self.dies = False
        self.world: World = a_world(
            conversations=self.conversations,
            programs=self.programs,
            clock=self.clock,
            run=self._run,  # type: ignore[arg-type]  # passed on as it comes
        )
        self.begun = self.world.starts()
        self.event: Inbound = an_inbound(pid="web:1", conversation_id=self.begun.id)

    def _run(self, *turn: object) -> object:
        if self.dies:
            raise SystemExit("the worker is killed")
        return run_turn(*turn)  # type: ignore[arg-type]  # as above

    @property
    def document(self) -> Conversation:
        found = self.conversations.find(A_TENANT, self.begun.id)
        assert found is not None
        return found

    def receive(self, count: int) -> Outcome:
        return self.world.turns.take(self.event, Receipt("1", count)).outcome

    def dies_at(self, count: int) -> None:
        self.dies = True
        with pytest.raises(SystemExit):
            self.receive(count)
        self.dies = False
        self.clock.advance(seconds=AFTER_VISIBILITY)

    def is_cut_at(self, count: int) -> None:
        self.programs.is_away = True
        with pytest.raises(Unavailable):
            self.receive(count)
        self.programs.is_away = False
        self.clock.advance(seconds=AFTER_POSTPONING)


def test_a_message_is_not_put_aside_because_a_store_was_away() -> None:
    bench = Bench()

    for count in range(1, 6):
        bench.is_cut_at(count)

    assert bench.receive(6) is Outcome.COMMITTED


def test_a_worker_that_ends_takes_its_note_back() -> None:
    bench = Bench()

    bench.is_cut_at(2)

    assert bench.document.journal == {}


def test_a_message_that_kills_its_worker_is_put_aside_at_the_third_receive() -> None:
    bench = Bench()
    bench.dies_at(1)
    bench.dies_at(2)

    assert bench.receive(3) is Outcome.QUARANTINED


def test_a_message_whose_worker_died_a_little_late_in_its_batch_is_put_aside() -> None:
    bench = Bench()
    bench.dies_at(1)
    bench.clock.advance(seconds=25)
    bench.dies_at(2)
    bench.clock.advance(seconds=-25)

    assert bench.receive(3) is Outcome.QUARANTINED


def test_a_note_that_could_not_be_taken_back_counts_for_nothing_if_the_record_comes_soon() -> None:
    bench = Bench()
    bench.conversations.cuts = lambda after: not after.journal
    bench.is_cut_at(2)
    bench.conversations.cuts = lambda _after: False

    assert bench.document.journal
    assert bench.receive(3) is Outcome.COMMITTED


def test_a_note_that_outlived_an_outage_counts_for_nothing() -> None:
    """The store went away between the note and its taking back, and was away for long."""
    bench = Bench()
    bench.is_cut_at(1)
    bench.conversations.cuts = lambda after: not after.journal
    bench.is_cut_at(2)
    bench.conversations.cuts = lambda _after: True
    for count in (3, 4, 5):
        bench.is_cut_at(count)
    bench.conversations.cuts = lambda _after: False

    assert bench.document.journal
    assert bench.receive(6) is Outcome.COMMITTED


def test_a_death_after_such_an_outage_is_seen() -> None:
    bench = Bench()
    bench.conversations.cuts = lambda after: not after.journal
    bench.is_cut_at(2)
    bench.conversations.cuts = lambda _after: True
    for count in (3, 4, 5):
        bench.is_cut_at(count)
    bench.conversations.cuts = lambda _after: False
    bench.dies_at(6)

    assert bench.receive(7) is Outcome.QUARANTINED


def test_a_death_is_seen_also_after_receives_that_were_cut() -> None:
    bench = Bench()
    bench.is_cut_at(1)
    bench.is_cut_at(2)
    bench.is_cut_at(3)
    bench.dies_at(4)

    assert bench.receive(5) is Outcome.QUARANTINED


def test_a_note_whose_answer_was_lost_is_taken_back_too() -> None:
    bench = Bench()
    replace = MemoryConversations.replace
    answers = iter([True, False])

    def applied_but_unanswered(after: Conversation) -> bool:
        if next(answers, False):
            replace(bench.conversations, bench.document, after, None)
            return True
        return False

    bench.conversations.cuts = applied_but_unanswered
    with pytest.raises(Unavailable):
        bench.receive(2)

    assert bench.document.journal == {}
    bench.clock.advance(seconds=AFTER_VISIBILITY)
    assert bench.receive(3) is Outcome.COMMITTED


def test_what_fails_in_a_way_nobody_foresaw_is_put_aside_too() -> None:
    bench = Bench()

    def never(_after: Conversation) -> bool:
        raise ZeroDivisionError

    for count in (1, 2):
        bench.conversations.cuts = lambda after: bool(not after.journal and never(after))
        with pytest.raises(ZeroDivisionError):
            bench.receive(count)
        bench.conversations.cuts = lambda _after: False
        bench.clock.advance(seconds=AFTER_POSTPONING)

    assert bench.receive(3) is Outcome.QUARANTINED
