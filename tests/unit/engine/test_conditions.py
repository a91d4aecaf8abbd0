from typing import Any

import pytest

from parley.engine.services import IntegrationReply
from tests.unit.engine.talks import FixedServices, Talk, a_flow, at_once, says, state, to

INTENTS = {"buy": {"examples": ["buy"]}, "sell": {"examples": ["sell"]}}


def asked(*transitions: Any, **more: Any) -> Any:
    return a_flow(says("ask", "?", *transitions), says("yes"), says("no"), **more)


def test_any_input_holds_for_a_message_of_any_type() -> None:
    talk = Talk(asked(to("yes")))
    talk.say("", type="image", media={"url": "https://x/y.png"})
    assert talk.at == "yes"


def test_intent_match_holds_at_the_threshold_and_not_below() -> None:
    scores = {"seven": [("buy", 0.7)], "less": [("buy", 0.69)]}
    flow = asked(to("yes", "intent_match", "buy"), intents=INTENTS)
    sure, unsure = Talk(flow, intents=scores), Talk(flow, intents=scores)
    sure.say("seven")
    unsure.say("less")
    assert (sure.at, unsure.at) == ("yes", "ask")


def test_intent_match_asks_for_the_top_intent_only() -> None:
    talk = Talk(
        asked(to("yes", "intent_match", "sell"), intents=INTENTS),
        intents={"x": [("buy", 0.9), ("sell", 0.8)]},
    )
    talk.say("x")
    assert talk.at == "ask"


def test_a_fallback_intent_matches_when_the_top_one_is_unsure_or_there_is_none() -> None:
    listen = state(
        "listen",
        "intent",
        to("no", "intent_match", "sell"),
        config={"fallback_intent": "sell", "confidence_threshold": 0.5},
    )
    for text in ("unsure", "nothing"):
        talk = Talk(a_flow(listen, says("no"), intents=INTENTS), intents={"unsure": [("buy", 0.4)]})
        talk.say(text)
        assert talk.at == "no"


def test_intent_confidence_compares_with_its_number() -> None:
    scores = {"x": [("buy", 0.5)]}
    talk = Talk(asked(to("yes", "intent_confidence", 0.5), intents=INTENTS), intents=scores)
    talk.say("x")
    assert talk.at == "yes"
    talk = Talk(asked(to("yes", "intent_confidence", 0.51), intents=INTENTS), intents=scores)
    talk.say("x")
    assert talk.at == "ask"


def test_low_confidence_counts_no_intent_at_all_as_zero() -> None:
    talk = Talk(asked(to("yes", "low_confidence"), intents=INTENTS))
    talk.say("anything")
    assert talk.at == "yes"


def test_slot_filled_sees_a_slot_that_an_action_filled() -> None:
    flow = a_flow(
        says(
            "ask",
            "?",
            to("set", actions=[{"type": "set_slot", "config": {"key": "n", "value": "3"}}]),
        ),
        says("set", "set", to("yes", "slot_filled", "n"), at_once("no")),
        says("yes"),
        says("no"),
        slots={"n": {"type": "integer"}},
    )
    talk = Talk(flow)
    talk.say("x")
    assert (talk.at, talk.state.slots) == ("yes", {"n": 3})


def test_user_choice_is_made_by_payload_by_title_or_by_number() -> None:
    flow = a_flow(
        says(
            "ask",
            "?",
            to("yes", "user_choice", "y"),
            to("no", "user_choice", "Nope"),
            to("ask", "user_choice", "b"),
            config={
                "quick_replies": [{"title": "Sure", "payload": "y"}, {"title": "Nope"}],
                "buttons": [
                    {"title": "Web", "type": "url", "url": "https://x"},
                    {"title": "B", "payload": "b"},
                ],
            },
        ),
        says("yes"),
        says("no"),
    )
    for said, where in [
        ({"text": "Sure", "payload": "y"}, "yes"),
        ({"text": " sURE "}, "yes"),
        ({"text": "1"}, "yes"),
        ({"text": "nope"}, "no"),
        ({"text": "2"}, "no"),
        ({"text": "3"}, "ask"),
    ]:
        talk = Talk(flow)
        talk.say(**said)
        assert talk.at == where
        assert talk.turn.trace["path"] == [where]
    talk = Talk(flow)
    talk.say("4")
    assert talk.turn.trace["path"] == []


