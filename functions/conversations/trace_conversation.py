"""GET /conversations/{conversation_id}/trace: explain every turn of a conversation.

`flow_version` is the version of the flow that a turn ran on. A turn whose event is of kind
`migrate` moved the conversation to another version or, where it is ignored, says why it could not.
"""

from parley.api.conversations import TracePage
from parley.api.parameters import DEFAULT_PAGE_SIZE, Cursor, Limit
from parley.domain.access import Permission
from parley.domain.ids import ConversationId
from parley.runtime.http import CurrentCaller, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.READ_TRACES)


@app.get("/conversations/<conversation_id>/trace")
def trace_conversation(
    conversation_id: ConversationId,
    caller: CurrentCaller,
    services: Wired,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE_SIZE,
) -> TracePage:
    page = services.conversations.trace(caller, conversation_id, cursor=cursor, limit=limit)
    return TracePage.of(page)


handler = lambda_handler(app)
