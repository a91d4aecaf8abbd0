"""A turn: what it leaves behind, and what it makes of repeats, faults and limits."""

from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from parley.domain.conversations import (
    MAX_OUTBOX_ITEMS,
    RING_SIZE,
    Conversation,
    FlowPin,
    ItemKind,
    Outbox,
    Status,
)
from parley.domain.errors import Conflict, NotFound, Unavailable
from parley.domain.ids import ProviderId, TenantId, inbound_message_id, time_in
from parley.domain.messages import Direction
from parley.domain.queued import Inbound, OutboundTurn, Receipt
from parley.domain.turns import Outcome
from parley.engine.events import CloseEvent, TimerEvent, event_to_json
from parley.engine.program import Program
from parley.engine.state import RunState
from parley.engine.turn import Turn, run_turn
from parley.repositories.memory.conversations import MemoryConversations
from parley.repositories.memory.queues import MemoryFifo
from parley.services.causes import caused
from parley.services.ports.programs import LoadedFlow
from parley.services.turns import Contended
from tests.builders import (
    A_PIN,
    A_TENANT,
    B_TENANT,
    NOON,
    FixedPrograms,
    ManualClock,
    World,
    a_caller,
    a_flow,
    a_world,
    an_event_item,
    an_inbound,
)

AN_OLD_ID = "018bcfe5-6800-7000-8000-000000000000"
"""A UUIDv7 of 2023-11-14."""


def document(world: World, begun: Conversation) -> Conversation:
    found = world.conversations.find(begun.tenant_id, begun.id)
    assert found is not None
    return found


def say(world: World, begun: Conversation, text: str = "hi", pid: str | None = None) -> Outcome:
    return world.turns.take(an_inbound(text, pid=pid, conversation_id=begun.id)).outcome


def test_a_turn_numbers_what_came_and_what_was_said() -> None:
    world = a_world()
    begun = world.starts()

    say(world, begun, "hi", "web:1")

    heard, said = world.service.messages(a_caller(), begun.id, after=1).items
    assert (heard.sequence_number, heard.direction) == (2, Direction.INBOUND)
    assert (said.sequence_number, said.content["text"]) == (3, "You said hi")
    assert heard.id == inbound_message_id(A_TENANT, begun.id, ProviderId("web:1"))
    assert said.id == f"{said.turn_id}:0"


def test_a_turn_sends_once_and_leaves_nothing_pending() -> None:
    world = a_world()
    begun = world.starts()
    say(world, begun)

    assert isinstance(world.outbound, MemoryFifo)
    kinds = [[item.kind for item in sent.items] for sent in world.outbound.sent]
    assert kinds[1] == [ItemKind.MESSAGE, ItemKind.MESSAGE, ItemKind.EVENT]
    assert document(world, begun).pending.is_empty


def test_the_trace_says_what_happened() -> None:
    world = a_world()
    begun = world.starts()
    say(world, begun)

    first, second = world.service.trace(a_caller(), begun.id).items
    assert (first["messages"], second["messages"]) == ([1, 1], [2, 3])
    assert (second["outcome"], second["trace"]["path"]) == ("committed", ["echo"])


def test_a_repeat_is_known_by_its_id_and_another_event_under_it_is_noticed() -> None:
    world = a_world()
    begun = world.starts()
    message = an_inbound("hi", pid="web:1", conversation_id=begun.id)
    world.turns.take(message)
    say(world, begun, "more")

    again = world.turns.take(message)
    other = world.turns.take(an_inbound("no", pid="web:1", conversation_id=begun.id))

    assert (again.outcome, again.turn_no, again.same_payload) == (Outcome.DUPLICATE, 2, True)
    assert (other.outcome, other.same_payload) == (Outcome.DUPLICATE, False)


def test_a_repeat_is_known_after_the_ring_has_forgotten_it() -> None:
    world = a_world()
    begun = world.starts()
    say(world, begun, "hi", "sms:1")
    for n in range(RING_SIZE + 5):
        say(world, begun, str(n))

    assert say(world, begun, "hi", "sms:1") is Outcome.DUPLICATE