def test_choices_stay_on_offer_until_a_message_brings_others() -> None:
    flow = a_flow(
        says("a", "?", to("b"), config={"quick_replies": [{"title": "One", "payload": "1st"}]}),
        says("b", "no choices here", to("yes", "user_choice", "1st")),
        says("yes"),
    )
    talk = Talk(flow)
    talk.say("go on")
    talk.say("one")
    assert talk.at == "yes"


@pytest.mark.parametrize(
    ("value", "reply", "holds"),
    [
        (None, IntegrationReply("error", "timeout"), True),
        ("timeout", IntegrationReply("error", "timeout"), True),
        ("http_4xx", IntegrationReply("error", "http_4xx", 404), True),
        ("404", IntegrationReply("error", "http_4xx", 404), True),
        ("http_5xx", IntegrationReply("error", "http_4xx", 404), False),
        ("refused", IntegrationReply("error", "circuit_open"), False),
        (None, IntegrationReply("success", data=1), False),
    ],
)
def test_integration_error_may_name_a_kind_or_a_status(value: Any, reply: Any, holds: Any) -> None:
    call = state(
        "call",
        "integration",
        to("yes", "integration_error", value),
        at_once("no"),
        config={"integration_id": "x"},
    )
    talk = Talk(a_flow(call, says("yes"), says("no")), replies=[reply])
    assert talk.at == ("yes" if holds else "no")


def test_timeout_holds_when_the_timer_of_the_state_fires() -> None:
    flow = a_flow(says("ask", "?", to("yes", "timeout"), timeout_seconds=60), says("yes"))
    talk = Talk(flow)
    assert talk.wait(seconds=59) is None
    talk.wait(seconds=1)
    assert talk.at == "yes"


def test_an_expression_is_a_guard_on_any_other_condition() -> None:
    flow = asked(to("yes", expression="vars.open"), to("no"), variables={"open": False})
    talk = Talk(flow)
    talk.say("x")
    assert talk.at == "no"
    assert talk.turn.trace["tried"][0]["why"] == "its expression is not true"


def test_fallback_is_tried_last_whatever_its_priority() -> None:
    talk = Talk(asked(to("no", "fallback", priority=0), to("yes", priority=900)))
    talk.say("x")
    assert talk.at == "yes"


def test_the_flows_transitions_come_after_the_states_and_before_its_fallback() -> None:
    flow = asked(to("no", "fallback"), global_transitions=[to("yes")])
    talk = Talk(flow)
    talk.say("x")
    assert talk.at == "yes"


def test_a_lower_priority_number_is_tried_first_and_ties_as_written() -> None:
    talk = Talk(asked(to("no", priority=200), to("yes", priority=1)))
    talk.say("x")
    assert talk.at == "yes"
    talk = Talk(asked(to("no"), to("yes")))
    talk.say("x")
    assert talk.at == "no"


def test_the_classifier_is_asked_only_if_a_candidate_asks_and_only_once() -> None:
    services = FixedServices()
    talk = Talk(
        asked(to("no", "user_choice", "q"), to("yes", expression="input.text == 'x'")), services
    )
    talk.say("x")
    assert services.asked == []
    services = FixedServices()
    flow = asked(
        to("no", "intent_match", "buy"),
        to("no", "intent_match", "sell"),
        to("yes", expression="intent.confidence < 0.1"),
        intents=INTENTS,
    )
    talk = Talk(flow, services)
    talk.say("x")
    assert (talk.at, services.asked) == ("yes", [("x", ())])


def test_an_intent_that_a_transition_names_wins_a_tie() -> None:
    scores = {"x": [("buy", 0.9), ("sell", 0.9)]}
    flow = asked(to("yes", "intent_match", "sell"), intents=INTENTS)
    talk = Talk(flow, intents=scores)
    talk.say("x")
    assert talk.at == "yes"


def test_a_failing_expression_counts_as_false_and_is_in_the_trace() -> None:
    flow = asked(to("yes", expression="vars.n > 3"), to("no"), variables={"n": None})
    talk = Talk(flow)
    talk.say("x")
    assert talk.at == "no"
    assert talk.errors[0]["at"] == "/states/0/transitions/0"
