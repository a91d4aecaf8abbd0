from typing import Any

import pytest

from parley.domain.conversations import Status
from parley.domain.json import JsonObject
from parley.engine.effects import HandOff, LogEvent
from parley.engine.replay import replay
from parley.engine.services import IntegrationReply
from tests.unit.engine.talks import NOON, FixedServices, Talk, a_flow, at_once, says, state, to


def test_a_response_sends_its_content_with_choices_typing_and_delay() -> None:
    flow = a_flow(
        says(
            "a",
            None,
            to("a"),
            config={
                "response_templates": {"en": "Pick", "de": "Wähle"},
                "typing_indicator": True,
                "delay_ms": 500,
                "quick_replies": [{"title": {"en": "One", "de": "Eins"}, "payload": "1"}],
                "buttons": [{"title": "Site", "type": "url", "url": "https://x/{{ vars.id }}"}],
            },
        ),
        variables={"id": 5},
    )
    assert Talk(flow, user={"language": "de"}).contents == [
        {
            "type": "text",
            "text": "Wähle",
            "typing": True,
            "delay_ms": 500,
            "quick_replies": [{"title": "Eins", "payload": "1"}],
            "buttons": [{"type": "url", "title": "Site", "url": "https://x/5"}],
        }
    ]


def test_a_response_may_be_media_or_a_place() -> None:
    picture = {"url": "https://x/{{ vars.n }}.png", "type": "image/png", "alt_text": "A picture"}
    flow = a_flow(
        says(
            "a",
            None,
            at_once("b"),
            config={"response_templates": {"en": {"text": "Look", "media": picture}}},
        ),
        says(
            "b",
            None,
            to("b"),
            config={"response_templates": {"en": {"location": {"latitude": 1, "longitude": 2}}}},
        ),
        variables={"n": 1},
    )
    image, place = Talk(flow).contents
    assert (image["type"], image["media"]["url"]) == ("image", "https://x/1.png")
    assert (place["type"], place["location"]["latitude"]) == ("location", 1.0)


def test_without_personalization_a_response_is_sent_as_written() -> None:
    flow = a_flow(
        says(
            "a",
            None,
            to("a"),
            config={"response_templates": {"en": "{{ not a template %}"}, "personalization": False},
        )
    )
    assert Talk(flow).said == ["{{ not a template %}"]


def test_choices_may_come_from_an_expression() -> None:
    flow = a_flow(
        says("a", "Pick", to("b", "user_choice", "x"), config={"choices_from": "vars.items"}),
        says("b"),
        variables={"items": [{"title": "First", "payload": "x"}, "Second", {"bad": 1}]},
    )
    talk = Talk(flow)
    assert talk.contents[0]["quick_replies"] == [
        {"title": "First", "payload": "x"},
        {"title": "Second", "payload": "Second"},
    ]
    talk.say("first")
    assert talk.at == "b"


def test_an_intent_state_retries_and_then_takes_its_fallback() -> None:
    flow = a_flow(
        state(
            "listen",
            "intent",
            to("yes", "intent_match", "buy"),
            to("no", "fallback"),
            config={"max_retries": 2, "retry_prompt": "Buy or sell?"},
        ),
        says("yes"),
        says("no"),
        intents={"buy": {"examples": ["buy"]}},
    )
    talk = Talk(flow)
    for n in (1, 2):
        talk.say("mumble")
        assert (talk.said, talk.state.misses, talk.state.fallback_count) == (["Buy or sell?"], n, 0)
    talk.say("mumble")
    assert talk.at == "no"


def test_only_the_patterns_of_an_intent_state_compete_and_what_the_flow_matches() -> None:
    services = FixedServices()
    flow = a_flow(
        state(
            "listen",
            "intent",
            to("yes", "intent_match", "a"),
            config={"intent_patterns": ["a", "b"]},
        ),
        says("yes"),
        intents={name: {"examples": [name]} for name in "abcd"},
        global_transitions=[to("yes", "intent_match", "c")],
    )
    Talk(flow, services).say("x")
    assert services.asked == [("x", ("a", "b", "c"))]


