"""POST /conversations/{conversation_id}/replay: run a past conversation again, and compare."""

from parley.api.conversations import ReplayDraft, ReplayView
from parley.domain.access import Permission
from parley.domain.ids import ConversationId
from parley.runtime.http import CurrentCaller, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.READ_TRACES)


@app.post("/conversations/<conversation_id>/replay")
def replay_conversation(
    conversation_id: ConversationId, draft: ReplayDraft, caller: CurrentCaller, services: Wired
) -> ReplayView:
    return ReplayView.of(services.conversations.replay(caller, conversation_id, draft.given))


handler = lambda_handler(app)
