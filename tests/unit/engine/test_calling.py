"""Flows that call flows: what goes in, what comes back, and what happens on the way."""

import json
from typing import Any

import pytest

from parley.domain.conversations import Status
from parley.domain.json import JsonObject
from parley.engine.calling import MAX_FLOWS
from parley.engine.check import check_flow, has_errors
from parley.engine.events import AgentEvent, CloseEvent, Event, MessageEvent, StartEvent
from parley.engine.replay import replay
from parley.engine.services import Runnable
from parley.engine.state import RunState
from parley.engine.turn import run_turn
from tests.unit.engine.talks import (
    FixedServices,
    Talk,
    a_flow,
    at_once,
    program,
    says,
    state,
    to,
)

RATED = {"rating": {"type": "integer", "minimum": 1, "maximum": 5}}


def a_survey(*more: JsonObject, **changes: Any) -> JsonObject:
    """Asks for a rating, and ends."""
    return a_flow(
        state(
            "score",
            "slot_filling",
            to("bye", "all_slots_filled"),
            config={
                "required_slots": ["rating"],
                "prompts": {"rating": "How was {{ vars.what }}?"},
            },
        ),
        state("bye", "end", config={"response_templates": {"en": "Noted."}}),
        *more,
        **{
            "name": "survey",
            "slots": RATED,
            "variables": {"what": "it", "note": "fine"},
            **changes,
        },
    )


def calls(flow: str = "survey", mode: str = "call", **more: Any) -> JsonObject:
    return {"type": "trigger_flow", "config": {"flow": flow, "mode": mode, **more}}


def a_shop(*actions: JsonObject, entry: tuple[JsonObject, ...] = (), **more: Any) -> JsonObject:
    """Calls on the way from `hello` to `thanks`, or on entering `thanks`."""
    return a_flow(
        says("hello", "Hello", to("thanks", actions=list(actions))),
        says("thanks", "Thanks: {{ vars.call.status }} {{ vars.got }}", to("hello"))
        | {"entry_actions": list(entry)},
        state("oops", "error", config={"response_templates": {"en": "Oops"}}),
        **{"name": "shop", "slots": RATED, "variables": {"got": None, "mine": 7}, **more},
    )


def a_talk(document: JsonObject, *flows: JsonObject) -> Talk:
    return Talk(document, flows=flows or (a_survey(),))


def test_a_call_on_the_way_runs_before_the_target_is_entered() -> None:
    given = {"what": "'the parcel ' + string(vars.mine)"}
    talk = a_talk(a_shop(calls(arguments=given, results={"got": "vars.note"})))

    talk.say("go")
    assert talk.said == ["How was the parcel 7?"]
    assert (talk.at, talk.state.flow) == ("score", "survey")
    assert talk.state.vars == {"what": "the parcel 7", "note": "fine"}

    talk.say("4")
    assert talk.said == ["Noted.", "Thanks: completed fine"]
    assert talk.turn.trace["path"] == ["survey#bye", "thanks"]
    assert (talk.at, talk.state.flow, talk.state.callers) == ("thanks", None, ())
    assert talk.state.vars == {"got": "fine", "mine": 7, "call": {"status": "completed"}}
    assert talk.state.slots == {"rating": 4}


def test_a_call_on_entry_runs_before_the_states_own_work_and_once() -> None:
    talk = a_talk(a_shop(entry=(calls(), {"type": "log_event", "config": {"event": "came"}})))

    talk.say("go")
    assert talk.said == ["How was it?"]
    assert [event.name for event in talk.events] == ["came"]  # type: ignore[union-attr]  # a log event

    talk.say("4")
    assert talk.said == ["Noted.", "Thanks: completed "]
    assert talk.events == []
    assert talk.turn.trace["path"] == ["survey#bye", "thanks"]


def test_a_flow_that_replaces_another_does_not_come_back() -> None:
    talk = a_talk(a_shop(calls(mode="replace")))

    talk.say("go")
    talk.say("4")

    assert talk.said == ["Noted."]
    assert talk.state.status is Status.COMPLETED


