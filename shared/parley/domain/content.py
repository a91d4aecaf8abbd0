"""What people may say to a bot, by whatever channel it comes."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from parley.domain.messages import MAX_TEXT_LENGTH

type Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT_LENGTH)]


class _Content(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class TextContent(_Content):
    """What somebody typed."""

    type: Literal["text"]
    text: Text = Field(examples=["Where is my order?"])


class QuickReplyContent(_Content):
    """A button of the bot's last message that somebody pressed."""

    type: Literal["quick_reply"]
    text: Text = Field(description="What the button says.", examples=["Track an order"])
    payload: Annotated[str, StringConstraints(max_length=1_000)] = Field(
        description="What the button carries.", examples=["track"]
    )


Content = Annotated[TextContent | QuickReplyContent, Field(discriminator="type")]
