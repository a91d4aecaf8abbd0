"""POST /conversations: start a conversation, which runs the flow to its first stop.

Under an `Idempotency-Key` a repeat finds the conversation that the first request started.
"""

from http import HTTPStatus

from parley.api.conversations import ConversationDraft, StartedView
from parley.api.parameters import IdempotencyKey
from parley.domain.access import Permission
from parley.runtime.http import CurrentCaller, RequestId, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.CONVERSE)


@app.post("/conversations", status_code=HTTPStatus.CREATED)
def start_conversation(
    draft: ConversationDraft,
    caller: CurrentCaller,
    services: Wired,
    request_id: RequestId,
    key: IdempotencyKey = None,
) -> StartedView:
    started = services.conversations.start(
        caller,
        channel=draft.channel,
        user_id=draft.whom,
        flow=draft.flow,
        language=draft.language,
        user=draft.user,
        key=key,
        request_id=request_id,
    )
    return StartedView.of(started)


handler = lambda_handler(app)