def test_what_replaces_a_called_flow_returns_to_its_caller() -> None:
    middle = a_flow(
        says("a", "A", at_once("a", actions=[calls(mode="replace")])), name="middle", slots=RATED
    )
    talk = a_talk(a_shop(calls("middle")), middle, a_survey())

    talk.say("go")
    assert len(talk.state.callers) == 1
    talk.say("4")

    assert talk.at == "thanks"


def test_an_abandoned_call_says_so() -> None:
    survey = a_survey()
    survey["states"][1]["config"]["status"] = "abandoned"
    talk = a_talk(a_shop(calls()), survey)

    talk.say("go")
    talk.say("4")

    assert talk.state.status is Status.ACTIVE
    assert talk.state.vars["call"] == {"status": "abandoned"}


def test_a_final_state_of_a_called_flow_returns_as_an_end_does() -> None:
    talk = a_talk(a_shop(calls("note")), a_flow(says("noted", "Noted"), name="note"))

    talk.say("go")

    assert talk.said == ["Noted", "Thanks: completed "]


def test_an_error_state_that_closes_ends_the_whole_conversation() -> None:
    failing = a_survey(state("broken", "error"))
    failing["states"][0]["transitions"] = [to("broken", "all_slots_filled")]
    talk = a_talk(a_shop(calls()), failing)

    talk.say("go")
    talk.say("4")

    assert talk.state.status is Status.ERROR
    assert talk.state.timers == ()


def test_a_flow_that_is_not_there_is_the_error_state() -> None:
    talk = a_talk(a_shop(calls("gone")))

    talk.say("go")

    assert talk.said == ["Oops"]
    assert talk.state.status is Status.ERROR
    assert "no flow is called 'gone'" in talk.errors[0]["why"]


def test_an_argument_nobody_takes_is_noted() -> None:
    talk = a_talk(a_shop(calls(arguments={"wrong": "1"})))

    talk.say("go")

    assert talk.said == ["How was it?"]
    assert talk.errors[0]["at"] == "survey#/variables/wrong"


def test_an_argument_that_fails_is_noted_and_the_flow_is_called_without_it() -> None:
    talk = a_talk(a_shop(calls(arguments={"what": "string(slots.rating + 1)"})))

    talk.say("go")

    assert (talk.said, talk.state.vars["what"]) == (["How was it?"], "it")
    assert talk.errors[0]["at"].endswith("/actions/0/config/arguments/what")


def test_a_flow_is_replaced_whatever_becomes_of_the_arguments() -> None:
    """Else the check could not know that a turn does not go round through such a state."""
    replaces = calls(arguments={"what": "string(slots.rating + 1)"}, mode="replace")
    around = a_flow(
        says("a", "Well", at_once("b")),
        says("b", "Again", at_once("a")) | {"entry_actions": [replaces]},
        slots=RATED,
    )
    assert not has_errors(check_flow(around))

    talk = a_talk(around)

    assert talk.said == ["Well", "How was it?"]
    assert talk.turn.trace["path"] == ["a", "b", "survey#score"]


def test_a_result_that_fails_is_noted_and_the_rest_comes_back() -> None:
    results = {"got": "vars.note", "mine": "vars.gone.deep"}
    talk = a_talk(a_shop(calls(results=results)))

    talk.say("go")
    talk.say("4")

    assert talk.state.vars["got"] == "fine"
    assert talk.state.vars["mine"] == 7
    assert talk.errors[0]["at"].endswith("/results/mine")


def test_the_first_of_two_calls_counts() -> None:
    talk = a_talk(a_shop(calls(), calls("gone")))

    talk.say("go")

    assert talk.state.flow == "survey"
    assert "another flow" in talk.errors[0]["why"]


def test_variables_start_anew_at_each_call_and_slots_stay() -> None:
    survey = a_survey()
    changed = {"type": "set_variable", "config": {"key": "note", "value": "changed"}}
    survey["states"][0]["entry_actions"] = [changed]
    talk = a_talk(a_shop(calls(results={"got": "vars.note"})), survey)

    talk.say("go")
    talk.say("4")
    assert talk.state.vars["got"] == "changed"
    talk.say("back")
    talk.say("go")

    assert talk.state.slots == {"rating": 4}
    assert talk.at == "thanks"  # the slot is filled, so the survey has nothing to ask


