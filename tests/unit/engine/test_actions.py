from typing import Any

import pytest

from parley.engine.effects import LogEvent
from parley.engine.replay import replay
from parley.engine.services import IntegrationReply
from tests.unit.engine.talks import Talk, a_flow, says, to


def acting(*actions: Any, **more: Any) -> Any:
    return a_flow(says("a", "A", to("a"), entry_actions=list(actions)), **more)


def act(kind: Any, condition: Any = None, priority: Any = 100, **config: Any) -> Any:
    given = {} if condition is None else {"condition": condition}
    return {"type": kind, "config": config, "priority": priority, **given}


def test_send_message_says_a_text_a_shared_text_or_any_content() -> None:
    flow = acting(
        act("send_message", text={"en": "Hi {{ user.name }}", "de": "Hallo"}),
        act("send_message", template="shared"),
        act("send_message", text="Pick", quick_replies=[{"title": "Q"}], delay_ms=5),
        texts={"shared": {"en": "Shared", "de": "Geteilt"}},
    )
    assert Talk(flow, user={"name": "Ada"}).contents == [
        {"type": "text", "text": "Hi Ada"},
        {"type": "text", "text": "Shared"},
        {
            "type": "text",
            "text": "Pick",
            "quick_replies": [{"title": "Q", "payload": "Q"}],
            "delay_ms": 5,
        },
        {"type": "text", "text": "A"},
    ]
    assert Talk(flow, user={"language": "de"}).said[:2] == ["Hallo", "Geteilt"]


def test_set_variable_takes_a_literal_a_text_or_a_typed_expression() -> None:
    flow = acting(
        act("set_variable", key="literal", value={"a": [1, "{{ vars.n }}"]}),
        act("set_variable", key="text", value="n={{ vars.n }}"),
        act("set_variable", key="typed", expression="vars.n + 1"),
        act("set_variable", key="at", expression="now"),
        act("set_variable", key="list", expression="[vars.n, 'x', null, true, {'k': 1.5}]"),
        variables={"n": 2, "literal": None, "text": None, "typed": None, "at": None, "list": None},
    )
    assert Talk(flow).state.vars == {
        "n": 2,
        "literal": {"a": [1, "2"]},
        "text": "n=2",
        "typed": 3,
        "at": "2026-01-31T12:00:00+00:00",
        "list": [2, "x", None, True, {"k": 1.5}],
    }


def test_set_slot_validates_and_a_refused_value_changes_nothing() -> None:
    flow = acting(
        act("set_slot", key="n", value="4"),
        act("set_slot", key="n", expression="'nine'"),
        act("set_slot", key="n", expression="9"),
        act("set_slot", key="n", value=[1]),
        slots={"n": {"type": "integer", "maximum": 5}},
    )
    talk = Talk(flow)
    assert talk.state.slots == {"n": 4}
    assert [error["why"] for error in talk.errors] == [
        "no whole number",
        "above 5",
        "not a value of type integer",
    ]


def test_clearing_empties_a_slot_and_makes_a_variable_null() -> None:
    flow = acting(
        act("set_slot", key="s", value="x"),
        act("clear_slot", key="s"),
        act("clear_slot", key="s"),
        act("clear_variable", key="v"),
        slots={"s": {}},
        variables={"v": 1},
    )
    state = Talk(flow).state
    assert (state.slots, state.vars) == ({}, {"v": None})


def test_log_event_records_its_data_with_texts_in_it() -> None:
    flow = acting(act("log_event", event="seen", data={"n": 1, "who": "{{ user.name }}"}))
    assert Talk(flow, user={"name": "Ada"}).events == [LogEvent("seen", {"n": 1, "who": "Ada"})]


def test_actions_go_by_priority_and_only_where_their_condition_holds() -> None:
    flow = acting(
        act("log_event", event="late", priority=200),
        act("log_event", event="never", condition="vars.n > 1"),
        act("log_event", event="early", priority=1, condition="vars.n == 1"),
        variables={"n": 1},
    )
    assert [e.name for e in Talk(flow).events if isinstance(e, LogEvent)] == ["early", "late"]


