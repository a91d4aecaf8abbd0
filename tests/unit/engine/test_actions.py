from typing import Any

from parley.engine.effects import LogEvent
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
