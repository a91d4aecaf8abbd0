from pathlib import Path
from typing import Any

import pytest

from parley.domain.flows import FlowDocument
from parley.engine.compile import compile_flow
from parley.engine.formats import load_flow
from parley.engine.testing import Failure, Script, run_tests
from parley.nlu.matcher import IntentMatcher
from tests.unit.engine.talks import a_flow, program, says, state, to

FLOWS = Path(__file__).parents[3] / "examples" / "flows"
FILES = sorted(FLOWS.glob("*.test.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_example_passes_its_own_tests_and_they_reach_every_state(path: Any) -> None:
    file = Script.model_validate(load_flow(path.read_text()))
    document = load_flow((FLOWS / file.flow).read_text())
    matcher = IntentMatcher.train(document["intents"])
    report = run_tests(compile_flow(FlowDocument.model_validate(document)), file, matcher.classify)
    assert {outcome.name: outcome.failures for outcome in report.outcomes} == {
        test.name: () for test in file.tests
    }
    assert report.unreached_states == []


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


def outcome(*steps: Any, stubs: Any = None) -> Any:
    file = Script.model_validate(
        {"flow": "x", "stubs": stubs or {}, "tests": [{"name": "t", "steps": list(steps)}]}
    )
    return run_tests(program(FLOW), file, lambda _text, _among: ())


def test_a_step_that_comes_out_otherwise_is_a_failure_with_a_reason() -> None:
    report = outcome(
        {"start": True, "expect": {"text": "/^H/", "state": "b"}},
        {"advance": "1h", "expect": {"text": "bye"}},
    )
    assert report.outcomes[0].failures == (
        Failure(1, "state is 'a', not 'b'"),
        Failure(2, "text is 'Bye', not 'bye'"),
    )
    assert report.unreached_states == ["call"]


def test_stubs_answer_in_order_and_as_often_as_they_say() -> None:
    report = outcome(
        {"user": "x", "expect": {"state": "a", "path": ["call", "a"]}},
        {"user": "x", "expect": {"state": "late", "status": "completed"}},
        stubs={"x": [{"error": "timeout", "times": 1}, {"when": {"path": "/y"}, "return": {}}]},
    )
    assert report.outcomes[0].failures == ()


def test_a_call_that_no_stub_fits_is_an_error() -> None:
    report = outcome({"user": "x", "expect": {"state": "a"}}, stubs={"x": []})
    assert report.outcomes[0].failures == ()
