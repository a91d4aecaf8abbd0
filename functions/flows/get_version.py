"""GET /flows/{flow_id}/versions/{version}: show one version with its document."""

from parley.api.flow_versions import VersionView
from parley.domain.access import Permission
from parley.domain.conversations import FlowVersion
from parley.domain.ids import FlowId
from parley.runtime.http import CurrentCaller, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.READ_FLOWS)


@app.get("/flows/<flow_id>/versions/<version>")
def get_version(
    flow_id: FlowId, version: FlowVersion, caller: CurrentCaller, services: Wired
) -> VersionView:
    return VersionView.of(services.flows.version(caller, flow_id, version))


handler = lambda_handler(app)
