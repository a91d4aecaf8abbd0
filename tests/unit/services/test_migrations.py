"""Publishing with the conversations under way: what could move, and what is queued."""

from dataclasses import replace

import pytest

from parley.domain.conversations import Conversation, FlowPin, FlowVersion, Status
from parley.domain.cursors import encode_cursor
from parley.domain.errors import Conflict, Fault, FlowInvalid, Invalid, NotFound, Unavailable
from parley.domain.flow_records import Flow, FlowStatus
from parley.domain.ids import ConversationId
from parley.domain.json import Json
from parley.domain.turns import Outcome
from parley.services.migrations import MOVED_AT_ONCE, migration
from tests.builders import B_TENANT, a_caller
from tests.moving import Moved, asking
from tests.tenants import a_flow, a_version, an_entry


@pytest.fixture
def moved() -> Moved:
    return Moved()


@pytest.fixture
def flow(moved: Moved) -> Flow:
    """Live as 1.0; 1.1, which calls its first state otherwise, is a draft."""
    flow = moved.published(asking())
    moved.drafted(flow, asking("how_old", "So {{ slots.age }}"))
    return flow


def resting(moved: Moved, flow: Flow, *where: str) -> list[Conversation]:
    """One conversation for each, waiting for its age (`ask`) or having told it (`told`)."""
    begun = [moved.started(flow, f"{n} {at}") for n, at in enumerate(where)]
    for at, one in zip(where, begun, strict=True):
        if at == "told":
            moved.say(one, "33")
    return [moved.now(one) for one in begun]


def test_a_conversation_goes_on_along_the_version_it_was_moved_to(moved: Moved, flow: Flow) -> None:
    waiting, done = resting(moved, flow, "ask", "told")

    moving = moved.migrations.publish(moved.caller, flow.id, state_map={"ask": "how_old"})
    outcomes = [taken.outcome for taken in moved.drain()]

    assert (moving.flow.active_version, moving.judged.next_cursor) == ("1.1", None)
    assert outcomes == [Outcome.COMMITTED, Outcome.COMMITTED]
    assert moved.say(waiting, "44") == ["So 44"]
    assert moved.say(done, "again") == ["So 33"]
    assert {moved.now(one).flow.version for one in (waiting, done)} == {"1.1"}


def test_what_cannot_move_is_told_and_not_queued(moved: Moved, flow: Flow) -> None:
    waiting, done = resting(moved, flow, "ask", "told")

    moving = moved.migrations.publish(moved.caller, flow.id, state_map={})

    by_id = {one.conversation.id: one for one in moving.judged.items}
    assert by_id[done.id].can_move
    assert (by_id[waiting.id].to_state, by_id[waiting.id].reasons) == (
        "ask",
        ("there is no state 'ask': map 'ask' to one that there is",),
    )
    assert [inbound.conversation_id for inbound in moved.queue.sent] == [done.id]


def test_a_preview_judges_and_changes_nothing(moved: Moved, flow: Flow) -> None:
    begun = resting(moved, flow, "ask", "told")

    preview = moved.migrations.preview(moved.caller, flow.id, state_map={})

    assert (preview.version, preview.judged is not None) == ("1.1", True)
    assert preview.judged is not None
    assert {one.conversation.id: one.can_move for one in preview.judged.items} == {
        one.id: one.current_state == "told" for one in begun
    }
    assert moved.flows.get(moved.caller, flow.id).active_version == "1.0"
    assert moved.queue.sent == []


def test_a_preview_comes_in_pages(moved: Moved, flow: Flow) -> None:
    begun = resting(moved, flow, "told", "told", "told")
    found, cursor = [], None
    for _ in range(2):
        page = moved.migrations.preview(
            moved.caller, flow.id, state_map={}, cursor=cursor, limit=2
        ).judged
        assert page is not None
        found += [one.conversation.id for one in page.items]
        cursor = page.next_cursor

    assert (found, cursor) == (sorted(one.id for one in begun), None)


def test_a_preview_of_what_is_live_already_is_no_conflict(moved: Moved, flow: Flow) -> None:
    moved.move(flow.id)
    resting(moved, flow, "told")

    preview = moved.migrations.preview(moved.caller, flow.id, state_map={})

    assert preview.judged is not None
    assert list(preview.judged.items) == []


def test_a_preview_of_a_flow_with_errors_says_which(moved: Moved, flow: Flow) -> None:
    resting(moved, flow, "told")
    moved.drafted(flow, {**asking(), "initial_state": "nowhere"})

    preview = moved.migrations.preview(moved.caller, flow.id, state_map={})

    assert preview.judged is None
    assert "/initial_state" in {finding.pointer for finding in preview.diagnostics}
    with pytest.raises(FlowInvalid):
        moved.migrations.publish(moved.caller, flow.id, state_map={})
    assert moved.queue.sent == []


