"""Tests of a saved flow, as a caller sends them."""

from typing import Any

import pytest

from parley.domain.errors import FlowInvalid, Invalid, NotFound
from parley.domain.flow_records import Flow
from parley.domain.ids import FlowId
from parley.repositories.memory.flows import MemoryFlows
from parley.services.flow_tests import report_on
from parley.services.flows import FlowService
from tests.tenants import SteppingClock, a_caller, a_document, a_tenant_id, new_id

CALLER = a_caller(a_tenant_id())


def a_service() -> FlowService:
    return FlowService(MemoryFlows(), clock=SteppingClock(), new_id=new_id)


def says(text: str) -> dict[str, Any]:
    return {"tests": [{"name": "hello", "steps": [{"start": True, "expect": {"text": text}}]}]}


def saved(service: FlowService, **changes: Any) -> Flow:
    return service.create(CALLER, a_document("greeter", **changes))


def test_tests_run_on_the_latest_version() -> None:
    service = a_service()
    flow = saved(service)

    report = report_on(service, CALLER, flow.id, says("Hello"))

    assert report.has_passed
    assert report.coverage.states.percent == 100


def test_tests_may_be_text() -> None:
    service = a_service()
    flow = saved(service)

    report = report_on(
        service, CALLER, flow.id, "tests: [{name: a, steps: [{start: true, expect: {text: Bye}}]}]"
    )

    assert [failure.step for failure in report.outcomes[0].failures] == [1]


def test_what_is_no_test_is_refused() -> None:
    service = a_service()
    flow = saved(service)

    with pytest.raises(Invalid):
        report_on(service, CALLER, flow.id, {"tests": []})


def test_a_flow_with_errors_is_not_run() -> None:
    service = a_service()
    flow = saved(service, initial_state="gone")

    with pytest.raises(FlowInvalid):
        report_on(service, CALLER, flow.id, says("Hello"))


def test_another_tenants_flow_is_none() -> None:
    service = a_service()
    flow = saved(service)

    with pytest.raises(NotFound):
        report_on(service, a_caller(a_tenant_id()), FlowId(flow.id), says("Hello"))