def deep(n: int) -> JsonObject:
    """A flow that calls the next one before it says its number."""
    start = says(f"s{n}", str(n), at_once("end"), entry_actions=[calls(f"f{n + 1}")])
    return a_flow(start, state("end", "end"), name=f"f{n}")


def test_at_most_eight_flows_wait_for_each_other() -> None:
    flows = [deep(n) for n in range(1, MAX_FLOWS)]
    last = a_flow(says("last", "8"), name=f"f{MAX_FLOWS}")

    fits = a_talk(deep(1), *flows[1:], last)
    assert fits.said == [str(n) for n in range(MAX_FLOWS, 0, -1)]
    assert fits.state.status is Status.COMPLETED

    too_many = a_talk(deep(0), *flows, last)
    assert too_many.state.status is Status.ERROR
    assert "more than 8" in too_many.errors[0]["why"]


def test_flows_that_call_each_other_for_ever_end() -> None:
    one = a_flow(says("a", "A", at_once("b", actions=[calls("two")])), says("b"), name="one")
    two = a_flow(says("a", "A", at_once("b", actions=[calls("one")])), says("b"), name="two")

    talk = a_talk(one, one, two)

    assert talk.state.status is Status.ERROR


def test_flows_that_replace_each_other_for_ever_are_stopped() -> None:
    one = a_flow(says("a", "A", at_once("a", actions=[calls("two", "replace")])), name="one")
    two = a_flow(says("a", "A", at_once("a", actions=[calls("one", "replace")])), name="two")

    talk = a_talk(one, one, two)

    assert talk.state.status is Status.ERROR
    assert talk.events[-1].name == "flow.loop_limit"  # type: ignore[union-attr]  # a log event


def test_a_turn_that_goes_round_in_a_called_flow_leaves_the_conversation_there() -> None:
    looping = a_flow(
        says("ask", "Ask", to("round")),
        says("round", "Round", at_once("round")),
        name="survey",
    )
    talk = a_talk(a_shop(calls()), looping)
    talk.say("go")

    talk.say("round")

    assert talk.state.flow == "survey"
    assert talk.state.status is Status.ERROR


def test_a_called_flow_fails_into_its_own_error_state() -> None:
    failing = a_flow(
        says("ask", "Ask", to("stuck")),
        says("stuck", "Stuck", at_once("ask", "false")),
        state("mine", "error", to("ask"), config={"response_templates": {"en": "Mine"}}),
        name="survey",
    )
    talk = a_talk(a_shop(calls()), failing)
    talk.say("go")

    talk.say("on")

    assert talk.said == ["Stuck", "Mine"]
    assert (talk.at, talk.state.flow) == ("mine", "survey")
    assert talk.errors[0]["at"] == "survey#state stuck"


def test_the_callers_global_transitions_do_not_reach_into_a_called_flow() -> None:
    talk = a_talk(a_shop(calls(), global_transitions=[to("hello", "user_choice", "menu")]))
    talk.say("go")

    talk.say("menu")

    assert talk.state.flow == "survey"


def test_a_handoff_in_a_called_flow_comes_back_there() -> None:
    asking = a_flow(
        says("ask", "Ask", to("person", "any_input")),
        state("person", "human_handoff"),
        name="survey",
    )
    talk = a_talk(a_shop(calls()), asking)
    talk.say("go")
    talk.say("help")
    assert talk.state.status is Status.ESCALATED

    talk.take(AgentEvent("return"))

    assert (talk.at, talk.state.flow, talk.state.status) == ("ask", "survey", Status.ACTIVE)


@pytest.mark.parametrize("event", [AgentEvent("resolve"), CloseEvent(Status.COMPLETED)])
def test_whoever_closes_a_conversation_closes_all_of_it(event: Any) -> None:
    talk = a_talk(a_shop(calls()), a_flow(state("person", "human_handoff"), name="survey"))
    talk.say("go")

    talk.take(event)

    assert talk.state.status is Status.COMPLETED