def test_a_preview_of_a_flow_whose_own_tests_fail_says_which(moved: Moved, flow: Flow) -> None:
    tests = {"tests": [{"name": "hello", "steps": [{"start": True, "expect": {"text": "Bye"}}]}]}
    demanding = {**asking(), "settings": {"require_tests": True}}
    moved.flows.create_version(moved.caller, flow.id, demanding, tests=tests)

    preview = moved.migrations.preview(moved.caller, flow.id, state_map={})

    assert preview.judged is None
    failed = [(finding.code, finding.pointer) for finding in preview.diagnostics]
    assert ("tests.failed", "/tests/tests/0/steps/0") in failed
    with pytest.raises(FlowInvalid):
        moved.migrations.publish(moved.caller, flow.id, state_map={})


@pytest.mark.parametrize("states", [5, None, {"told": 1}, ["told", {"name": 1}, {}]])
def test_a_draft_may_be_wrong_in_every_respect(moved: Moved, flow: Flow, states: Json) -> None:
    moved.drafted(flow, {**asking(), "states": states})

    preview = moved.migrations.preview(moved.caller, flow.id, state_map={})

    assert preview.judged is None
    with pytest.raises(Invalid) as refused:
        moved.migrations.preview(moved.caller, flow.id, state_map={"ask": "told"})
    assert [fault.pointer for fault in refused.value.faults] == ["/state_map/ask"]


def test_a_flow_that_may_not_go_live_is_a_conflict(moved: Moved) -> None:
    tenant_id = moved.caller.tenant_id
    archived = a_flow(tenant_id, status=FlowStatus.ARCHIVED)
    moved.stored.add(tenant_id, archived, a_version(archived), an_entry(tenant_id))

    with pytest.raises(Conflict):
        moved.migrations.preview(moved.caller, archived.id, state_map={})
    with pytest.raises(Conflict):
        moved.migrations.publish(moved.caller, archived.id, state_map={})


def test_a_state_map_that_names_what_there_is_not_is_refused_name_by_name(
    moved: Moved, flow: Flow
) -> None:
    names = {"ask": "nowhere", "lost": "told", "how_old": "told", "told": "told"}
    faults = (
        Fault("/state_map/ask", "version 1.1 has no state 'nowhere'"),
        Fault("/state_map/lost", "no other published version has a state 'lost'"),
        Fault("/state_map/how_old", "no other published version has a state 'how_old'"),
    )

    for refuse in (moved.migrations.preview, moved.migrations.publish):
        with pytest.raises(Invalid) as refused:
            refuse(moved.caller, flow.id, state_map=names)
        assert refused.value.faults == faults
    assert moved.flows.get(moved.caller, flow.id).active_version == "1.0"


def test_a_state_of_any_version_that_was_live_may_be_named(moved: Moved, flow: Flow) -> None:
    for _ in range(25):
        moved.drafted(flow, asking("how_old"))

    moved.migrations.publish(moved.caller, flow.id, state_map={"ask": "how_old"})

    assert moved.flows.get(moved.caller, flow.id).active_version == "1.26"


def test_a_request_moves_so_many_and_the_next_one_goes_on(moved: Moved, flow: Flow) -> None:
    (pattern,) = resting(moved, flow, "told")
    for n in range(MOVED_AT_ONCE):
        moved.conversations.add(replace(pattern, id=ConversationId(f"z-{n:04}")), None)

    first = moved.migrations.publish(moved.caller, flow.id, state_map={})
    moved.drafted(flow, asking("later"))
    rest = moved.migrations.publish(
        moved.caller, flow.id, state_map={}, cursor=first.judged.next_cursor
    )

    assert len(first.judged.items) == MOVED_AT_ONCE
    assert [one.conversation.id for one in rest.judged.items] == [f"z-{MOVED_AT_ONCE - 1:04}"]
    assert (rest.flow.active_version, rest.judged.next_cursor) == ("1.1", None)
    assert rest.flow.row_version == first.flow.row_version + 1  # the new draft
    assert len(moved.queue.sent) == MOVED_AT_ONCE + 1


@pytest.mark.parametrize("cursor", ["x", encode_cursor("1.0", "c")])
def test_a_cursor_of_another_list_is_refused(moved: Moved, flow: Flow, cursor: str) -> None:
    version = moved.flows.get(moved.caller, flow.id).latest_version

    with pytest.raises(Invalid) as refused:
        moved.migrations.publish(
            moved.caller, flow.id, version=version, state_map={}, cursor=cursor
        )

    assert refused.value.faults[0].pointer == "/cursor"


def test_a_request_that_is_repeated_moves_nothing_twice(moved: Moved, flow: Flow) -> None:
    resting(moved, flow, "told")

    for _ in range(2):
        moved.migrations.publish(moved.caller, flow.id, state_map={})

    assert len({inbound.pid for inbound in moved.queue.sent}) == 1
    assert [taken.outcome for taken in moved.drain()] == [Outcome.COMMITTED, Outcome.DUPLICATE]


