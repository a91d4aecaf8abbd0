"""The slots of a flow: typed values that a conversation collects."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from parley.domain.flow_texts import FlowPart, Text


class Slot(FlowPart):
    """A piece of information that a conversation collects; filled or null, never half valid."""

    type: Literal[
        "string",
        "integer",
        "number",
        "boolean",
        "date",
        "datetime",
        "time",
        "email",
        "phone",
        "url",
        "money",
        "enum",
        "location",
        "any",
    ] = "string"
    description: str | None = None
    pattern: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None
    minimum: int | float | str | None = None
    maximum: int | float | str | None = None
    min_length: Annotated[int, Field(ge=0)] | None = None
    max_length: Annotated[int, Field(ge=1)] | None = None
    enum: tuple[str, ...] | dict[str, tuple[str, ...] | dict[str, tuple[str, ...]]] | None = None
    pii: bool = False
    prompt: Text | None = None
    retry_prompt: Text | None = None
    confirm: bool = False
    confirm_prompt: Text | None = None

    @model_validator(mode="after")
    def _enum_has_values(self) -> Self:
        if (self.type == "enum") != bool(self.enum):
            raise ValueError("`enum` lists the values of a slot of type enum, and only of one")
        return self