def test_leaving_a_handoff_by_a_call_ends_it() -> None:
    document = a_flow(
        says("ask", "Ask", to("person")),
        state("person", "human_handoff", to("ask", "any_input", actions=[calls()])),
        name="shop",
        slots=RATED,
    )
    talk = a_talk(document)
    talk.say("help")

    talk.say("survey me")

    assert (talk.state.flow, talk.state.status) == ("survey", Status.ACTIVE)


def test_the_time_of_a_state_begins_when_its_call_is_over() -> None:
    document = a_shop(entry=(calls(),))
    document["states"][1]["timeout_seconds"] = 60
    document["states"][1]["transitions"].append(to("hello", "timeout"))
    talk = a_talk(document)
    talk.say("go")
    assert talk.wait(hours=2) is None

    talk.say("4")
    (timer,) = talk.state.timers
    assert (timer.due_at - talk.services.now).total_seconds() == 60

    talk.wait(minutes=1)
    assert talk.at == "hello"


def test_texts_of_a_called_flow_fall_back_to_its_own_language() -> None:
    german = a_flow(
        says("gruss", {}, to("gruss"), config={"response_templates": {"de": "Hallo"}}),
        name="survey",
        language="de",
    )
    french = a_shop(calls(), language="fr")
    talk = a_talk(french, german)

    talk.say("go")

    assert talk.said == ["Hallo"]


def test_what_a_text_means_is_for_the_flow_that_hears_it() -> None:
    document = a_shop(calls())
    asking = a_flow(
        state("ask", "intent", to("yes", "intent_match", "yes")),
        says("yes", "Yes!"),
        name="survey",
        intents={"yes": {"examples": ["yes"]}},
    )
    talk = Talk(document, flows=[asking], intents={"oui": [("yes", 1.0)]})
    talk.say("go")

    talk.say("oui")

    assert talk.said[0] == "Yes!"


def test_a_text_keeps_the_meaning_of_the_flow_that_heard_it_in_one_that_is_called_then() -> None:
    asking = a_flow(
        says("ask", None, at_once("yes", "intent.name == 'yes'"), at_once("no")),
        says("yes", "Yes!"),
        says("no", "No?"),
        name="survey",
    )

    class Different(FixedServices):
        def flow(self, key: str) -> Runnable | None:
            found = super().flow(key)
            return found and Runnable(found.program, lambda _text, _among: [])

    known = Different(flows=[asking], intents={"oui": [("yes", 1.0)]})
    talk = Talk(a_shop(calls()), known)

    talk.say("oui")

    assert talk.said[:2] == ["ask", "Yes!"]
    assert talk.turn.trace["services"]["classify"] == [["yes", 1.0]]


def test_slots_of_the_wrong_type_for_a_called_flow_fail_no_turn() -> None:
    document = a_shop(calls(), slots={"rating": {"type": "string"}})
    document["states"][0]["entry_actions"] = [
        {"type": "set_slot", "config": {"key": "rating", "value": "five"}}
    ]
    survey = a_flow(
        says("ask", "Ask", to("ask", "expression", expression="slots.rating > 3"), to("ask")),
        name="survey",
        slots=RATED,
    )
    talk = a_talk(document, survey)
    talk.say("go")

    talk.say("on")

    assert talk.at == "ask"
    assert "does not fit" in talk.errors[0]["why"]


def test_a_conversation_in_a_called_flow_survives_json_and_replays_to_the_byte() -> None:
    document = a_shop(calls(results={"got": "vars.note"}))
    services = FixedServices(flows=[a_survey()])
    flow = program(document)
    before: RunState | None = None
    traces = []
    said = [MessageEvent({"type": "text", "text": text}) for text in ("go", "x", "4", "bye")]
    events: list[Event] = [StartEvent(), *said]
    for event in events:
        turn = run_turn(flow, before, event, services)
        traces.append(json.loads(json.dumps(turn.trace)))
        before = RunState.from_json(json.loads(json.dumps(turn.state.to_json())))
        assert before == turn.state
        assert before.digest() == turn.state.digest()

    again = replay(flow, traces, flows=services.flow)

    assert again.difference is None
    assert again.state == before


