"""What a flow says: texts in several languages and the contents of messages."""

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from parley.domain.content import FieldName
from parley.domain.messages import (
    MAX_ATTACHMENT_BYTES,
    MAX_FORM_FIELDS,
    MAX_TEXT_LENGTH,
    MediaType,
    MessageType,
)


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


MAX_SHORT_TEXT = 500
MAX_LINE = 200
MAX_PAYLOAD = 1_000
"""Characters, as written here and once rendered alike."""

type _OneShortText = Annotated[str, StringConstraints(max_length=MAX_SHORT_TEXT)]
type ShortText = _OneShortText | Annotated[dict[str, _OneShortText], Field(min_length=1)]
"""A text that stands beside something else."""

type _OneLine = Annotated[str, StringConstraints(min_length=1, max_length=MAX_LINE)]
type Line = _OneLine | Annotated[dict[str, _OneLine], Field(min_length=1)]
"""A text that names something."""


def _of_the_web(text: str | dict[str, str]) -> str | dict[str, str]:
    """What markup makes of an address is known only when it is rendered."""
    written = {"": text} if isinstance(text, str) else text
    for key, address in written.items():
        is_open = key == SHARED_TEXT or "{{" in address or "{%" in address
        if not is_open and not address.startswith(("https://", "http://")):
            raise ValueError("write an address that begins with https://")
    return text


type WebAddress = Annotated[Text, AfterValidator(_of_the_web)]


type Payload = Annotated[str, StringConstraints(max_length=MAX_PAYLOAD)]


class QuickReply(FlowPart):
    """S1-9. Without a payload, the title is the payload. `content_type` is not sent on."""

    title: Text
    payload: Payload | None = None
    content_type: Annotated[Literal["text"], Field(exclude=True)] = "text"


class Button(FlowPart):
    """S1-10. `payload` of a phone button is the number that it calls."""

    type: Literal["postback", "url", "phone", "share"] = "postback"
    title: Text
    payload: Payload | None = None
    url: WebAddress | None = None

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if self.type == "url" and self.url is None:
            raise ValueError("a button of type url needs the `url` that it opens")
        if self.type == "phone" and not self.payload:
            raise ValueError("a button of type phone needs the number as its `payload`")
        return self


class Media(FlowPart):
    """S1-7. What a flow sends may be as large as any attachment (X-10)."""

    url: WebAddress
    type: MediaType
    size_bytes: Annotated[int, Field(ge=0, le=MAX_ATTACHMENT_BYTES)] | None = None
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


class FormOption(FlowPart):
    """One value of an enum field, and how it is called."""

    title: Line
    value: Annotated[str, StringConstraints(min_length=1, max_length=200)]


FieldType = Literal[
    "string",
    "text",
    "integer",
    "number",
    "boolean",
    "date",
    "time",
    "datetime",
    "email",
    "phone",
    "url",
    "enum",
]
"""Slot types that a form can ask for, and `text`: a string of several lines."""


class FormField(FlowPart):
    """One thing that a form asks for.

    A field that is called like a slot takes the slot's type, limits and, of an enum, its values;
    any other is a string unless it says otherwise.
    """

    name: FieldName
    label: Line
    type: FieldType | None = None
    required: bool = True
    placeholder: Line | None = None
    help: ShortText | None = None
    options: Annotated[tuple[FormOption, ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _options_differ(self) -> Self:
        if _has_twins(option.value for option in self.options):
            raise ValueError("two of its `options` have the same `value`")
        return self


def _fields_differ(fields: tuple[FormField, ...]) -> tuple[FormField, ...]:
    if _has_twins(field.name for field in fields):
        raise ValueError("two fields have the same `name`")
    return fields


def _has_twins(names: Iterable[str]) -> bool:
    seen = list(names)
    return len(set(seen)) < len(seen)


class Form(FlowPart):
    """Several things that are asked for, and answered, at once."""

    title: Line | None = None
    description: ShortText | None = None
    fields: Annotated[
        tuple[FormField, ...],
        Field(min_length=1, max_length=MAX_FORM_FIELDS),
        AfterValidator(_fields_differ),
    ]
    submit_label: Line | None = None


class Attachments(FlowPart):
    """What a message may carry beside its text (S1-9, S1-10)."""

    quick_replies: Annotated[tuple[QuickReply, ...], Field(max_length=10)] = ()
    buttons: Annotated[tuple[Button, ...], Field(max_length=3)] = ()
    media: Media | None = None
    location: Location | None = None
    carousel: Carousel | None = None
    form: Form | None = None


class Content(Attachments):
    """One message (S1-11): at least a text, media, a location, a carousel or a form."""

    type: MessageType | None = None
    text: Text | None = None


type Templates = dict[str, OneText | Content]
"""What to say, by language."""
