"""POST /conversations/{conversation_id}/messages: say something to the bot.

The message is queued, and its turn comes exactly once: 202. With `Prefer: wait=N` the turn runs
right away and the bot's words are in the answer: 200; it does not stand behind what is queued, so
it may overtake messages sent before it. Whoever cannot be answered in time gets 202, and the words
arrive in the conversation.
"""

from aws_lambda_powertools.event_handler import Response

from parley.api.messages import SENT, AcceptedView, MessageDraft, RepliedView, sent
from parley.api.parameters import Prefer, wait
from parley.domain.access import Permission
from parley.domain.ids import ConversationId
from parley.runtime.http import CurrentCaller, MessageOrigin, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.CONVERSE)


@app.post("/conversations/<conversation_id>/messages", responses=SENT)
def send_message(
    conversation_id: ConversationId,
    draft: MessageDraft,
    caller: CurrentCaller,
    services: Wired,
    origin: MessageOrigin,
    prefer: Prefer = None,
) -> Response[RepliedView | AcceptedView]:
    conversations = services.conversations
    message = (caller, conversation_id, draft.content_json())
    if within := wait(prefer):
        return sent(conversations.converse(*message, wait=within, **origin))
    return sent(conversations.send(*message, **origin))


handler = lambda_handler(app)
