"""POST /conversations/{conversation_id}/close: end a conversation."""

from parley.api.conversations import ClosingDraft, ConversationView
from parley.api.parameters import IdempotencyKey
from parley.domain.access import Permission
from parley.domain.ids import ConversationId
from parley.runtime.http import CurrentCaller, RequestId, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.CONVERSE)


@app.post("/conversations/<conversation_id>/close")
def close_conversation(
    conversation_id: ConversationId,
    draft: ClosingDraft,
    caller: CurrentCaller,
    services: Wired,
    request_id: RequestId,
    key: IdempotencyKey = None,
) -> ConversationView:
    conversation = services.conversations.close(
        caller, conversation_id, status=draft.status, key=key, request_id=request_id
    )
    return ConversationView.of(conversation)


handler = lambda_handler(app)