@pytest.mark.parametrize(
    ("mode", "target"), [("first_match", "b"), ("priority", "c"), ("all_match", "d")]
)
def test_a_condition_chooses_by_its_mode(mode: Any, target: Any) -> None:
    flow = a_flow(
        state(
            "if",
            "condition",
            config={
                "evaluation_mode": mode,
                "default_state": "d",
                "conditions": [
                    {"expression": "vars.n > 1", "target_state": "b", "priority": 5},
                    {"expression": "vars.n > 2", "target_state": "c", "priority": 1},
                    {"expression": "vars.n > 9", "target_state": "b", "priority": 0},
                ],
            },
        ),
        says("b"),
        says("c"),
        says("d"),
        variables={"n": 3},
    )
    assert Talk(flow).at == target


def test_all_match_takes_its_target_when_every_expression_holds() -> None:
    flow = a_flow(
        state(
            "if",
            "condition",
            config={
                "evaluation_mode": "all_match",
                "default_state": "no",
                "conditions": [
                    {"expression": "vars.n > 1", "target_state": "yes"},
                    {"expression": "vars.n > 2", "target_state": "yes"},
                ],
            },
        ),
        says("yes"),
        says("no"),
        variables={"n": 3},
    )
    assert Talk(flow).at == "yes"


def test_a_condition_without_a_choice_goes_by_its_transitions_else_fails() -> None:
    choices = {"conditions": [{"expression": "false", "target_state": "b"}]}
    flow = a_flow(state("if", "condition", at_once("b"), config=choices), says("b"))
    assert Talk(flow).at == "b"
    flow = a_flow(state("if", "condition", config=choices), says("b"))
    assert Talk(flow).state.status is Status.ERROR


def call_flow(config: Any, *transitions: Any, **more: Any) -> Any:
    ways = transitions or (to("ok", "integration_success"), to("bad", "integration_error"))
    return a_flow(
        state("call", "integration", *ways, config={"integration_id": "shop", **config}),
        says("ok", "{{ integration.data.n }} {{ vars.n }}"),
        says("bad", "{{ integration.kind }} {{ integration.data.n }}"),
        **more,
    )


def test_an_integration_maps_its_answer_to_slots_and_variables() -> None:
    mapping = {"n": "items[0].n", "slots.size": "size", "vars.names": "items[*].name"}
    flow = call_flow({"response_mapping": mapping}, slots={"size": {"type": "integer"}})
    data = {"items": [{"n": 4, "name": "a"}, {"name": "b"}], "size": 7}
    talk = Talk(flow, replies=[IntegrationReply("success", data=data)])
    assert (talk.at, talk.state.slots) == ("ok", {"size": 7})
    assert talk.state.vars == {"n": 4, "names": ["a", "b"]}


def test_a_mapped_value_that_the_slot_refuses_is_noted_and_changes_nothing() -> None:
    flow = call_flow(
        {"response_mapping": {"slots.size": "size"}}, slots={"size": {"type": "integer"}}
    )
    talk = Talk(flow, replies=[IntegrationReply("success", data={"size": "big"})])
    assert (talk.at, talk.state.slots) == ("ok", {})
    assert talk.errors[0]["at"] == "/states/0/config/response_mapping/slots.size"


def test_the_values_in_an_endpoint_are_percent_encoded() -> None:
    services = FixedServices()
    flow = call_flow(
        {"endpoint": "/orders/{{ vars.id }}/{{ vars.id | upcase }}"},
        variables={"id": "a/../b?c=d#é"},
    )
    Talk(flow, services)
    encoded = "/orders/a%2F..%2Fb%3Fc%3Dd%23%C3%A9/A%2F..%2FB%3FC%3DD%23%C3%89"
    assert services.calls[0].endpoint == encoded
    services = FixedServices()
    Talk(call_flow({"endpoint": "/x/{{ vars.id }}"}, variables={"id": ".."}), services)
    assert services.calls[0].endpoint == "/x/%2E%2E"


