"""The answer to an asynchronous call of a flow, sent by the system that was called."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from parley.api.bodies import Draft, View
from parley.domain.integrations import ErrorKind
from parley.domain.json import JsonObject


class CallbackDraft(Draft):
    """What the call came to, as its flow is to see it."""

    status: Literal["success", "error"]
    data: Any = Field(default=None, description="What was asked for; at most 64 KB of JSON.")
    kind: ErrorKind | None = Field(
        default=None, description="Of an error: what the flow may tell it by; `refused` if absent."
    )
    error: str | None = Field(
        default=None, max_length=500, description="Of an error: for people to read."
    )

    @model_validator(mode="after")
    def _fails_or_not(self) -> Self:
        if self.status == "success" and (self.kind, self.error) != (None, None):
            raise ValueError("a success has neither `kind` nor `error`")
        return self

    def answer(self) -> JsonObject:
        """What it says, without what it leaves out."""
        said = {name: getattr(self, name) for name in ("status", "data", "kind", "error")}
        return {name: value for name, value in said.items() if value is not None}


class CallbackView(View):
    """It is queued; a repeat is the same answer."""

    status: Literal["accepted"] = "accepted"
