from typing import Any

import pytest
from pydantic import ValidationError

from parley.domain.errors import FlowInvalid
from parley.domain.flow_slots import Slot
from parley.domain.flow_states import ResponseState
from parley.domain.flow_transitions import Condition
from parley.domain.flows import FlowDocument
from parley.engine.formats import load_flow
from tests.unit.engine.talks import Talk, a_flow, program, says, state, to


def test_a_state_finds_its_transitions_by_condition_and_priority() -> None:
    document = FlowDocument.model_validate(
        a_flow(
            says(
                "a",
                "A",
                to("a", "user_choice", "x", priority=9),
                to("b", "user_choice", "x", priority=1),
                to("a", "timeout"),
                timeout_seconds=5,
                exit_actions=[{"type": "log_event", "config": {"event": "e"}}],
            ),
            says("b"),
        )
    )
    first, second = document.states
    assert isinstance(first, ResponseState)
    found = first.get_transition_by_condition(Condition.USER_CHOICE, "x")
    assert found is not None
    assert found.target_state == "b"
    assert first.get_transition_by_condition(Condition.USER_CHOICE, "y") is None
    assert (first.has_timeout(), second.has_timeout()) == (True, False)
    assert len(first.get_actions_by_type("log_event")) == 1
    assert first.get_actions_by_type("send_message") == ()


def test_an_enum_has_values_and_nothing_else_has() -> None:
    for slot in ({"type": "enum"}, {"type": "string", "enum": ["a"]}):
        with pytest.raises(ValidationError):
            Slot.model_validate(slot)


def test_a_document_is_closed_and_frozen() -> None:
    with pytest.raises(ValidationError):
        FlowDocument.model_validate(a_flow(says("a"), colour="red"))
    document = FlowDocument.model_validate(a_flow(says("a")))
    with pytest.raises(ValidationError):
        document.name = "other"


@pytest.mark.parametrize(
    ("flow", "pointer"),
    [
        (a_flow(says("a", "{{ x")), "/states/0/config/response_templates"),
        (a_flow(says("a", "A", to("a", expression="1 +"))), "/states/0/transitions/0/expression"),
        (a_flow(says("a"), slots={"s": {"pattern": "("}}), "/slots/s/pattern"),
        (a_flow(says("a"), settings={"error_text": {"text": "x"}}), "/settings/error_text"),
        (
            a_flow(says("a", entry_actions=[{"type": "set_slot", "config": {"key": "x"}}])),
            "/states/0/entry_actions/0/config",
        ),
        (
            a_flow(state("a", "slot_filling", config={"required_slots": ["x"]})),
            "/states/0/config/required_slots",
        ),
        (
            a_flow(
                state(
                    "a",
                    "slot_filling",
                    config={"required_slots": ["x"], "optional_slots": ["y"]},
                ),
                slots={"x": {}},
            ),
            "/states/0/config/optional_slots",
        ),
        (
            a_flow(state("a", "integration", config={"integration_id": "x", "async": True})),
            "/states/0/config/async",
        ),
        (
            a_flow(
                state(
                    "a",
                    "integration",
                    config={"integration_id": "x", "response_mapping": {"slots.x": "a"}},
                )
            ),
            "/states/0/config/response_mapping",
        ),
    ],
)
def test_what_cannot_run_is_refused_with_its_place(flow: Any, pointer: str) -> None:
    with pytest.raises(FlowInvalid) as refused:
        program(flow)
    assert refused.value.faults[0].pointer == pointer


def test_a_message_that_fails_in_every_language_is_the_error_text() -> None:
    broken = "{{ vars.n | divided_by: 0 }}"
    flow = a_flow(
        says("a", None, to("a"), config={"response_templates": {"de": broken, "en": broken}}),
        variables={"n": 1},
    )
    talk = Talk(flow, user={"language": "de"})
    assert talk.said == ["Da ist leider etwas schiefgegangen."]
    flow["settings"] = {"error_text": broken}
    assert Talk(flow).said == []


def test_choices_from_an_expression_that_fails_leave_the_message_without_them() -> None:
    flow = a_flow(
        says("a", "Pick", to("a"), config={"choices_from": "vars.x.y"}), variables={"x": None}
    )
    talk = Talk(flow)
    assert talk.contents == [{"type": "text", "text": "Pick"}]
    assert len(talk.errors) == 1


def test_a_folded_text_is_what_it_says() -> None:
    document = load_flow("a: >-\n  one\n  two\n\n  three\nb: >\n  5\n")
    assert document == {"a": "one two\nthree", "b": "5\n"}