def test_a_new_event_that_says_when_it_was_sent_needs_no_look_into_the_history() -> None:
    class Looks(MemoryConversations):
        count = 0

        def find_arrival(self, *_where: object) -> None:
            self.count += 1

    conversations = Looks()
    clock = ManualClock()
    world = a_world(conversations=conversations, clock=clock)
    begun = world.starts()
    for n in range(RING_SIZE + 40):
        clock.advance(seconds=1)
        message = an_inbound(str(n), conversation_id=begun.id, at=clock.now)
        world.turns.take(message.model_copy(update={"sent_at": clock.now}))

    assert conversations.count == 0
    assert say(world, begun, "late", f"web:{AN_OLD_ID}") is Outcome.COMMITTED
    assert conversations.count == 1


def test_the_time_in_an_id_is_that_of_a_uuid7() -> None:
    made = time_in(ProviderId(f"api:u:{AN_OLD_ID}"))

    assert made is not None
    assert made.isoformat() == "2023-11-14T22:13:20+00:00"
    assert time_in(ProviderId("api:u:c0ffee")) is None
    assert time_in(ProviderId("api:5f0c7a52-9b0f-4a53-8f53-3f2f1b2c1d00")) is None


def test_a_queue_that_counts_anew_loses_nothing() -> None:
    world = a_world()
    begun = world.starts()
    world.turns.take(an_inbound("a", conversation_id=begun.id), Receipt(seq="900"))

    taken = world.turns.take(an_inbound("b", conversation_id=begun.id), Receipt(seq="1"))

    assert taken.outcome is Outcome.COMMITTED
    assert taken.conversation.last_seq == "900".zfill(39)


def test_a_late_event_runs_in_the_present_state_and_is_recorded_as_late() -> None:
    world = a_world()
    begun = world.starts()
    say(world, begun)

    earlier = NOON - timedelta(hours=1)
    world.turns.take(an_inbound("late", conversation_id=begun.id, at=earlier))

    late = [row["late"] for row in world.service.trace(a_caller(), begun.id).items]
    assert late == [False, False, True]
    assert document(world, begun).last_activity_at == NOON


def test_an_event_for_a_conversation_that_has_closed_changes_nothing_and_is_kept() -> None:
    world = a_world()
    begun = world.starts()
    closed = world.service.close(a_caller(), begun.id)

    taken = world.turns.take(an_inbound("too late", conversation_id=begun.id))

    assert (taken.outcome, taken.messages) == (Outcome.IGNORED, [])
    now = document(world, begun)
    assert (now.state, now.status, now.closed_at) == (closed.state, closed.status, NOON)
    kept = world.service.messages(a_caller(), begun.id).items[-1]
    assert kept.content["text"] == "too late"


def test_an_event_for_no_conversation_is_not_found() -> None:
    with pytest.raises(NotFound):
        a_world().turns.take(an_inbound(conversation_id="nowhere"))


def test_another_tenants_event_does_not_find_the_conversation() -> None:
    world = a_world()
    begun = world.starts()

    with pytest.raises(NotFound):
        world.turns.take(an_inbound(conversation_id=begun.id, tenant_id=B_TENANT))


def test_a_turn_that_fails_says_so_and_asks_for_a_person() -> None:
    def run(*turn: object) -> Turn:
        if turn[1] is not None:
            raise KeyError("a bug")
        return run_turn(*turn)  # type: ignore[arg-type]  # passed on as they came

    world = a_world(run=run)
    begun = world.starts()

    taken = world.turns.take(an_inbound(conversation_id=begun.id))

    assert taken.outcome is Outcome.FAILED
    assert [said.content["text"] for said in taken.messages] == ["Sorry, something went wrong."]
    now = document(world, begun)
    assert (now.state, now.status, now.wants_agent) == (begun.state, Status.ACTIVE, True)
    row = world.service.trace(a_caller(), begun.id).items[-1]
    assert (row["outcome"], row["trace"]["error"]) == ("failed", "KeyError")


