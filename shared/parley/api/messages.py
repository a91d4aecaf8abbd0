"""Messages of a conversation: what people send, and how history reads."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Literal, Required, Self, TypedDict

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from pydantic import ConfigDict, Field

from parley.api.bodies import Draft, Instant, View
from parley.domain.content import Content, FormValue, content_json
from parley.domain.flow_texts import FieldType
from parley.domain.json import JsonObject
from parley.domain.messages import Delivery, Direction, Message, MessageType, Sender
from parley.domain.pages import Page
from parley.services.conversations import Accepted, Replied


class MessageDraft(Draft):
    """One message from a person to the bot."""

    content: Content

    def content_json(self) -> JsonObject:
        """The content as it is queued and stored."""
        return content_json(self.content)


class QuickReply(TypedDict):
    """A button: pressing it sends `payload` back, as the words of `title`."""

    title: str
    payload: str


class FormOption(TypedDict):
    """One value of a field of type `enum`."""

    title: str
    value: str


class FormField(TypedDict, total=False):
    """What a form asks for; the limits are hints, and the flow has the last word."""

    name: Required[str]
    label: Required[str]
    type: Required[FieldType]
    required: Required[bool]
    placeholder: str
    help: str
    options: list[FormOption]
    minimum: int | float | str
    maximum: int | float | str
    min_length: int
    max_length: int


class Form(TypedDict, total=False):
    """Several questions at once; a message of type `form` answers them."""

    title: str
    description: str
    fields: Required[list[FormField]]
    submit_label: str


class MessageContent(TypedDict, total=False):
    """What a message says; which keys it has depends on `type`."""

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]  # pydantic reads it here

    type: Required[MessageType]
    text: str
    payload: str
    quick_replies: list[QuickReply]
    form: Form
    values: dict[str, FormValue]
    delay_ms: int
    typing: bool


class MessageView(View):
    """One message of a conversation's history."""

    id: str
    conversation_id: str
    sequence_number: int = Field(description="From 1, over both directions, without a gap.")
    direction: Direction
    sender: Sender
    content: MessageContent
    turn_no: int = Field(description="The turn that took it in or sent it.")
    at: Instant
    delivery: Delivery | None = Field(description="How far an outbound message has come.")

    @classmethod
    def of(cls, message: Message) -> Self:
        return cls(
            id=message.id,
            conversation_id=message.conversation_id,
            sequence_number=message.sequence_number,
            direction=message.direction,
            sender=message.sender,
            content=message.content,  # type: ignore[arg-type]  # pydantic checks the JSON
            turn_no=message.turn_no,
            at=message.at,
            delivery=message.delivery,
        )

    @classmethod
    def all_of(cls, messages: Sequence[Message]) -> list[Self]:
        return [cls.of(message) for message in messages]


class MessagePage(View):
    """A page of history, in the order of `sequence_number`."""

    items: list[MessageView]
    next_cursor: str | None

    @classmethod
    def of(cls, page: Page[Message]) -> Self:
        return cls(items=MessageView.all_of(page.items), next_cursor=page.next_cursor)


class AcceptedView(View):
    """The message is queued: its turn will come, exactly once."""

    message_id: str
    status: Literal["accepted"]
    messages: list[MessageView] = Field(
        description="Empty: the answers arrive in the conversation."
    )


class RepliedView(View):
    """The message's turn has run."""

    message_id: str
    status: Literal["replied"]
    messages: list[MessageView] = Field(description="What the bot answered, in order.")


SENT: dict[int, OpenAPIResponse] = {
    200: {
        "description": "The turn has run: `Prefer: wait` was asked for and could be kept.",
        "content": {"application/json": {"model": RepliedView}},
    },
    202: {
        "description": "The message is queued.",
        "content": {"application/json": {"model": AcceptedView}},
    },
}


def sent(outcome: Accepted | Replied) -> Response[RepliedView | AcceptedView]:
    """200 with the bot's words, or 202 for those that are still to come."""
    match outcome:
        case Replied(message_id, messages):
            replied = RepliedView(
                message_id=message_id, status="replied", messages=MessageView.all_of(messages)
            )
            return Response(HTTPStatus.OK, content_type="application/json", body=replied)
        case Accepted(message_id):
            accepted = AcceptedView(message_id=message_id, status="accepted", messages=[])
            return Response(HTTPStatus.ACCEPTED, content_type="application/json", body=accepted)
