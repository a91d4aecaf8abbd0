"""GET /conversations/{conversation_id}: show a conversation as it stands."""

from parley.api.conversations import ConversationView
from parley.domain.access import Permission
from parley.domain.ids import ConversationId
from parley.runtime.http import CurrentCaller, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.CONVERSE)


@app.get("/conversations/<conversation_id>")
def get_conversation(
    conversation_id: ConversationId, caller: CurrentCaller, services: Wired
) -> ConversationView:
    return ConversationView.of(services.conversations.get(caller, conversation_id))


handler = lambda_handler(app)
