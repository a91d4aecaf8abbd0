"""POST /flows/{flow_id}/rollback: make a version active again that has been before.

Absent a version, it is the one before the present one: going further back takes naming it.
"""

from parley.api.flows import FlowView, RollbackDraft
from parley.api.parameters import IfMatch, row_version
from parley.domain.access import Permission
from parley.domain.ids import FlowId
from parley.runtime.http import CurrentCaller, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.PUBLISH_FLOWS)


@app.post("/flows/<flow_id>/rollback")
def rollback_flow(
    flow_id: FlowId,
    draft: RollbackDraft,
    caller: CurrentCaller,
    services: Wired,
    if_match: IfMatch = None,
) -> FlowView:
    flow = services.flows.rollback(
        caller,
        flow_id,
        version=draft.pinned,
        reason=draft.reason,
        if_match=row_version(if_match),
    )
    return FlowView.of(flow)


handler = lambda_handler(app)
