"""`parley chat [flow]`: a conversation in the terminal, as a visitor of the demo organisation.

From a pipe it takes one message a line, prints the answers alone and ends with the conversation.
A form is asked for field by field (`tools/cli/forms.py`).
"""

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from parley.domain.json import JsonObject
from parley.engine.sayings import offered
from tools.cli.forms import LEAVE, Filling
from tools.cli.lines import lines
from tools.cli.messages import show_message
from tools.cli.running import the_running
from tools.local.api import Api, ApiRefused
from tools.local.demo import FLOW, ORGANIZATION
from tools.local.errors import CloudError
from tools.local.places import Places

_WAIT_S = 25
_LOOK_EVERY_S = 0.25
_ANSWER_WITHIN_S = 60.0
_ACTIVE = "active"


def run(arguments: argparse.Namespace) -> int:
    """Talk until the conversation or the input ends."""
    state = the_running(Places.from_environment())
    visitor = Api(state.addresses["api"])
    token = visitor.post("/auth/guest", {"organization": ORGANIZATION})["access_token"]
    talk = Talk(Api(visitor.address, token))
    form = _show(talk.begin(arguments.flow or FLOW))
    for line in lines():
        if form is not None and line == LEAVE:
            form = None
            continue
        content = talk.content(line) if form is None else form.take(line)
        if content is None:
            continue
        form = _show(talk.say(content))
        if talk.status != _ACTIVE:
            print(f"(the conversation is {talk.status})", file=sys.stderr)
            return 0
    return 0


@dataclass(slots=True)
class Talk:
    """One conversation, seen from the person's side."""

    api: Api
    conversation_id: str = ""
    status: str = _ACTIVE
    seen: int = 0
    buttons: dict[str, JsonObject] = field(default_factory=dict)

    def begin(self, flow: str) -> Sequence[JsonObject]:
        """Start it; the bot's first words."""
        started = self.api.post("/conversations", {"flow": flow})
        self.conversation_id = started["conversation"]["id"]
        self.status = started["conversation"]["status"]
        return self._note(started["messages"])

    def say(self, content: JsonObject) -> Sequence[JsonObject]:
        """Send it; what the bot answers."""
        try:
            answer = self.api.post(
                f"/conversations/{self.conversation_id}/messages",
                {"content": content},
                {"Prefer": f"wait={_WAIT_S}"},
            )
        except ApiRefused as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            self.status = self._now()["status"]
            return []
        replies = answer["messages"]
        if answer["status"] == "accepted":
            replies = self._await_answer(answer["message_id"])
        self.status = self._now()["status"]
        return self._note(replies)

    def content(self, text: str) -> JsonObject:
        """What was typed, as a button's press if a button says so."""
        button = self.buttons.get(text.casefold())
        if button is None:
            return {"type": "text", "text": text}
        return {"type": "quick_reply", "text": button["title"], "payload": button["payload"]}

    def _await_answer(self, message_id: str) -> Sequence[JsonObject]:
        """The turn runs in the queue: look until it has taken the message and answered."""
        deadline = time.monotonic() + _ANSWER_WITHIN_S
        while time.monotonic() < deadline:
            path = f"/conversations/{self.conversation_id}/messages?after={self.seen}&limit=100"
            new = self.api.get(path)["items"]
            turns = [message["turn_no"] for message in new if message["id"] == message_id]
            if turns:
                return [message for message in new if message["turn_no"] == turns[0]]
            time.sleep(_LOOK_EVERY_S)
        raise CloudError("the bot did not answer", remedy="see `parley logs TakeTurn`")

    def _note(self, messages: Sequence[JsonObject]) -> Sequence[JsonObject]:
        """Remember how far we have read and which buttons there are; what the bot said."""
        said = [message for message in messages if message["direction"] == "outbound"]
        self.seen = max([self.seen, *(message["sequence_number"] for message in messages)])
        self.buttons = {
            button["title"].casefold(): button
            for message in said
            for button in offered(message["content"])
        }
        return said

    def _now(self) -> JsonObject:
        return self.api.get(f"/conversations/{self.conversation_id}")


def _show(messages: Iterable[JsonObject]) -> Filling | None:
    """Prints the messages; the form that the last of them with one has begun."""
    form = None
    for message in messages:
        content = message["content"]
        show_message(content)
        form = Filling.of(content) or form
    sys.stdout.flush()
    return form
