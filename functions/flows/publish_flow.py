"""POST /flows/{flow_id}/publish: check a version and make it the one new conversations begin with.

Conversations stay on the version they began with. Every error of the check is answered at once.
"""

from parley.api.flows import FlowView, PublishDraft
from parley.api.parameters import IfMatch, row_version
from parley.domain.access import Permission
from parley.domain.ids import FlowId
from parley.runtime.http import CurrentCaller, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.PUBLISH_FLOWS)


@app.post("/flows/<flow_id>/publish")
def publish_flow(
    flow_id: FlowId,
    draft: PublishDraft,
    caller: CurrentCaller,
    services: Wired,
    if_match: IfMatch = None,
) -> FlowView:
    flow = services.flows.publish(
        caller, flow_id, version=draft.pinned, if_match=row_version(if_match)
    )
    return FlowView.of(flow)


handler = lambda_handler(app)