def test_what_could_not_move_may_be_asked_to_again(moved: Moved, flow: Flow) -> None:
    (begun,) = resting(moved, flow, "ask")
    to = FlowPin(flow.id, FlowVersion("1.1"))
    moved.migrations.publish(moved.caller, flow.id, state_map={})
    moved.queue.send(migration(begun, to, {}, moved.clock.now))
    assert [taken.outcome for taken in moved.drain()] == [Outcome.IGNORED]

    outcomes = [taken.outcome for taken in moved.move(flow.id, ask="how_old")]

    assert outcomes == [Outcome.COMMITTED]
    assert moved.now(begun).flow == to


def test_a_conversation_can_be_moved_back(moved: Moved, flow: Flow) -> None:
    (begun,) = resting(moved, flow, "told")
    moved.move(flow.id)

    moved.migrations.publish(
        moved.caller, flow.id, version=begun.flow.version, state_map={"how_old": "ask"}
    )
    moved.drain()

    assert moved.now(begun).flow.version == "1.0"
    assert moved.say(begun, "x") == ["33!"]


def test_closed_conversations_are_left_alone(moved: Moved, flow: Flow) -> None:
    (begun,) = resting(moved, flow, "told")
    moved.world.service.close(moved.caller, begun.id)

    moving = moved.migrations.publish(moved.caller, flow.id, state_map={})

    assert list(moving.judged.items) == []
    assert moved.now(begun).status is Status.COMPLETED


def test_a_conversation_whose_first_turn_is_under_way_stays(moved: Moved, flow: Flow) -> None:
    (begun,) = resting(moved, flow, "told")
    unbegun = replace(begun, id=ConversationId("z"), turn_no=0, state={}, current_state="")
    moved.conversations.add(unbegun, None)

    moving = moved.migrations.publish(moved.caller, flow.id, state_map={})

    assert moving.judged.items[-1].reasons == ("its first turn is still under way",)


def test_a_queue_that_is_away_is_no_success(moved: Moved, flow: Flow) -> None:
    resting(moved, flow, "told")
    moved.queue.is_away = True
    with pytest.raises(Unavailable):
        moved.migrations.publish(moved.caller, flow.id, state_map={})
    moved.queue.is_away = False

    assert [taken.outcome for taken in moved.move(flow.id)] == [Outcome.COMMITTED]


def test_another_tenants_flow_is_none(moved: Moved, flow: Flow) -> None:
    resting(moved, flow, "told")
    stranger = a_caller(B_TENANT)

    with pytest.raises(NotFound):
        moved.migrations.preview(stranger, flow.id, state_map={})
    with pytest.raises(NotFound):
        moved.migrations.publish(stranger, flow.id, state_map={})


def test_a_version_that_runs_no_more_is_no_reason_to_fail(moved: Moved, flow: Flow) -> None:
    """What was published years ago may be read no more: its conversations stay, and it is said."""
    broken, sound = resting(moved, flow, "told", "told")
    moved.move(flow.id)
    moved.drafted(flow, asking("how_old"))
    behind = moved.now(broken)
    moved.conversations.replace(
        behind, replace(behind, rev=behind.rev + 1, flow=FlowPin(flow.id, FlowVersion("1.0"))), None
    )
    moved.programs.unreadable = {FlowVersion("1.0")}

    preview = moved.migrations.preview(moved.caller, flow.id, state_map={"how_old": "how_old"})
    moving = moved.migrations.publish(moved.caller, flow.id, state_map={})

    assert preview.judged is not None
    for judged in (preview.judged, moving.judged):
        by_id = {one.conversation.id: one for one in judged.items}
        assert by_id[broken.id].reasons == ("version 1.0 cannot be run any more",)
        assert by_id[sound.id].can_move
    assert [taken.conversation.id for taken in moved.drain()] == [sound.id]


def test_a_preview_of_an_old_version_calls_what_it_called_when_it_was_published(
    moved: Moved,
) -> None:
    survey = moved.published({**asking(), "name": "survey"})
    call = {"type": "trigger_flow", "config": {"flow": "survey", "mode": "call"}}
    document = asking()
    document["states"][1]["entry_actions"] = [call]
    flow = moved.published(document)
    moved.drafted(flow, asking())
    moved.flows.publish(moved.caller, flow.id)
    moved.flows.archive(moved.caller, survey.id)

    preview = moved.migrations.preview(
        moved.caller, flow.id, version=FlowVersion("1.0"), state_map={}
    )

    assert [finding for finding in preview.diagnostics if finding.severity == "error"] == []
    assert preview.judged is not None
    moving = moved.migrations.publish(
        moved.caller, flow.id, version=FlowVersion("1.0"), state_map={}
    )
    assert moving.flow.active_version == "1.0"
