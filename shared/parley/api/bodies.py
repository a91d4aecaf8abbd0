"""The two kinds of HTTP body, and the types their fields share."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)


class Draft(BaseModel):
    """What a caller sends: a field that is not named here is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class View(BaseModel):
    """What a caller is answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _rfc3339(instant: datetime) -> str:
    """UTC to the millisecond with `Z`, the one way this API writes a time."""
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _in_utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("a time needs its offset, such as Z")
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a time lies in the years 1 to 9999") from error


Instant = Annotated[
    datetime,
    AfterValidator(_in_utc),
    PlainSerializer(_rfc3339, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An aware time; written as RFC 3339, UTC, with `Z`."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
LanguageTag = Annotated[
    str, StringConstraints(max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")
]
"""BCP 47."""
Slug = Annotated[
    str, StringConstraints(max_length=100, pattern=r"^[a-z0-9][a-z0-9-]{1,98}[a-z0-9]$")
]
"""What names an organisation in an address."""
EmailAddress = Annotated[str, StringConstraints(min_length=3, max_length=254)]
"""Its shape is for `domain/users.py` to judge."""
Password = Annotated[str, StringConstraints(min_length=1, max_length=128)]
"""How long it must be is for `domain/users.py` to say."""
