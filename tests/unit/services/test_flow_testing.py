"""Tests of a saved flow, as a caller sends them."""

from typing import Any

import pytest

from parley.api.flow_tests import MAX_FAILURES, ReportView
from parley.domain.conversations import FlowVersion
from parley.domain.errors import FlowInvalid, Invalid, NotFound
from parley.domain.flow_records import Flow
from parley.domain.ids import FlowId
from parley.repositories.memory.flows import MemoryFlows
from parley.services.flow_tests import MAX_TURNS, report_on
from parley.services.flows import FlowService
from tests.tenants import SteppingClock, a_caller, a_document, a_tenant_id, new_id
from tests.unit.engine.talks import a_flow, says, state, to

CALLER = a_caller(a_tenant_id())


def a_service() -> FlowService:
    return FlowService(MemoryFlows(), clock=SteppingClock(), new_id=new_id)


def hearing(text: str) -> dict[str, Any]:
    return {"tests": [{"name": "hello", "steps": [{"start": True, "expect": {"text": text}}]}]}


def saved(service: FlowService, **changes: Any) -> Flow:
    return service.create(CALLER, a_document("greeter", **changes))


def test_tests_run_on_the_latest_version() -> None:
    service = a_service()
    flow = saved(service)

    report = report_on(service, CALLER, flow.id, hearing("Hello"))

    assert report.has_passed
    assert report.coverage.states.percent == 100


def test_tests_may_be_text() -> None:
    service = a_service()
    flow = saved(service)

    report = report_on(
        service, CALLER, flow.id, "tests: [{name: a, steps: [{start: true, expect: {text: Bye}}]}]"
    )

    assert [failure.step for failure in report.outcomes[0].failures] == [1]


def test_without_tests_those_of_the_version_run() -> None:
    service = a_service()
    flow = service.create(CALLER, a_document("greeter"), tests=hearing("Bye"))
    service.create_version(CALLER, flow.id, a_document("greeter"), tests=hearing("Hello"))

    assert report_on(service, CALLER, flow.id).has_passed
    assert not report_on(service, CALLER, flow.id, version=FlowVersion("1.0")).has_passed
    assert report_on(
        service, CALLER, flow.id, hearing("Hello"), version=FlowVersion("1.0")
    ).has_passed


def test_without_any_tests_there_is_nothing_to_run() -> None:
    service = a_service()
    flow = saved(service)

    with pytest.raises(Invalid, match=r"version 1\.0 was saved without"):
        report_on(service, CALLER, flow.id)


def test_a_flow_whose_fallback_is_not_there_is_not_run() -> None:
    service = a_service()
    flow = saved(service, settings={"fallback_flow": "simple"})

    with pytest.raises(FlowInvalid):
        report_on(service, CALLER, flow.id, hearing("Hello"))
    service.publish(CALLER, service.create(CALLER, a_document("simple")).id)

    assert report_on(service, CALLER, flow.id, hearing("Hello")).has_passed


def test_what_is_no_test_is_refused() -> None:
    service = a_service()
    flow = saved(service)

    with pytest.raises(Invalid):
        report_on(service, CALLER, flow.id, {"tests": []})


def test_a_flow_with_errors_is_not_run() -> None:
    service = a_service()
    flow = saved(service, initial_state="gone")

    with pytest.raises(FlowInvalid):
        report_on(service, CALLER, flow.id, hearing("Hello"))


def test_another_tenants_flow_is_none() -> None:
    service = a_service()
    flow = saved(service)

    with pytest.raises(NotFound):
        report_on(service, a_caller(a_tenant_id()), FlowId(flow.id), hearing("Hello"))


def test_all_the_tests_of_a_request_share_one_budget_of_turns() -> None:
    service = a_service()
    flow = service.create(
        CALLER,
        a_flow(
            state("w", "wait", to("v", "timeout"), timeout_seconds=60),
            state("v", "wait", to("w", "timeout"), timeout_seconds=60),
        ),
    )
    tests = [{"name": str(n), "steps": [{"advance": "400d"}]} for n in range(1_000)]

    report = report_on(service, CALLER, flow.id, {"tests": tests})

    assert sum(outcome.turns for outcome in report.outcomes) == MAX_TURNS
    assert not any(outcome.has_passed for outcome in report.outcomes)
    assert "used up" in report.outcomes[0].failures[0].what
    assert report.outcomes[-1].failures[0].what.startswith("not run: ")


def test_an_answer_stays_small_and_says_what_it_leaves_out() -> None:
    service = a_service()
    flow = saved(service)
    expect = {"start": True, "expect": {"text": "x" * 2_000}}
    tests = [{"name": f"{n:03} {'n' * 3_000}", "steps": [expect]} for n in range(1_000)]

    view = ReportView.of(report_on(service, CALLER, flow.id, {"tests": tests}))

    assert len(view.model_dump_json()) < 1_000_000
    assert len(view.tests[MAX_FAILURES - 1].failures[0].what) == 500
    assert not view.tests[-1].has_passed
    assert view.tests[-1].failures[0].what.startswith("not shown")


ASKS = a_flow(says("ask", "How was it?", to("bye")), says("bye", "Noted."), name="survey")


def calling(flow: str) -> dict[str, Any]:
    action = {"type": "trigger_flow", "config": {"flow": flow, "mode": "call"}}
    hello = says("hi", "Hi", to("end", actions=[action]))
    return a_flow(hello, says("end", "Bye"), name="shop", settings={"require_tests": True})


def steps(*expected: str) -> dict[str, Any]:
    asked, said = expected
    script = [
        {"user": "on", "expect": {"text": asked, "state": "survey#ask"}},
        {"user": "fine", "expect": {"text": said, "status": "completed"}},
    ]
    return {"tests": [{"name": "called", "steps": script}]}


def test_what_a_tested_flow_calls_are_the_tenants_active_flows() -> None:
    service = a_service()
    survey = service.create(CALLER, ASKS)
    service.publish(CALLER, survey.id)
    flow = service.create(CALLER, calling("survey"))

    report = report_on(service, CALLER, flow.id, steps("How was it?", "Noted.\nBye"))

    assert report.has_passed


def test_tests_that_a_flow_demands_run_through_the_flows_it_calls() -> None:
    service = a_service()
    survey = service.create(CALLER, ASKS)
    service.publish(CALLER, survey.id)
    right, wrong = steps("How was it?", "Noted.\nBye"), steps("How was it?", "Bye")
    flow = service.create(CALLER, calling("survey"), tests=wrong)

    with pytest.raises(FlowInvalid, match="1 of 1 do not"):
        service.publish(CALLER, flow.id)

    service.create_version(CALLER, flow.id, calling("survey"), tests=right)
    assert service.publish(CALLER, flow.id).active_version == "1.1"


def test_a_published_flow_is_tested_on_the_versions_that_it_calls() -> None:
    service = a_service()
    survey = service.create(CALLER, ASKS)
    service.publish(CALLER, survey.id)
    flow = service.create(CALLER, calling("survey"), tests=steps("How was it?", "Noted.\nBye"))
    service.publish(CALLER, flow.id)
    later = a_flow(says("ask", "And now?", to("bye")), says("bye", "Later."), name="survey")
    service.create_version(CALLER, survey.id, later)
    service.publish(CALLER, survey.id)

    assert report_on(service, CALLER, flow.id).has_passed
