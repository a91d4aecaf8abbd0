"""A saved flow, tested by what its author sends along or has saved with it."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from parley.domain.access import Caller
from parley.domain.conversations import FlowVersion
from parley.domain.errors import Fault, FlowInvalid, Invalid
from parley.domain.flow_records import FlowVersionRecord
from parley.domain.ids import FlowId
from parley.domain.json import JsonObject
from parley.engine.scripts import Script
from parley.engine.services import Flows
from parley.engine.testing import Report, run_tests
from parley.services.flow_sources import require_sound, script_of
from parley.services.ports.programs import LoadedFlow
from parley.services.programs import built

if TYPE_CHECKING:
    from parley.services.flows import FlowService

MAX_TURNS = 20_000
"""All the tests of one request together: they must end within the function's time."""
_MAX_FAULTS = 50
_MAX_QUOTED = 500
_DEMANDED = "/settings/require_tests"


def report_on(
    flows: "FlowService",
    caller: Caller,
    flow_id: FlowId,
    tests: str | JsonObject | None = None,
    *,
    version: FlowVersion | None = None,
) -> Report:
    """Runs tests, by default those saved with it, on a version, by default the latest.

    `flow` and `flows` in them name no files here: what is called are the tenant's flows. Raises
    NotFound, Invalid for what is no test or where there are none, FlowInvalid for a flow with
    errors.
    """
    chosen = version or flows.get(caller, flow_id).latest_version
    record = flows.version(caller, flow_id, chosen)
    tests = record.tests if tests is None else tests
    if tests is None:
        why = f"send tests: version {chosen} was saved without"
        raise Invalid(why, [Fault("/document", why)])
    script = script_of(tests)
    neighbours = flows.neighbours(caller, record)
    require_sound(record.source or record.document, neighbours)
    return _report(built(record.document, neighbours.calls), script, neighbours.called)


def _report(flow: LoadedFlow, script: Script, called: Flows) -> Report:
    classify = flow.matcher.classify
    return run_tests(flow.program, flow.document, script, classify, budget=MAX_TURNS, flows=called)


def require_tested(record: FlowVersionRecord, flow: LoadedFlow, called: Flows) -> None:
    """Raises FlowInvalid unless the version's own tests pass, if its flow demands them.

    Each failure has a pointer below `/tests`, as in what the version was saved with.
    """
    if not flow.document.settings.require_tests:
        return
    if record.tests is None:
        why = "Save a version with `tests`, or leave `require_tests` out."
        raise FlowInvalid("the flow demands tests and has none", [Fault(_DEMANDED, why)])
    script = script_of(record.tests)
    report = _report(flow, script, called)
    if not report.has_passed:
        failed = sum(not outcome.has_passed for outcome in report.outcomes)
        raise FlowInvalid(
            f"the flow demands that its tests pass; {failed} of {len(report.outcomes)} do not",
            list(islice(_faults(report), _MAX_FAULTS)),
        )


def _faults(report: Report) -> Iterator[Fault]:
    for n, outcome in enumerate(report.outcomes):
        for failure in outcome.failures:
            pointer = f"/tests/tests/{n}/steps/{failure.step - 1}"
            said = f"{outcome.name}, step {failure.step}: {failure.what}"
            yield Fault(pointer, said[:_MAX_QUOTED])
