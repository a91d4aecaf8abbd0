"""GET /flows: list the organisation's flows."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from parley.api.flows import FlowFilter, FlowPage
from parley.api.parameters import DEFAULT_PAGE_SIZE, Cursor, Limit
from parley.domain.access import Permission
from parley.runtime.http import CurrentCaller, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.READ_FLOWS)


@app.get("/flows")
def list_flows(
    which: Annotated[FlowFilter, Query()],
    caller: CurrentCaller,
    services: Wired,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE_SIZE,
) -> FlowPage:
    page = services.flows.list(caller, which.query(), cursor=cursor, limit=limit)
    return FlowPage.of(page)


handler = lambda_handler(app)
