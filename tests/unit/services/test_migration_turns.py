"""The turn that moves a conversation: in order, once, silent, and told in full."""

from datetime import timedelta

import pytest

from parley.domain.conversations import Conversation, FlowPin, FlowVersion, ItemKind, Status
from parley.domain.flow_records import Flow
from parley.domain.json import JsonObject
from parley.domain.queued import Inbound, Receipt
from parley.domain.turns import Outcome
from parley.services.journal import VISIBILITY
from parley.services.migrations import migration
from tests.moving import Killed, Moved, asking
from tests.unit.engine.talks import a_flow, says, state, to


@pytest.fixture
def moved() -> Moved:
    return Moved()


def versions(moved: Moved, *documents: JsonObject) -> Flow:
    """A flow with these versions, 1.0 and on, each live in its turn; then 1.0 again."""
    first, *others = documents
    flow = moved.published(first)
    for document in others:
        moved.drafted(flow, document)
        moved.flows.publish(moved.caller, flow.id)
    return moved.flows.publish(moved.caller, flow.id, version=FlowVersion("1.0"))


def moving(moved: Moved, begun: Conversation, version: str = "1.1", **names: str) -> Inbound:
    pin = FlowPin(begun.flow.id, FlowVersion(version))
    return migration(moved.now(begun), pin, names, moved.clock.now, "req-1")


def last_trace(moved: Moved, begun: Conversation) -> JsonObject:
    return moved.world.service.trace(moved.caller, begun.id, limit=100).items[-1]


def last_reasons(moved: Moved) -> list[str]:
    reasons: list[str] = moved.told("conversation.not_migrated")[-1]["reasons"]
    return reasons


def test_a_move_says_nothing_and_is_told(moved: Moved) -> None:
    begun = moved.started(versions(moved, asking(), asking("how_old")))

    taken = moved.world.turns.take(moving(moved, begun, ask="how_old"))

    assert (taken.outcome, list(taken.messages)) == (Outcome.COMMITTED, [])
    assert moved.told("conversation.migrated") == [{"from": "1.0", "to": "1.1", "state": "how_old"}]
    assert [item.kind for item in moved.outbound.sent[-1].items] == [ItemKind.EVENT] * 2
    assert moved.told("turn.taken")[-1]["kind"] == "migrate"
    row = last_trace(moved, begun)
    assert (row["turn_no"], row["flow_version"], row["messages"]) == (2, "1.0", None)
    assert row["trace"]["event"]["to"] == {"id": begun.flow.id, "version": "1.1"}
    moved.say(begun, "33")
    assert last_trace(moved, begun)["flow_version"] == "1.1"


def test_a_move_stands_in_order_with_the_messages(moved: Moved) -> None:
    flow = versions(moved, asking(text="one {{ slots.age }}"), asking(text="two {{ slots.age }}"))
    begun = moved.started(flow)
    moved.queue.send(moving(moved, begun))

    said = moved.say(begun, "33")
    moved.drain()

    assert (said, moved.say(begun, "x")) == (["one 33"], ["two 33"])


def test_a_move_is_no_activity(moved: Moved) -> None:
    settings = {"idle_timeout_seconds": 600}
    flow = versions(moved, asking(), {**asking(), "settings": settings})
    begun = moved.started(flow)
    moved.clock.advance(seconds=400)

    after = moved.world.turns.take(moving(moved, begun)).conversation

    assert after.last_activity_at == begun.last_activity_at
    assert after.idle_at == begun.last_activity_at + timedelta(seconds=600)
    moved.clock.advance(seconds=200)
    assert moved.world.timers.close_idle() == 1
    assert moved.drain()[0].conversation.status is Status.TIMEOUT


def test_a_move_that_is_refused_leaves_everything_but_its_turn(moved: Moved) -> None:
    begun = moved.started(versions(moved, asking(), asking("how_old")))

    taken = moved.world.turns.take(moving(moved, begun))

    after = taken.conversation
    assert (taken.outcome, after.flow, after.state) == (Outcome.IGNORED, begun.flow, begun.state)
    assert (after.turn_no, after.wants_agent, after.idle_at) == (2, False, begun.idle_at)
    why = ["there is no state 'ask': map 'ask' to one that there is"]
    assert last_reasons(moved) == why
    assert last_trace(moved, begun)["trace"]["reasons"] == why
    assert moved.say(begun, "33") == ["33!"]


def test_a_conversation_that_has_ended_meanwhile_is_not_moved(moved: Moved) -> None:
    begun = moved.started(versions(moved, asking(), asking()))
    event = moving(moved, begun, ask="ask")
    moved.world.service.close(moved.caller, begun.id)

    taken = moved.world.turns.take(event)

    assert (taken.outcome, last_reasons(moved)) == (Outcome.IGNORED, ["it has ended"])
    assert last_trace(moved, begun)["trace"]["event"]["state_map"] == {}
    assert moved.now(begun).flow == begun.flow