def test_a_failed_turn_speaks_the_flows_own_words() -> None:
    flow = {
        "schema": "parley/1",
        "name": "stubborn",
        "initial_state": "a",
        "settings": {"error_text": {"en": "Oops", "de": "Hoppla"}},
        "states": [{"name": "a", "type": "end", "config": {}}],
    }

    def run(*_turn: object) -> Turn:
        raise RecursionError

    programs = FixedPrograms({FixedPrograms().resolve(A_TENANT, None, None): a_flow(flow)})  # type: ignore[arg-type]  # any channel
    world = a_world(run=run, programs=programs)

    started = world.service.start(a_caller(), language="de-AT")

    assert [said.content["text"] for said in started.messages] == ["Hoppla"]
    assert started.conversation.status is Status.ERROR


def test_a_flow_that_is_gone_fails_the_turn_and_not_the_queue() -> None:
    class Gone(FixedPrograms):
        is_gone = False

        def get(self, tenant_id: TenantId, pin: FlowPin) -> LoadedFlow:
            if self.is_gone:
                raise NotFound("flow", pin.id)
            return super().get(tenant_id, pin)

    programs = Gone()
    world = a_world(programs=programs)
    begun = world.starts()
    programs.is_gone = True

    assert say(world, begun) is Outcome.FAILED


@pytest.mark.parametrize("receive_count", [3, 9])
def test_what_has_killed_its_worker_is_quarantined_without_being_run(receive_count: int) -> None:
    ran: list[object] = []

    def run(*turn: object) -> Turn:
        ran.append(turn[2])
        if len(ran) > 1:
            raise SystemExit
        return run_turn(*turn)  # type: ignore[arg-type]  # passed on as they came

    clock = ManualClock()
    world = a_world(run=run, clock=clock)
    begun = world.starts()
    poison = an_inbound(pid="web:poison", conversation_id=begun.id)
    with pytest.raises(SystemExit):
        world.turns.take(poison, Receipt(receive_count=receive_count - 1))
    clock.advance(seconds=180)

    taken = world.turns.take(poison, Receipt(receive_count=receive_count))

    assert (taken.outcome, len(ran)) == (Outcome.QUARANTINED, 2)
    assert document(world, begun).journal == {}


def test_what_was_only_received_often_is_run() -> None:
    """While a store is away its messages are received often: none of them has killed anyone."""
    world = a_world()
    begun = world.starts()

    taken = world.turns.take(an_inbound(conversation_id=begun.id), Receipt(receive_count=7))

    assert taken.outcome is Outcome.COMMITTED


def test_a_state_that_outgrows_the_document_is_refused() -> None:
    def run(*turn: object) -> Turn:
        made = run_turn(*turn)  # type: ignore[arg-type]  # passed on as they came
        if turn[1] is not None:
            made.state.vars["x"] = "x" * 40_000
        return made

    world = a_world(run=run)
    begun = world.starts()

    taken = world.turns.take(an_inbound(conversation_id=begun.id))

    assert taken.outcome is Outcome.FAILED
    assert document(world, begun).state == begun.state


def test_a_long_trace_loses_its_largest_parts_and_says_which() -> None:
    def run(*turn: object) -> Turn:
        made = run_turn(*turn)  # type: ignore[arg-type]  # passed on as they came
        made.trace["services"] = {"calls": "x" * 20_000}
        return made

    world = a_world(run=run)
    begun = world.starts()

    row = world.service.trace(a_caller(), begun.id).items[0]

    assert row["trace"]["cut"] == ["services"]
    assert row["trace"]["path"] == ["welcome"]


def test_a_full_outbox_takes_no_further_turn() -> None:
    world = a_world()
    begun = world.starts()
    items = tuple(an_event_item(f"e:{n}") for n in range(MAX_OUTBOX_ITEMS + 1))
    full = replace(begun, rev=9, id=begun.id, outbox=Outbox(9, NOON, items))
    world = a_world()
    world.conversations.add(full, None)

    with pytest.raises(Unavailable, match="unsent"):
        say(world, begun)


def test_a_conversation_that_others_write_each_time_is_contended() -> None:
    class Busy(MemoryConversations):
        def replace(self, *_: object) -> bool:
            return False

    world = a_world(conversations=Busy())
    begun = world.starts()

    with pytest.raises(Contended):
        say(world, begun)


