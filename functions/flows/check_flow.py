"""POST /flows/check: say what is wrong with a flow document, without saving it."""

from parley.api.flows import CheckView, FlowSource
from parley.domain.access import Permission
from parley.runtime.http import CurrentCaller, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.READ_FLOWS)


@app.post("/flows/check")
def check_flow(draft: FlowSource, caller: CurrentCaller, services: Wired) -> CheckView:
    return CheckView.of(services.flows.check(caller, draft.given))


handler = lambda_handler(app)
