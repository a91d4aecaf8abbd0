"""POST /flows/{flow_id}/test: run tests on a saved flow, without any of its integrations.

Without tests in the body, those run that were saved with the version.
"""

from parley.api.flow_tests import ReportView, TestsDraft
from parley.domain.access import Permission
from parley.domain.ids import FlowId
from parley.runtime.http import CurrentCaller, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.READ_FLOWS)


@app.post("/flows/<flow_id>/test")
def test_flow(
    flow_id: FlowId, draft: TestsDraft, caller: CurrentCaller, services: Wired
) -> ReportView:
    from parley.services.flow_tests import report_on  # noqa: PLC0415 -- cold start

    report = report_on(services.flows, caller, flow_id, draft.given_if_any, version=draft.pinned)
    return ReportView.of(report)


handler = lambda_handler(app)