def test_a_called_flow_that_has_gone_is_no_state_to_run_on() -> None:
    talk = a_talk(a_shop(calls()))
    talk.say("go")

    with pytest.raises(ValueError, match="not there any more"):
        run_turn(talk.program, talk.state, MessageEvent({"text": "4"}), FixedServices())


def test_a_handoff_that_is_left_for_another_by_a_call_ends_in_between() -> None:
    shop = a_flow(
        says("hello", "Hello", to("desk")),
        state(
            "desk",
            "human_handoff",
            to("boss", "timeout", actions=[calls()]),
            timeout_seconds=60,
        ),
        state("boss", "human_handoff"),
        name="shop",
    )
    talk = a_talk(shop)
    talk.say("go")

    talk.wait(seconds=60)
    assert (talk.at, talk.state.status) == ("score", Status.ACTIVE)
    talk.say("4")
    assert (talk.at, talk.state.status, talk.state.left) == ("boss", Status.ESCALATED, "desk")


def test_a_loop_in_a_called_flow_is_noted_as_its_own() -> None:
    loop = a_flow(says("x", "X", at_once("y")), says("y", "Y", at_once("x")), name="survey")
    talk = a_talk(a_shop(calls()), loop)

    talk.say("go")
    assert [error["at"] for error in talk.errors] == ["survey#state y"]


def test_a_message_that_ended_a_called_flow_did_not_lead_to_what_follows() -> None:
    asks = state(
        "thanks",
        "slot_filling",
        to("hello", "all_slots_filled"),
        config={"required_slots": ["seats"], "from_event": True},
    )
    shop = a_flow(
        says("hello", "Hello", to("thanks", actions=[calls()])),
        asks,
        name="shop",
        slots={**RATED, "seats": {"type": "integer"}},
    )
    talk = a_talk(shop)
    talk.say("go")
    talk.say("4")
    assert (talk.at, talk.state.slots) == ("thanks", {"rating": 4})

    quick = a_flow(state("bye", "end"), name="survey")
    talk = a_talk(shop, quick)
    talk.say("12")
    assert (talk.at, talk.state.slots) == ("hello", {"seats": 12})


def test_a_message_means_what_it_means_to_the_flow_that_heard_it() -> None:
    heard: list[str] = []

    class Services(FixedServices):
        def classify(self, text: str, among: Any) -> Any:
            heard.append("shop")
            return super().classify(text, among)

        def flow(self, key: str) -> Any:
            def classify(*_: Any) -> Any:
                heard.append(key)
                return []

            found = super().flow(key)
            return found and Runnable(found.program, classify)

    paying = a_flow(
        state(
            "c",
            "condition",
            config={
                "conditions": [{"expression": "intent.name == 'pay'", "target_state": "e"}],
                "default_state": "e",
            },
        ),
        state("e", "end"),
        name="survey",
        intents={"pay": {"examples": ["pay"]}},
    )
    Talk(a_shop(calls()), Services(flows=[paying])).say("go")
    assert heard == ["shop"]


@pytest.mark.parametrize("start", ["ab" * 600, list(range(600))], ids=["text", "list"])
def test_a_value_cannot_be_made_to_grow_by_calls(start: Any) -> None:
    double = calls(arguments={"note": "vars.got"}, results={"got": "vars.note + vars.note"})
    shop = a_shop(double, variables={"got": start})
    quick = a_flow(state("e", "end"), name="survey", variables={"note": None})
    talk = a_talk(shop, quick)

    for _ in range(30):
        talk.say("go")
    assert 1_000 < len(talk.state.vars["got"]) < 100_000
    noted = {error["at"] for trace in talk.traces for error in trace["errors"]}
    assert "/states/0/transitions/0/actions/0/config/results/got" in noted


def test_a_rule_of_a_called_flow_stands_in_the_trace_behind_its_name() -> None:
    survey = a_survey()
    survey["states"][0]["config"]["validation_rules"] = {"rating": "slots.rating > 2"}
    talk = a_talk(a_shop(calls()), survey)
    talk.say("go")
    talk.say("1")

    places = [tried["at"] for tried in talk.turn.trace["tried"]]
    assert "survey#/states/0/config/validation_rules/rating" in places
