"""An id stands for one thing: what comes again under it is known, what is new under it refused."""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
import uuid_utils

from parley.domain.errors import Conflict, Invalid
from parley.domain.ids import ProviderId, time_in
from parley.domain.json import JsonObject
from parley.domain.queued import Inbound, OutboundTurn, Receipt
from parley.domain.turns import Outcome
from parley.repositories.memory.conversations import MemoryConversations
from parley.repositories.memory.messages import MemoryMessages
from parley.repositories.memory.queues import MemoryFifo
from tests.builders import A_PIN, FixedPrograms, ManualClock, World, a_caller, a_flow, a_world
from tests.builders import an_inbound as a_message

NAMES_THE_USER: JsonObject = {
    "schema": "parley/1",
    "name": "names",
    "initial_state": "says",
    "states": [
        {
            "name": "says",
            "type": "end",
            "config": {"response_templates": {"en": "{{ user.id }} {{ user.first_name }}"}},
        }
    ],
}


class Counted:
    """A port, and how often each of its methods is called."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        self.calls[name] += 1
        return getattr(self._port, name)


def a_counted_world(clock: ManualClock) -> tuple[World, Counted, Counted]:
    conversations, messages = Counted(MemoryConversations()), Counted(MemoryMessages())
    return (
        a_world(conversations=conversations, messages=messages, clock=clock),
        conversations,
        messages,
    )


def sent_events(world: World) -> list[JsonObject]:
    assert isinstance(world.outbound, MemoryFifo)
    turns: list[OutboundTurn] = world.outbound.sent
    return [item.body for turn in turns for item in turn.items if "name" in item.body]


@pytest.mark.parametrize("new_key", [uuid4, uuid_utils.uuid7], ids=["any key", "a UUIDv7"])
@pytest.mark.parametrize("turn_no", [10, 100, 1_000])
def test_a_turn_is_one_read_one_commit_one_send_and_one_mark(turn_no: int, new_key: Any) -> None:
    clock = ManualClock()
    world, conversations, messages = a_counted_world(clock)
    begun = world.starts()
    for n in range(turn_no - 2):
        clock.advance(seconds=1)
        world.turns.take(
            a_message(pid=f"api:u:{n}", conversation_id=begun.id, at=clock.now), Receipt(str(n))
        )
    clock.now = the_present() if new_key is uuid_utils.uuid7 else clock.now
    conversations.calls.clear()
    messages.calls.clear()
    assert isinstance(world.outbound, MemoryFifo)
    sends = len(world.outbound.sent)

    message = a_message(pid=f"api:u:{new_key()}", conversation_id=begun.id, at=clock.now)
    taken = world.turns.take(message, Receipt("9999"))

    assert (taken.outcome, taken.turn_no) == (Outcome.COMMITTED, turn_no)
    assert conversations.calls == {"find": 1, "replace": 1, "mark": 1}
    assert messages.calls == {"project": 1}
    assert len(world.outbound.sent) == sends + 1


def the_present() -> datetime:
    at = time_in(ProviderId(f"x:{uuid_utils.uuid7()}"))
    assert at is not None
    return at


@pytest.mark.parametrize("later", [1, 63, 64, 65, 200])
def test_a_record_that_comes_again_is_known_however_late(later: int) -> None:
    clock = ManualClock()
    world, _, _ = a_counted_world(clock)
    begun = world.starts()
    record = a_message(pid="api:u:k", conversation_id=begun.id, at=clock.now)
    world.turns.take(record, Receipt("1"))
    for n in range(later):
        clock.advance(seconds=1)
        world.turns.take(a_message(conversation_id=begun.id, at=clock.now), Receipt(str(n + 2)))

    again = world.turns.take(record, Receipt("9999", 2))

    assert (again.outcome, again.turn_no) == (Outcome.DUPLICATE, 2)


@pytest.mark.parametrize("later", [1, 200])
def test_a_start_is_known_however_late_its_key_comes_again(later: int) -> None:
    clock = ManualClock()
    world, _, _ = a_counted_world(clock)
    begun = world.starts("k")
    for _ in range(later):
        clock.advance(seconds=1)
        world.turns.take(a_message(conversation_id=begun.id, at=clock.now))

    again = world.service.start(a_caller(), key="k")

    assert again.conversation.id == begun.id
    assert again.conversation.turn_no == later + 1
    assert [message.content["text"] for message in again.messages] == ["Hello"]


@pytest.mark.parametrize(
    "other",
    [
        {"flow": A_PIN.id},
        {"user": {"first_name": "Bob"}},
        {"user_id": "u-bob"},
        {"language": "de"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_a_key_with_another_start_is_a_conflict(other: dict[str, Any]) -> None:
    world = a_world()
    first: dict[str, Any] = {"user": {"first_name": "Ada"}, "key": "k"}
    world.service.start(a_caller(), **first)
    world.service.start(a_caller(), **first)

    with pytest.raises(Conflict):
        world.service.start(a_caller(), **{**first, **other})


def test_a_queued_message_under_another_ones_id_is_recorded_as_refused() -> None:
    world = a_world()
    begun = world.starts()
    first, other = (
        a_message(text, pid="api:u:k", conversation_id=begun.id) for text in ("yes", "no")
    )
    world.turns.take(first, Receipt("1"))

    taken = world.turns.take(other, Receipt("2"))

    assert (taken.outcome, taken.same_payload) == (Outcome.DUPLICATE, False)
    refused = [event for event in sent_events(world) if event["name"] == "message.refused"]
    assert refused[0]["data"] == {"turn_no": 2, "reason": "its id was another message's"}
    found = world.conversations.find(begun.tenant_id, begun.id)
    assert found is not None
    assert (found.turn_no, found.pending.is_empty) == (2, True)


def test_a_refusal_told_twice_is_one_event() -> None:
    world = a_world()
    begun = world.starts()
    world.turns.take(a_message("yes", pid="api:u:k", conversation_id=begun.id), Receipt("1"))
    other: Inbound = a_message("no", pid="api:u:k", conversation_id=begun.id)

    for count in (1, 2):
        world.turns.take(other, Receipt("2", count))

    assert isinstance(world.outbound, MemoryFifo)
    turns: list[OutboundTurn] = world.outbound.sent
    refusals = [
        item.oid
        for turn in turns
        for item in turn.items
        if item.body.get("name") == "message.refused"
    ]
    assert len(refusals) == 2
    assert len(set(refusals)) == 1


def test_a_profile_cannot_pose_as_another_user() -> None:
    programs = FixedPrograms({A_PIN: a_flow(NAMES_THE_USER)})
    world = a_world(programs=programs)

    started = world.service.start(a_caller(), user={"first_name": "Ada"})
    with pytest.raises(Invalid) as refused:
        world.service.start(a_caller(), user={"id": "u-eve", "first_name": "Ada"})

    assert [message.content["text"] for message in started.messages] == ["u-ada Ada"]
    assert [fault.pointer for fault in refused.value.faults] == ["/user/id"]


def test_a_profile_stored_with_an_id_says_nothing_of_who_the_user_is() -> None:
    flow = {**NAMES_THE_USER, "states": [{**NAMES_THE_USER["states"][0], "type": "response"}]}
    flow["states"][0]["transitions"] = [{"condition": "any_input", "target_state": "says"}]
    world = a_world(programs=FixedPrograms({A_PIN: a_flow(flow)}))
    begun = world.starts()
    posing = replace(begun, id="c-2", user={"id": "u-eve"}, rev=1)  # type: ignore[arg-type]  # an id
    world.conversations.add(posing, None)

    taken = world.turns.take(a_message(conversation_id="c-2"))

    assert taken.messages[0].content["text"].split() == ["u-ada"]
