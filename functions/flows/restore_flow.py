"""POST /flows/{flow_id}/restore: take a flow out of the archive.

It is inactive: publish it for new conversations to begin with it again.
"""

from parley.api.flows import ChangeDraft, FlowView
from parley.api.parameters import IfMatch, row_version
from parley.domain.access import Permission
from parley.domain.ids import FlowId
from parley.runtime.http import CurrentCaller, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.PUBLISH_FLOWS)


@app.post("/flows/<flow_id>/restore")
def restore_flow(
    flow_id: FlowId,
    draft: ChangeDraft,
    caller: CurrentCaller,
    services: Wired,
    if_match: IfMatch = None,
) -> FlowView:
    flow = services.flows.restore(
        caller, flow_id, reason=draft.reason, if_match=row_version(if_match)
    )
    return FlowView.of(flow)


handler = lambda_handler(app)
