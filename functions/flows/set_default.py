"""POST /flows/{flow_id}/default: make an active flow the organisation's default.

It is the one that conversations begin with where none was asked for; the one before is no more.
"""

from parley.api.flows import ChangeDraft, FlowView
from parley.api.parameters import IfMatch, row_version
from parley.domain.access import Permission
from parley.domain.ids import FlowId
from parley.runtime.http import CurrentCaller, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.PUBLISH_FLOWS)


@app.post("/flows/<flow_id>/default")
def set_default(
    flow_id: FlowId,
    draft: ChangeDraft,
    caller: CurrentCaller,
    services: Wired,
    if_match: IfMatch = None,
) -> FlowView:
    flow = services.flows.set_default(
        caller, flow_id, reason=draft.reason, if_match=row_version(if_match)
    )
    return FlowView.of(flow)


handler = lambda_handler(app)
