from pathlib import Path
from typing import Any

import pytest

from parley.domain.errors import Invalid
from parley.domain.flows import FlowDocument
from parley.engine.check import check_flow
from parley.engine.formats import load_flow
from parley.engine.scripts import script_from_json
from parley.engine.services import Runnable
from parley.engine.testing import Failure, Report, run_tests
from parley.services.programs import built
from tests.unit.engine.talks import a_flow, program, says, state, to
from tools.flows.files import read_called

FLOWS = Path(__file__).parents[3] / "examples" / "flows"
FILES = sorted(FLOWS.glob("*.test.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_example_passes_its_own_tests_and_they_reach_every_transition(path: Any) -> None:
    file = script_from_json(load_flow(path.read_text()))
    flow = built(load_flow((FLOWS / file.flow).read_text()))
    called = read_called(path, file)
    report = run_tests(flow.program, flow.document, file, flow.matcher.classify, flows=called)
    assert {outcome.name: outcome.failures for outcome in report.outcomes} == {
        test.name: () for test in file.tests
    }
    assert report.coverage.states.missed == ()
    assert [str(way) for way in report.coverage.missed_ways] == []


def test_every_example_is_sound_and_has_tests() -> None:
    flows = [path for path in sorted(FLOWS.glob("*.yaml")) if path not in FILES]
    assert [check_flow(path.read_text()) for path in flows] == [[] for _ in flows]
    assert {path.name.replace(".yaml", ".test.yaml") for path in flows} == {f.name for f in FILES}


FLOW = a_flow(
    says("a", "Hi", to("call"), to("late", "timeout"), timeout_seconds=3_600),
    state(
        "call",
        "integration",
        to("late", "integration_success"),
        to("a", "integration_error"),
        config={"integration_id": "x", "endpoint": "/y"},
    ),
    says("late", "Bye"),
)


def ran(*steps: Any, stubs: Any = None) -> Report:
    file = script_from_json(
        {"flow": "x", "stubs": stubs or {}, "tests": [{"name": "t", "steps": list(steps)}]}
    )
    return run_tests(program(FLOW), FlowDocument.model_validate(FLOW), file, lambda _, __: ())


def failures(*steps: Any, stubs: Any = None) -> list[Failure]:
    return list(ran(*steps, stubs=stubs).outcomes[0].failures)


def test_a_step_that_comes_out_otherwise_is_a_failure_with_a_reason() -> None:
    report = ran(
        {"start": True, "expect": {"text": "/^H/", "state": "b"}},
        {"advance": "1h", "expect": {"text": "bye"}},
    )
    assert report.outcomes[0].failures == (
        Failure(1, "state is 'a', not 'b'"),
        Failure(2, "text is 'Bye', not 'bye'"),
    )


LATER = a_flow(
    state(
        "call",
        "integration",
        to("done", "integration_success"),
        to("late", "timeout"),
        to("failed", "integration_error"),
        timeout_seconds=60,
        config={"integration_id": "x", "async": True, "response_mapping": {"vars.n": "n"}},
    ),
    says("done", "{{ vars.n }}", to("call")),
    says("failed", "{{ integration.kind }}", to("call")),
    says("late", "Late", to("call")),
)


def later(*steps: Any) -> list[Failure]:
    """Failures of a flow whose call is taken and answered later."""
    file = script_from_json(
        {
            "flow": "x",
            "stubs": {"x": [{"status": 202}]},
            "tests": [{"name": "t", "steps": list(steps)}],
        }
    )
    document = FlowDocument.model_validate(LATER)
    report = run_tests(program(LATER), document, file, lambda _, __: ())
    return list(report.outcomes[0].failures)


def test_a_callback_answers_the_call_that_is_awaited() -> None:
    assert not later(
        {"start": True, "expect": {"state": "call"}},
        {"callback": {"data": {"n": 5}}, "expect": {"state": "done", "text": "5"}},
        {"user": "x", "expect": {"state": "call"}},
        {"callback": {"error": "http_5xx"}, "expect": {"state": "failed", "text": "http_5xx"}},
        {"user": "x"},
        {"callback": {"status": "error"}, "expect": {"state": "failed", "text": "refused"}},
        {"user": "x"},
        {"advance": "1m", "expect": {"state": "late"}},
    )


def test_a_callback_that_nobody_awaits_cannot_happen() -> None:
    assert later({"callback": {}}, {"callback": {}}) == [
        Failure(2, "no call waits for a callback: the conversation is active, in 'done'")
    ]


def test_what_no_test_reached_is_named() -> None:
    coverage = ran({"advance": "30m30m"}).coverage
    assert coverage.states.missed == ("call",)
    assert coverage.transitions.missed == (
        "/states/0/transitions/0",
        "/states/1/transitions/0",
        "/states/1/transitions/1",
    )
    assert (coverage.transitions.reached, coverage.transitions.percent) == (1, 25.0)
    assert str(coverage.missed_ways[1]) == "call -> late (integration_success)"


def test_the_choices_of_a_condition_count_as_transitions() -> None:
    flow = a_flow(
        state(
            "c",
            "condition",
            config={
                "conditions": [{"expression": "input.text == 'x'", "target_state": "yes"}],
                "default_state": "no",
            },
        ),
        says("yes"),
        says("no"),
    )
    file = script_from_json({"flow": "x", "tests": [{"name": "t", "steps": [{"start": True}]}]})
    document = FlowDocument.model_validate(flow)
    coverage = run_tests(program(flow), document, file, lambda _, __: ()).coverage
    assert coverage.transitions.missed == ("/states/0/config/conditions/0",)


def test_stubs_answer_in_order_and_as_often_as_they_say() -> None:
    assert not failures(
        {"user": "x", "expect": {"state": "a", "path": ["call", "a"]}},
        {"user": "x", "expect": {"state": "late", "status": "completed"}},
        stubs={"x": [{"error": "timeout", "times": 1}, {"when": {"path": "/y"}, "return": {}}]},
    )


@pytest.mark.parametrize(
    ("stub", "then"),
    [
        ({"error": "timeout"}, "a"),
        ({"error": "503"}, "a"),
        ({"status": 404}, "a"),
        ({"status": 201}, "late"),
        ({"when": {"method": "POST"}}, "a"),
        ({"when": {"method": "GET", "query": ""}}, "late"),
    ],
)
def test_a_stub_says_how_a_call_ends(stub: Any, then: str) -> None:
    assert not failures({"user": "x", "expect": {"state": then}}, stubs={"x": [stub]})


def test_a_call_that_no_stub_fits_is_an_error() -> None:
    assert not failures({"user": "x", "expect": {"state": "a"}}, stubs={"x": []})


def test_the_stubs_of_a_test_come_before_those_of_the_file() -> None:
    file = script_from_json(
        {
            "flow": "x",
            "stubs": {"x": [{"error": "timeout"}]},
            "tests": [
                {
                    "name": "t",
                    "stubs": {"x": [{"return": {}}]},
                    "steps": [{"user": "x", "expect": {"state": "late"}}],
                }
            ],
        }
    )
    document = FlowDocument.model_validate(FLOW)
    assert run_tests(program(FLOW), document, file, lambda _, __: ()).has_passed


def test_what_cannot_happen_is_a_failure_and_ends_the_test() -> None:
    assert failures({"user": {"choice": "red"}}, {"user": "x", "expect": {"state": "b"}}) == [
        Failure(1, "no choice 'red' is offered; there are: none")
    ]
    assert failures({"user": {"type": "form", "values": {"a": 1}}}) == [
        Failure(1, "no form is on offer")
    ]
    assert failures({"agent": "return"}) == [
        Failure(1, "no person is at work: the conversation is not handed off")
    ]
    assert failures({"advance": "1h"}, {"user": "hello?"}) == [
        Failure(2, "the conversation is completed: nobody listens")
    ]


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ({}, "a step is one of"),
        ({"user": "x", "advance": "1h"}, "a step is one of"),
        ({"advance": "soon"}, "should match pattern"),
        ({"advance": "401d"}, "400 days at most"),
        ({"agent": "dances"}, "an agent does"),
        ({"callback": {"status": "success", "error": "timeout"}}, "has not the status success"),
        ({"callback": {"error": "sulking"}}, "Input should be"),
        ({"user": "x", "expect": {"txt": "x"}}, "Extra inputs"),
        ({"user": "x", "expect": {"text": "/(/"}}, "missing"),
    ],
)
def test_a_step_that_says_nothing_sensible_is_refused(step: Any, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        script_from_json({"flow": "x", "tests": [{"name": "t", "steps": [step]}]})
    assert why in refused.value.faults[0].message
    assert refused.value.faults[0].pointer.startswith("/tests/0/steps/0")


@pytest.mark.parametrize(
    "more",
    [
        {"stubs": {"x": [{"error": "sulking"}]}},
        {"stubs": {"x": [{"when": {"colour": "red"}}]}},
        {"tests": []},
        {"tests": [{"name": "t", "steps": [{"user": "x"}, {"start": True}]}]},
        {"tests": [{"name": "t", "steps": [{"user": "x"}]}] * 2},
    ],
)
def test_a_file_that_says_nothing_sensible_is_refused(more: Any) -> None:
    sound = {"flow": "x", "tests": [{"name": "t", "steps": [{"user": "x"}]}]}
    script_from_json(sound)
    with pytest.raises(Invalid):
        script_from_json({**sound, **more})


def test_the_clock_goes_on_by_no_more_than_it_may_however_large_the_number() -> None:
    with pytest.raises(Invalid) as refused:
        ran({"advance": "999999999d999999999d"})
    assert "400 days at most" in str(refused.value.faults[0].message)


def test_a_state_of_a_called_flow_is_known_by_its_flow() -> None:
    flow = built(
        a_flow(
            says(
                "a",
                "Hi",
                to("b", actions=[{"type": "trigger_flow", "config": {"flow": "other"}}]),
            ),
            says("b"),
        )
    )
    other = Runnable(program(a_flow(says("a", "There", to("a")), name="other")), lambda *_: [])
    steps = [
        {"user": "go", "expect": {"state": "other#a", "path": ["other#a"], "text": "There"}},
        {"user": "go", "expect": {"state": "test#a"}},
    ]
    script = script_from_json({"flow": "x", "tests": [{"name": "t", "steps": steps}]})
    flows = {"other": other}.get

    (outcome,) = run_tests(
        flow.program, flow.document, script, flow.matcher.classify, flows=flows
    ).outcomes

    assert [(f.step, f.what) for f in outcome.failures] == [(2, "state is 'other#a', not 'test#a'")]
