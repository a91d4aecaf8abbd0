"""POST /flows/{flow_id}/versions: save another draft version of a flow."""

from http import HTTPStatus

from parley.api.flows import VersionDraft, VersionView
from parley.api.parameters import IfMatch, row_version
from parley.domain.access import Permission
from parley.domain.ids import FlowId
from parley.runtime.http import CurrentCaller, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.EDIT_FLOWS)


@app.post("/flows/<flow_id>/versions", status_code=HTTPStatus.CREATED)
def create_version(
    flow_id: FlowId,
    draft: VersionDraft,
    caller: CurrentCaller,
    services: Wired,
    if_match: IfMatch = None,
) -> VersionView:
    version = services.flows.create_version(
        caller,
        flow_id,
        draft.given,
        change_type=draft.change_type,
        change_description=draft.change_description,
        if_match=row_version(if_match),
    )
    return VersionView.of(version)


handler = lambda_handler(app)