def test_a_timer_whose_turn_failed_does_not_fire_for_ever() -> None:
    flow = {
        "schema": "parley/1",
        "name": "waiting",
        "initial_state": "a",
        "states": [
            {
                "name": "a",
                "type": "wait",
                "config": {},
                "timeout_seconds": 60,
                "transitions": [
                    {"condition": "timeout", "target_state": "b"},
                    {"condition": "any_input", "target_state": "b"},
                ],
            },
            {"name": "b", "type": "end", "config": {}},
        ],
    }

    def run(*turn: object) -> Turn:
        if turn[1] is None:
            return run_turn(*turn)  # type: ignore[arg-type]  # passed on as they came
        if isinstance(turn[2], TimerEvent):
            raise LookupError("a bug")  # noqa: TRY004 -- any will do
        return Turn(cast("RunState", turn[1]), (), {"path": []}, cast("Program", turn[0]))

    pin = FixedPrograms().resolve(A_TENANT, None, None)  # type: ignore[arg-type]  # any channel
    clock = ManualClock()
    world = a_world(run=run, programs=FixedPrograms({pin: a_flow(flow)}), clock=clock)
    begun = world.starts()
    assert len(begun.timers) == 1
    clock.advance(seconds=61)
    assert world.timers.fire_due() == 1
    assert isinstance(world.inbound, MemoryFifo)

    fired: Inbound = world.inbound.sent[-1]
    assert world.turns.take(fired).outcome is Outcome.FAILED
    say(world, begun)

    assert document(world, begun).timers == ()
    assert world.timers.fire_due() == 0


def test_closing_an_idle_conversation_that_has_spoken_since_is_pointless() -> None:
    world = a_world()
    begun = world.starts()
    pid = ProviderId(f"idle:{begun.last_turn_id}")
    closing = caused(begun, pid, CloseEvent(Status.TIMEOUT), NOON)
    say(world, begun)

    assert world.turns.take(closing).outcome is Outcome.IGNORED
    assert document(world, begun).status is Status.ACTIVE
    assert event_to_json(CloseEvent(Status.TIMEOUT)) == closing.event


def test_a_key_that_was_for_another_start_is_a_conflict() -> None:
    world = a_world()
    world.service.start(a_caller(), key="k", language="en")

    with pytest.raises(Conflict):
        world.service.start(a_caller(), key="k", language="de")


def test_a_handoff_is_an_event_and_asks_for_a_person() -> None:
    flow = {
        "schema": "parley/1",
        "name": "helpless",
        "initial_state": "welcome",
        "states": [
            {
                "name": "welcome",
                "type": "response",
                "config": {"response_templates": {"en": "Hello"}},
                "transitions": [{"condition": "any_input", "target_state": "person"}],
            },
            {"name": "person", "type": "human_handoff", "config": {"queue": "sales"}},
        ],
    }
    world = a_world(programs=FixedPrograms({A_PIN: a_flow(flow)}))
    begun = world.starts()
    assert isinstance(world.outbound, MemoryFifo)

    taken = world.turns.take(an_inbound(conversation_id=begun.id))

    now = taken.conversation
    assert (now.status, now.wants_agent, now.idle_at) == (Status.ESCALATED, True, None)
    events = [item.body for item in world.outbound.sent[-1].items if "name" in item.body]
    assert [event["name"] for event in events] == [
        "handoff.requested",
        "conversation.escalated",
        "turn.taken",
    ]
    assert events[0]["data"]["queue"] == "sales"


def test_a_close_ends_a_conversation_whose_flow_fails() -> None:
    def run(*turn: object) -> Turn:
        if turn[1] is not None:
            raise KeyError("a bug")
        return run_turn(*turn)  # type: ignore[arg-type]  # passed on as they came

    world = a_world(run=run)
    begun = world.starts()

    assert world.service.close(a_caller(), begun.id).status is Status.COMPLETED


def test_what_does_not_fit_beside_what_is_unsent_waits_for_it_to_be_sent() -> None:
    class Away(MemoryFifo[OutboundTurn]):
        def send(self, *_: object) -> None:
            raise Unavailable("away")

    world = a_world(outbound=Away())
    begun = world.starts()
    for _ in range(3):
        say(world, begun, "x" * 4_900)

    with pytest.raises(Unavailable, match="unsent"):
        say(world, begun, "x" * 4_900)