def test_an_action_that_fails_is_in_the_trace_and_does_not_stop_its_list() -> None:
    flow = acting(
        act("set_variable", key="v", expression="1 / vars.n"),
        act("set_variable", key="v", value="{{ vars.n | divided_by: 0 }}"),
        act("log_event", event="after"),
        variables={"v": "before", "n": 0},
    )
    talk = Talk(flow)
    assert (talk.state.vars["v"], len(talk.events)) == ("before", 1)
    assert [error["at"] for error in talk.errors] == [
        "/states/0/entry_actions/0",
        "/states/0/entry_actions/1",
    ]


def test_a_variable_cannot_be_made_to_grow_for_ever() -> None:
    double = act("set_variable", key="v", expression="vars.v + vars.v")
    talk = Talk(acting(double, variables={"v": list(range(1_500))}))
    assert len(talk.state.vars["v"]) == 1_500
    assert talk.errors[0]["why"] == "the value is too large or too deep"


def test_a_text_cannot_be_made_to_grow_for_ever() -> None:
    double = act("set_variable", key="v", expression="vars.v + vars.v")
    talk = Talk(acting(double, variables={"v": "x" * 40_000}))
    assert len(talk.state.vars["v"]) == 40_000
    assert talk.errors[0]["why"] == "the value is too large or too deep"


def test_a_text_that_fails_falls_back_to_the_flows_language_and_then_to_the_error_text() -> None:
    flow = acting(
        act("send_message", text={"de": "{{ vars.n | divided_by: 0 }}", "en": "fine"}),
        act("send_message", text="{{ vars.n | divided_by: 0 }}"),
        variables={"n": 1},
        settings={"error_text": "Broken"},
    )
    talk = Talk(flow, user={"language": "de"})
    assert talk.said == ["fine", "Broken", "A"]
    assert len(talk.errors) == 3


def test_set_context_gives_the_texts_from_there_on_another_language() -> None:
    hello = {"en": "Hello", "de": "Hallo"}
    flow = acting(
        act("set_context", key="language", value="de-AT"),
        act("send_message", text=hello),
        act("set_context", key="language", value=None),
        act("send_message", text=hello),
    )
    talk = Talk(flow)
    assert talk.said == ["Hallo", "Hello", "A"]
    assert talk.state.language is None
    assert talk.events == [
        LogEvent("conversation.context_changed", {"key": "language", "value": "de-AT"}),
        LogEvent("conversation.context_changed", {"key": "language", "value": None}),
    ]


def test_set_context_notes_priority_tags_and_attributes_that_texts_and_expressions_read() -> None:
    shown = "{{ conversation.priority }} {{ conversation.tags }} {{ conversation.attributes.tier }}"
    flow = acting(
        act("send_message", text=shown),
        act("set_context", key="priority", value="urgent"),
        act("set_context", key="tags", value=["vip", "returns", "vip"]),
        act("set_context", key="tier", value="{{ user.tier }}"),
        act("send_message", text=shown),
        act("send_message", text="Gold!", condition="conversation.attributes.tier == 'gold'"),
    )
    talk = Talk(flow, user={"tier": "gold"})
    assert talk.said == ["normal  ", "urgent vipreturns gold", "Gold!", "A"]
    assert talk.state.context == {"priority": "urgent", "tags": ["vip", "returns"], "tier": "gold"}
    assert type(talk.state).from_json(talk.state.to_json()) == talk.state
    assert replay(talk.program, talk.traces).difference is None