def test_a_conversation_that_is_on_another_version_by_now_stays_there(moved: Moved) -> None:
    begun = moved.started(versions(moved, asking(), asking(), asking()))
    late = moving(moved, begun, "1.1")
    moved.world.turns.take(moving(moved, begun, "1.2"))

    taken = moved.world.turns.take(late)

    assert taken.outcome is Outcome.IGNORED
    assert last_reasons(moved) == ["it runs on version 1.2 by now"]
    assert moved.now(begun).flow.version == "1.2"


def test_a_move_to_what_cannot_be_loaded_bothers_nobody(moved: Moved) -> None:
    begun = moved.started(versions(moved, asking()))

    taken = moved.world.turns.take(moving(moved, begun, "9.9"))

    assert (taken.outcome, list(taken.messages)) == (Outcome.IGNORED, [])
    assert last_reasons(moved) == ["its turn failed: NotFound"]
    assert not moved.now(begun).wants_agent


def test_a_move_that_kills_its_workers_is_given_up(moved: Moved) -> None:
    begun = moved.started(versions(moved, asking(), asking()))
    event = moving(moved, begun)

    moved.programs.is_deadly = True
    with pytest.raises(Killed):
        moved.world.turns.take(event, Receipt("1", 2))
    moved.programs.is_deadly = False
    moved.clock.now += VISIBILITY

    taken = moved.world.turns.take(event, Receipt("1", 3))

    assert (taken.outcome, list(taken.messages)) == (Outcome.IGNORED, [])
    assert last_reasons(moved) == ["its turn has killed its worker before"]


def test_a_map_of_any_size_leaves_a_trace_that_can_be_replayed(moved: Moved) -> None:
    begun = moved.started(versions(moved, asking(), asking("how_old")))
    names = {"n" * 190 + str(n): "told" for n in range(200)} | {"ask": "how_old"}

    moved.world.turns.take(moving(moved, begun, **names))
    moved.say(begun, "33")

    assert "cut" not in last_trace(moved, begun)["trace"]
    replayed = moved.world.service.replay(moved.caller, begun.id, None)
    assert (replayed.turns, replayed.difference) == (3, None)


def test_a_person_goes_on_with_what_was_handed_over(moved: Moved) -> None:
    def handing(text: str) -> JsonObject:
        hand = state("hand", "human_handoff", config={"return_state": "back"})
        return a_flow(says("a", "Hi", to("hand")), hand, says("back", text, to("a")), name="asking")

    begun = moved.started(versions(moved, handing("one"), handing("two")))
    moved.say(begun, "help")

    after = moved.world.turns.take(moving(moved, begun)).conversation

    assert (after.status, after.wants_agent, after.idle_at) == (Status.ESCALATED, True, None)
    assert after.flow.version == "1.1"


def test_a_timer_is_where_the_new_state_has_one(moved: Moved) -> None:
    def timed(*seconds: int) -> JsonObject:
        limit = {"timeout_seconds": seconds[0]} if seconds else {}
        timeout = [to("b", "timeout")] if seconds else []
        return a_flow(
            says("a", "Hi", to("a"), *timeout, **limit), says("b", "Still?", to("a")), name="asking"
        )

    begun = moved.started(versions(moved, timed(), timed(60), timed()))
    moved.clock.advance(seconds=10)
    started = moved.world.turns.take(moving(moved, begun, "1.1")).conversation
    due = [timer.due_at for timer in started.timers]
    moved.clock.advance(seconds=60)
    moved.world.timers.fire_due()
    fired = [taken.conversation.current_state for taken in moved.drain()]
    gone = moved.world.turns.take(moving(moved, begun, "1.2")).conversation

    assert (due, fired) == ([begun.created_at + timedelta(seconds=70)], ["b"])
    assert (gone.timers, gone.flow.version) == ((), "1.2")


def test_a_conversation_that_was_moved_twice_is_replayed_to_the_byte(moved: Moved) -> None:
    first, second, third = asking(), asking("how_old", "So {{ slots.age }}"), asking(text="Ah")
    begun = moved.started(versions(moved, first, second, third))
    moved.world.turns.take(moving(moved, begun))  # it cannot
    moved.world.turns.take(moving(moved, begun, ask="how_old"))
    moved.say(begun, "old")
    moved.say(begun, "33")
    late = moving(moved, begun, "1.2")
    moved.world.turns.take(moving(moved, begun, "1.2", how_old="ask"))
    moved.world.turns.take(late)  # another event: it is there already
    moved.say(begun, "x")
    moved.world.service.close(moved.caller, begun.id)
    moved.world.turns.take(moving(moved, begun, "1.1"))  # it has ended

    replayed = moved.world.service.replay(moved.caller, begun.id, None)

    assert (replayed.turns, replayed.is_whole, replayed.difference) == (10, True, None)
    changed = moved.world.service.replay(moved.caller, begun.id, {**first, "name": "other"})
    assert changed.difference is not None
    assert changed.difference.what == "messages"
