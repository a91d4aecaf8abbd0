"""GET /flows/{flow_id}: show a flow."""

from parley.api.flows import FlowView
from parley.domain.access import Permission
from parley.domain.ids import FlowId
from parley.runtime.http import CurrentCaller, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.READ_FLOWS)


@app.get("/flows/<flow_id>")
def get_flow(flow_id: FlowId, caller: CurrentCaller, services: Wired) -> FlowView:
    return FlowView.of(services.flows.get(caller, flow_id))


handler = lambda_handler(app)