def test_a_note_that_says_the_same_again_is_no_event_and_null_takes_it_away() -> None:
    flow = acting(
        act("set_context", key="priority", value="medium"),
        act("set_context", key="priority", value="normal"),
        act("set_context", key="priority", value=None),
    )
    talk = Talk(flow)
    assert (len(talk.events), talk.state.context) == (2, {})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("language", "not one"),
        ("language", 3),
        ("priority", "asap"),
        ("priority", ["high"]),
        ("tags", [1]),
        ("tags", [["x"]]),
        ("tags", ["x" * 51]),
        ("tags", [str(n) for n in range(21)]),
    ],
)
def test_a_note_that_cannot_be_fails_its_action(key: str, value: Any) -> None:
    talk = Talk(acting(act("set_context", key=key, value=value)))
    assert [error["at"] for error in talk.errors] == ["/states/0/entry_actions/0"]
    assert (talk.events, talk.state.context, talk.state.language) == ([], {}, None)


def test_a_conversation_has_at_most_fifty_notes() -> None:
    talk = Talk(acting(*(act("set_context", key=f"k{n}", value=n) for n in range(51))))
    assert len(talk.state.context) == 50
    assert len(talk.errors) == 1


def test_send_analytics_is_an_event_with_a_number() -> None:
    flow = acting(
        act("send_analytics", metric="visits"),
        act(
            "send_analytics",
            metric="total",
            value="{{ vars.n }}",
            dimensions={"who": "{{ user.name }}"},
        ),
        act("send_analytics", metric="none", value="many"),
        act("send_analytics", metric="none", value=True),
        variables={"n": 2.5},
    )
    talk = Talk(flow, user={"name": "Ada"})
    assert talk.events == [
        LogEvent("analytics.measured", {"metric": "visits", "value": 1, "dimensions": {}}),
        LogEvent(
            "analytics.measured", {"metric": "total", "value": 2.5, "dimensions": {"who": "Ada"}}
        ),
    ]
    assert len(talk.errors) == 2


def test_call_integration_saves_its_answer_for_the_actions_that_follow() -> None:
    call = act(
        "call_integration",
        integration_id="shop",
        endpoint="/orders/{{ vars.id }}",
        request={"who": "{{ user.name }}", "n": 1},
        save_as="order",
    )
    flow = acting(
        {**call, "timeout_ms": 700},
        act("send_message", text="{{ vars.order.status }} {{ integration.http_status }}"),
        variables={"id": "a/b"},
    )
    reply = IntegrationReply("success", None, 200, {"status": "shipped"})
    talk = Talk(flow, user={"name": "Ada"}, replies=[reply])
    assert talk.said == ["shipped 200", "A"]
    (request,) = talk.services.calls
    assert (request.method, request.endpoint, request.body) == (
        "POST",
        "/orders/a%2Fb",
        {"who": "Ada", "n": 1},
    )
    assert (request.timeout_ms, request.idempotent) == (700, False)
    assert replay(talk.program, talk.traces).difference is None


def test_a_call_without_a_request_reads_and_one_with_a_query_writes_it_out() -> None:
    flow = acting(
        act("call_integration", integration_id="shop", endpoint="/a"),
        act(
            "call_integration",
            integration_id="shop",
            endpoint="/b?c=1",
            method="GET",
            request={"q": "x y"},
        ),
    )
    calls = Talk(flow).services.calls
    assert [(c.method, c.endpoint, c.body, c.idempotent) for c in calls] == [
        ("GET", "/a", None, True),
        ("GET", "/b?c=1&q=x+y", None, True),
    ]


def test_a_call_that_failed_leaves_its_variable_and_says_how_it_ended() -> None:
    flow = acting(
        act("call_integration", integration_id="shop", save_as="order"),
        act("send_message", text="Busy", condition="integration.kind == 'timeout'"),
        variables={"order": "before"},
    )
    talk = Talk(flow, replies=[IntegrationReply("error", "timeout", data={"x": 1})])
    assert talk.said == ["Busy", "A"]
    assert talk.state.vars == {"order": "before"}
    assert talk.errors[0]["why"] == "the call failed: timeout"
