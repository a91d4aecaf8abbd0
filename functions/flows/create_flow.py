"""POST /flows: save a new flow as a draft.

The document may still be wrong; publishing it is what checks it. `POST /flows/check` says what
publishing would find.
"""

from http import HTTPStatus

from parley.api.flows import FlowDraft, FlowView
from parley.domain.access import Permission
from parley.runtime.http import CurrentCaller, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.EDIT_FLOWS)


@app.post("/flows", status_code=HTTPStatus.CREATED)
def create_flow(draft: FlowDraft, caller: CurrentCaller, services: Wired) -> FlowView:
    flow = services.flows.create(caller, draft.given, name=draft.name, tests=draft.tests)
    return FlowView.of(flow)


handler = lambda_handler(app)