def test_a_request_mapping_is_the_query_of_a_get_and_the_body_of_a_post() -> None:
    mapping = {"q": "vars.words", "missing": "vars.nothing"}
    services = FixedServices()
    Talk(
        call_flow({"endpoint": "/s", "request_mapping": mapping}, variables={"words": "a b&c"}),
        services,
    )
    assert (services.calls[0].endpoint, services.calls[0].body) == ("/s?q=a+b%26c", None)
    services = FixedServices()
    flow = call_flow(
        {"endpoint": "/s", "method": "POST", "timeout_ms": 900, "request_mapping": mapping},
        variables={"words": "a"},
    )
    Talk(flow, services)
    request = services.calls[0]
    assert (request.body, request.timeout_ms) == ({"q": "a", "missing": None}, 900)


def test_error_handling_says_a_message_and_goes_on_with_default_data() -> None:
    handling = {"message": "Hold on", "default_data": {"n": 0}}
    flow = call_flow({"error_handling": handling, "response_mapping": {"n": "n"}})
    talk = Talk(flow, replies=[IntegrationReply("error", "timeout")])
    assert (talk.said, talk.state.vars) == (["Hold on", "timeout 0"], {"n": 0})


def test_an_answer_that_is_too_large_is_refused() -> None:
    flow = call_flow({"response_mapping": {"n": "@"}})
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    for data in (deep, list(range(30_000))):
        talk = Talk(flow, replies=[IntegrationReply("success", data=data)])
        assert (talk.at, talk.said) == ("bad", ["refused "])


def test_the_answer_of_a_call_is_gone_in_the_next_turn() -> None:
    flow = call_flow({}, at_once("ask"))
    flow["states"].append(says("ask", "?", to("end")))
    flow["states"].append(says("end", "[{{ integration.status }}]"))
    talk = Talk(flow)
    talk.say("x")
    assert talk.said == ["[]"]


def test_a_wait_ends_at_its_timer_or_by_a_message() -> None:
    flow = a_flow(
        state("w", "wait", to("late", "timeout"), to("early"), timeout_seconds=2_000_000),
        says("late"),
        says("early"),
    )
    talk = Talk(flow)
    talk.wait(seconds=2_000_000)
    assert talk.at == "late"
    talk = Talk(flow)
    talk.say("hello")
    assert (talk.at, talk.state.timers) == ("early", ())


@pytest.mark.parametrize(
    ("until", "seconds"),
    [
        ("now + duration('1h')", 3_600),
        ("now - duration('1h')", 0),
        ("'2026-02-01T13:00:00+01:00'", 86_400),
        ("slots.day", 43_200),
    ],
)
def test_a_wait_until_a_time_is_due_then_or_at_once(until: Any, seconds: Any) -> None:
    flow = a_flow(
        state(
            "w",
            "wait",
            to("late", "timeout"),
            config={"until": until},
            entry_actions=[{"type": "set_slot", "config": {"key": "day", "value": "2026-02-01"}}],
        ),
        says("late"),
        slots={"day": {"type": "date"}},
    )
    (timer,) = Talk(flow).state.timers
    assert (timer.due_at - NOON).total_seconds() == seconds


def test_a_wait_until_nothing_is_a_failure() -> None:
    flow = a_flow(
        state("w", "wait", to("late", "timeout"), config={"until": "vars.x"}),
        says("late"),
        variables={"x": None},
    )
    assert Talk(flow).state.status is Status.ERROR


@pytest.mark.parametrize("status", ["completed", "abandoned"])
def test_an_end_says_its_last_words_and_closes(status: Any) -> None:
    flow = a_flow(state("e", "end", config={"status": status, "response_templates": {"en": "Bye"}}))
    talk = Talk(flow)
    assert (talk.said, talk.state.status) == (["Bye"], status)


def test_a_final_state_closes_as_completed() -> None:
    assert Talk(a_flow(says("a", "A"))).state.status is Status.COMPLETED


