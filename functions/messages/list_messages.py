"""GET /conversations/{conversation_id}/messages: read what was said.

`after` and `before` are sequence numbers: a client that has seen 7 asks `after=7`. With `before`
the page holds the last ones before it; else the first ones after.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from parley.api.messages import MessagePage
from parley.api.parameters import DEFAULT_PAGE_SIZE, Cursor, Limit
from parley.domain.access import Permission
from parley.domain.ids import ConversationId
from parley.runtime.http import CurrentCaller, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.CONVERSE)


@app.get("/conversations/<conversation_id>/messages")
def list_messages(
    conversation_id: ConversationId,
    caller: CurrentCaller,
    services: Wired,
    after: Annotated[int | None, Query(ge=0, le=10**9)] = None,
    before: Annotated[int | None, Query(ge=1, le=10**9)] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE_SIZE,
) -> MessagePage:
    page = services.conversations.messages(
        caller, conversation_id, after=after, before=before, cursor=cursor, limit=limit
    )
    return MessagePage.of(page)


handler = lambda_handler(app)
