"""What a flow says: texts in several languages and the contents of messages."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from parley.domain.json import JsonObject
from parley.domain.messages import MAX_TEXT_LENGTH, MessageType


class FlowPart(BaseModel):
    """A piece of a flow document: frozen, and closed to fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


type OneText = Annotated[str, StringConstraints(max_length=MAX_TEXT_LENGTH)]
type Languages = Annotated[dict[str, OneText], Field(min_length=1)]
type Text = OneText | Languages
"""A string, or {language: string}, or {text: name of a shared text}."""

SHARED_TEXT = "text"
"""The only key of a text that names a shared one: no language is called so."""

type Expression = Annotated[str, StringConstraints(min_length=1)]
"""CEL; its own length limit is the check's to report."""


type _OneShortText = Annotated[str, StringConstraints(max_length=500)]
type ShortText = _OneShortText | Annotated[dict[str, _OneShortText], Field(min_length=1)]
"""A text that stands beside something else."""


def _of_the_web(text: str | dict[str, str]) -> str | dict[str, str]:
    """What markup makes of an address is known only when it is rendered."""
    written = {"": text} if isinstance(text, str) else text
    for key, address in written.items():
        is_open = key == SHARED_TEXT or "{{" in address or "{%" in address
        if not is_open and not address.startswith(("https://", "http://")):
            raise ValueError("write an address that begins with https://")
    return text


type WebAddress = Annotated[Text, AfterValidator(_of_the_web)]


class QuickReply(FlowPart):
    """S1-9. Without a payload, the title is the payload."""

    title: Text
    payload: Annotated[str, StringConstraints(max_length=1_000)] | None = None


class Button(FlowPart):
    """S1-10."""

    type: Literal["postback", "url", "phone", "share"] = "postback"
    title: Text
    payload: Annotated[str, StringConstraints(max_length=1_000)] | None = None
    url: Text | None = None


MediaType = Literal[
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "video/mp4",
    "video/quicktime",
    "audio/mpeg",
    "audio/wav",
    "audio/ogg",
    "application/pdf",
    "text/plain",
]


class Media(FlowPart):
    """S1-7."""

    url: WebAddress
    type: MediaType
    size_bytes: Annotated[int, Field(ge=0, le=52_428_800)] | None = None
    alt_text: ShortText | None = None
    thumbnail_url: WebAddress | None = None


class Location(FlowPart):
    """S1-8."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    accuracy_meters: Annotated[float, Field(ge=0)] | None = None
    address: ShortText | None = None


class Card(FlowPart):
    """One of a carousel: a picture, words and what may be done with it."""

    title: Text
    subtitle: Text | None = None
    image_url: WebAddress | None = None
    buttons: Annotated[tuple[Button, ...], Field(max_length=3)] = ()


type Carousel = Annotated[tuple[Card, ...], Field(min_length=1, max_length=10)]


class Attachments(FlowPart):
    """What a message may carry beside its text (S1-9, S1-10)."""

    quick_replies: Annotated[tuple[QuickReply, ...], Field(max_length=10)] = ()
    buttons: Annotated[tuple[Button, ...], Field(max_length=3)] = ()
    media: Media | None = None
    location: Location | None = None
    carousel: Carousel | None = None
    form: JsonObject | None = None


class Content(Attachments):
    """One message (S1-11): at least a text, media, a location, a carousel or a form."""

    type: MessageType | None = None
    text: Text | None = None


type Templates = dict[str, OneText | Content]
"""What to say, by language."""
