"""GET /flows/{flow_id}/versions: list the versions of a flow, the newest first."""

from parley.api.flow_versions import VersionPage
from parley.api.parameters import DEFAULT_PAGE_SIZE, Cursor, Limit
from parley.domain.access import Permission
from parley.domain.ids import FlowId
from parley.runtime.http import CurrentCaller, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.READ_FLOWS)


@app.get("/flows/<flow_id>/versions")
def list_versions(
    flow_id: FlowId,
    caller: CurrentCaller,
    services: Wired,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE_SIZE,
) -> VersionPage:
    page = services.flows.versions(caller, flow_id, cursor=cursor, limit=limit)
    return VersionPage.of(page)


handler = lambda_handler(app)