def test_an_error_state_tells_the_tenant_and_goes_on_where_it_can() -> None:
    flow = a_flow(
        says("a", "A", at_once("c", "false")),
        state("oops", "error", at_once("c"), config={"notify": True}),
        says("c", "C", to("a")),
        settings={"error_text": "Broken"},
    )
    talk = Talk(flow)
    assert (talk.said, talk.at, talk.state.status) == (["A", "Broken", "C"], "c", Status.ACTIVE)
    assert talk.events == [LogEvent("flow.error_state_entered", {"state": "oops"})]


def handoff(*transitions: Any, **more: Any) -> Any:
    config = {
        "queue": "q",
        "priority": "high",
        "reason": "{{ input.text }}",
        **more.pop("config", {}),
    }
    return a_flow(
        says("a", "A", to("person")),
        state("person", "human_handoff", *transitions, config=config, **more),
        says("b", "B", to("b")),
        global_transitions=[to("b", expression="input.text == 'global'")],
    )


def test_a_handoff_escalates_and_says_to_whom_and_why() -> None:
    talk = Talk(handoff(config={"response_templates": {"en": "One moment"}}))
    talk.say("help!")
    assert (talk.said, talk.events) == (["One moment"], [HandOff("q", "high", "help!")])
    assert talk.state.status is Status.ESCALATED


def test_during_a_handoff_messages_are_neither_misses_nor_the_flows() -> None:
    talk = Talk(handoff())
    talk.say("help!")
    for text in ("hello?", "global", "x", "y"):
        talk.say(text)
        assert (talk.at, talk.said, talk.state.fallback_count) == ("person", [], 0)
    talk.agent("message", "Kim here")
    assert talk.said == ["Kim here"]


def test_an_agent_resolves_or_returns_to_the_state_that_was_left() -> None:
    talk = Talk(handoff())
    talk.say("help!")
    talk.agent("return")
    assert (talk.at, talk.said, talk.state.status) == ("a", ["A"], Status.ACTIVE)
    talk.say("help!")
    talk.agent("resolve")
    assert talk.state.status is Status.COMPLETED


def test_a_handoff_may_name_where_it_returns_to() -> None:
    talk = Talk(handoff(config={"return_state": "b"}))
    talk.say("help!")
    talk.agent("return")
    assert talk.at == "b"


def test_leaving_a_handoff_by_its_own_transition_makes_it_active_again() -> None:
    talk = Talk(handoff(to("b", "timeout"), timeout_seconds=600))
    talk.say("help!")
    talk.wait(seconds=600)
    assert (talk.at, talk.state.status) == ("b", Status.ACTIVE)


def test_agents_are_not_heard_while_nothing_is_handed_over() -> None:
    talk = Talk(handoff())
    assert talk.agent("resolve").ignored


def test_an_integration_asks_for_attempts_only_where_its_method_may_be_sent_again() -> None:
    retrying = {"max_attempts": 3, "backoff_ms": 50}
    for method, attempts in (("GET", 3), ("POST", 1)):
        talk = Talk(call_flow({"method": method, "retry_config": retrying}))
        (request,) = talk.services.calls
        assert (request.max_attempts, request.backoff_ms) == (attempts, 50)


def test_the_trace_says_how_each_attempt_of_a_call_ended() -> None:
    attempts: list[JsonObject] = [
        {"status": "error", "kind": "timeout"},
        {"status": "success", "kind": None},
    ]
    reply = IntegrationReply("success", None, 200, {"n": 1}, attempts=attempts)
    talk = Talk(call_flow({"retry_config": {"max_attempts": 2}}), replies=[reply])
    assert talk.turn.trace["services"]["calls"][0]["attempts"] == attempts
    assert replay(talk.program, talk.traces).difference is None


@pytest.mark.parametrize("kind", [None, "timeout"])
def test_a_final_call_closes_however_it_ends(kind: str | None) -> None:
    reply = IntegrationReply("error" if kind else "success", kind)
    last = state(
        "log", "integration", is_final=True, config={"integration_id": "x", "endpoint": "/log"}
    )
    talk = Talk(a_flow(last), replies=[reply])
    assert (talk.state.status, talk.errors) == (Status.COMPLETED, [])
