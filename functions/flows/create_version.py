"""POST /flows/{flow_id}/versions: save another draft version of a flow.

What has the very content of the latest version is that version: 200, and none is added.
"""

from aws_lambda_powertools.event_handler import Response

from parley.api.flow_versions import SAVED, VersionDraft, VersionView, saved
from parley.api.parameters import IfMatch, row_version
from parley.domain.access import Permission
from parley.domain.ids import FlowId
from parley.runtime.http import CurrentCaller, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.EDIT_FLOWS)


@app.post("/flows/<flow_id>/versions", responses=SAVED)
def create_version(
    flow_id: FlowId,
    draft: VersionDraft,
    caller: CurrentCaller,
    services: Wired,
    if_match: IfMatch = None,
) -> Response[VersionView]:
    outcome = services.flows.create_version(
        caller,
        flow_id,
        draft.given,
        tests=draft.tests,
        change_type=draft.change_type,
        change_description=draft.change_description,
        if_match=row_version(if_match),
    )
    return saved(outcome)


handler = lambda_handler(app)
