"""GET /conversations: list conversations, the one last active first."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from parley.api.conversations import ConversationFilter, ConversationPage
from parley.api.parameters import DEFAULT_PAGE_SIZE, Cursor, Limit
from parley.domain.access import Permission
from parley.runtime.http import CurrentCaller, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.CONVERSE)


@app.get("/conversations")
def list_conversations(
    which: Annotated[ConversationFilter, Query()],
    caller: CurrentCaller,
    services: Wired,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE_SIZE,
) -> ConversationPage:
    page = services.conversations.list(caller, which.query(), cursor=cursor, limit=limit)
    return ConversationPage.of(page)


handler = lambda_handler(app)
