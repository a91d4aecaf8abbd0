"""What people may say to a bot, by whatever channel it comes."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from parley.domain.json import Json, JsonObject
from parley.domain.messages import (
    MAX_FORM_FIELDS,
    MAX_SENT_BYTES,
    MAX_TEXT_LENGTH,
    MediaType,
    MessageType,
)

type Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT_LENGTH)]
type Beside = Annotated[str, StringConstraints(max_length=500)]
type Address = Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2_000)]

type Language = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)
]
"""BCP 47 (X-13)."""

type FieldName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=64)
]
"""How a field of a form is called."""

MAX_FORM_TEXT = 10_000
"""Characters that the values of a form have together."""
_MAX_WHOLE = 2**53
"""The largest number that every client can write and read; infinity and NaN are beyond it."""

MEDIA_TYPES = {
    "image": MessageType.IMAGE,
    "video": MessageType.VIDEO,
    "audio": MessageType.AUDIO,
    "application": MessageType.FILE,
    "text": MessageType.FILE,
}
"""What a message is that carries media, by the first half of its MIME type."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Content(_Part):
    language: Language | None = Field(
        default=None, description="What it is written in: the conversation goes on in it."
    )


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


class SentMedia(_Part):
    """Where what somebody sent lies (S1-7, X-10)."""

    url: Address
    type: MediaType
    size_bytes: Annotated[int, Field(ge=0, le=MAX_SENT_BYTES)] | None = None
    alt_text: Beside | None = None
    thumbnail_url: Address | None = None


class MediaContent(_Content):
    """A picture, a recording, a film or a file that somebody sent."""

    type: Literal["image", "file", "audio", "video"]
    text: Text | None = None
    media: SentMedia

    @model_validator(mode="after")
    def _is_what_it_says(self) -> Self:
        expected = MEDIA_TYPES[self.media.type.partition("/")[0]].value
        if self.type != expected:
            raise ValueError(f"what is {self.media.type} is sent as the type {expected}")
        return self


class SentLocation(_Part):
    """A place (S1-8)."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    accuracy_meters: Annotated[float, Field(ge=0)] | None = None
    address: Beside | None = None


class LocationContent(_Content):
    """Where somebody is, or means."""

    type: Literal["location"]
    text: Text | None = None
    location: SentLocation


def _value(value: Json) -> Json:
    """One answer of a form. Written out, as a union's errors would name its members."""
    match value:
        case None | bool():
            return value
        case str() if len(value) <= MAX_TEXT_LENGTH:
            return value
        case int() | float() if abs(value) <= _MAX_WHOLE:
            return value
        case _:
            raise ValueError(
                f"a value is a text of at most {MAX_TEXT_LENGTH:,} characters, a number of at most "
                "16 digits, true, false or null"
            )


def _in_all(values: dict[str, Json]) -> dict[str, Json]:
    if sum(len(value) for value in values.values() if isinstance(value, str)) > MAX_FORM_TEXT:
        raise ValueError(f"the values have together at most {MAX_FORM_TEXT:,} characters")
    return values


type FormValue = Annotated[
    Any,
    AfterValidator(_value),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "maxLength": MAX_TEXT_LENGTH},
                {"type": "number"},
                {"type": "boolean"},
                {"type": "null"},
            ]
        }
    ),
]


class FormContent(_Content):
    """A form of the bot's that somebody filled in."""

    type: Literal["form"]
    text: Text | None = Field(
        default=None, description="The values for people to read, if anybody did."
    )
    values: Annotated[
        dict[FieldName, FormValue],
        Field(max_length=MAX_FORM_FIELDS),
        AfterValidator(_in_all),
    ] = Field(
        description="By the names of the form's fields. What was left empty is left out, or null.",
        examples=[{"company": "Nordlicht AG", "seats": 12}],
    )


Content = Annotated[
    TextContent | QuickReplyContent | MediaContent | LocationContent | FormContent,
    Field(discriminator="type"),
]

KINDS = frozenset({"text", "quick_reply", "image", "file", "audio", "video", "location", "form"})
"""The types of `Content`."""


def content_json(content: Content) -> JsonObject:
    """The content as it is queued and stored: without what it does not have."""
    written: JsonObject = content.model_dump(mode="json", exclude_none=True)
    return {**written, "values": content.values} if isinstance(content, FormContent) else written


def place_in(location: Sequence[int | str]) -> Iterator[int | str]:
    """Pydantic's path to a fault, less what is not in the JSON: the kind of content it chose."""
    for n, step in enumerate(location):
        is_kind = n > 0 and location[n - 1] == "content" and step in KINDS
        if not is_kind and step != "[key]":
            yield step
