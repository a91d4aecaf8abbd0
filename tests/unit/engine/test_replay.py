import copy
import json
import time
from typing import Any

from parley.domain.flows import IntentScore
from parley.engine.replay import COURSE, MAX_LINES, Difference, replay
from parley.engine.services import IntegrationReply
from tests.unit.engine.talks import Talk, a_flow, program, says, state, to

FLOW = a_flow(
    says("a", "Hi {{ user.first_name }}", to("call", "intent_match", "buy"), to("w", "fallback")),
    state(
        "call",
        "integration",
        to("b", "integration_success"),
        to("w", "integration_error"),
        config={"integration_id": "x", "response_mapping": {"n": "n"}},
    ),
    says("b", "{{ vars.n }}", to("w")),
    state("w", "wait", to("a", "timeout"), timeout_seconds=60),
    intents={"buy": {"examples": ["buy"]}},
)


def a_talk() -> Any:
    talk = Talk(
        FLOW,
        intents={"buy it": [("buy", 0.9)]},
        user={"first_name": "Ada"},
        replies=[IntegrationReply("success", data={"n": 4})],
    )
    for said in ("buy it", "ok"):
        talk.say(said)
    talk.wait(seconds=61)
    return talk


def test_turns_run_again_from_their_traces_give_the_same_state() -> None:
    talk = a_talk()
    again = replay(talk.program, json.loads(json.dumps(talk.traces)))
    assert (again.turns, again.difference) == (4, None)
    assert again.state == talk.state


def test_a_changed_flow_shows_the_first_turn_that_differs() -> None:
    talk = a_talk()
    changed = copy.deepcopy(FLOW)
    changed["states"][1]["config"]["response_mapping"] = {"n": "m"}
    again = replay(program(changed), talk.traces)
    assert again.difference is not None
    assert (again.difference.turn_no, again.difference.what) == (2, "state_after")


def test_a_turn_that_asks_for_what_was_not_recorded_differs() -> None:
    talk = a_talk()
    changed = copy.deepcopy(FLOW)
    changed["states"][0]["config"]["response_templates"] = {"en": "{{ tenant.name }}"}
    again = replay(program(changed), talk.traces)
    assert again.difference is not None
    assert (again.difference.turn_no, again.difference.what) == (1, "services")


def test_a_conversation_is_replayed_from_its_start() -> None:
    difference = replay(program(FLOW), a_talk().traces[1:]).difference
    assert difference is not None
    assert difference.what == "event"


def test_a_message_that_comes_out_otherwise_differs_with_a_diff() -> None:
    talk = a_talk()
    said = {1: [{"type": "text", "text": "Hi Eve"}]}
    difference = replay(talk.program, talk.traces, said).difference
    assert difference is not None
    assert (difference.turn_no, difference.what) == (1, "messages")
    assert '-  "text": "Hi Eve",' in difference.diff
    assert '+  "text": "Hi Ada",' in difference.diff


def test_a_changed_flow_may_go_the_same_way() -> None:
    talk = a_talk()
    changed = copy.deepcopy(FLOW)
    changed["variables"] = {"more": 1}
    assert replay(program(changed), talk.traces).difference is not None
    assert replay(program(changed), talk.traces, compared=COURSE).difference is None


def test_a_trace_that_was_cut_cannot_be_replayed() -> None:
    talk = a_talk()
    trace = {key: part for key, part in talk.traces[0].items() if key != "services"}
    difference = replay(talk.program, [{**trace, "cut": ["services"]}]).difference
    assert difference is not None
    assert (difference.what, difference.recorded) == ("trace", ["services"])


def test_a_diff_of_many_alike_messages_is_quick_and_no_longer_than_it_may_be() -> None:
    before = [{"text": "x" * 400 + str(n)} for n in range(300)]
    now = [{"text": "x" * 400 + str(n)} for n in range(1_000, 1_300)]
    began = time.process_time()
    diff = Difference(1, "messages", before, now).diff
    assert time.process_time() - began < 5
    assert (len(diff), diff[-1]) == (MAX_LINES + 1, "...")


def test_a_message_that_came_after_the_end_changes_nothing() -> None:
    talk = a_talk()
    late = {"event": talk.traces[1]["event"], "ignored": True}
    again = replay(talk.program, [*talk.traces, late])
    assert (again.turns, again.state, again.difference) == (5, talk.state, None)


def test_a_message_that_came_after_the_end_was_not_answered() -> None:
    talk = a_talk()
    traces = [talk.traces[0], {"event": talk.traces[1]["event"], "ignored": True}]
    hi = {"type": "text", "text": "Hi Ada"}
    assert replay(talk.program, traces, {1: [hi]}).difference is None
    assert replay(talk.program, traces, {1: [hi], 2: [hi]}).difference == Difference(
        2, "messages", [hi], []
    )


def test_a_changed_flow_says_itself_what_words_mean() -> None:
    talk = a_talk()
    again = replay(talk.program, talk.traces, compared=COURSE, classify=lambda _, __: ())
    assert again.difference is not None
    assert (again.difference.turn_no, again.difference.what) == (2, "path")
    same = replay(
        talk.program,
        talk.traces,
        compared=COURSE,
        classify=lambda _, __: [IntentScore("buy", 0.8)],
    )
    assert same.difference is None


def test_a_recorded_reply_answers_no_other_call() -> None:
    talk = a_talk()
    changed = copy.deepcopy(FLOW)
    changed["states"][1]["config"]["integration_id"] = "y"
    again = replay(program(changed), talk.traces, compared=COURSE)
    assert again.difference is not None
    assert (again.difference.turn_no, again.difference.what) == (2, "services")
    assert "a call of y" in str(again.difference.replayed)
