"""What a file of flow tests may say: conversations, stubs of integrations, expectations."""

import re
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from parley.domain.content import FormContent
from parley.domain.errors import Fault, Invalid
from parley.domain.flow_texts import FlowPart
from parley.domain.integrations import ERROR_KINDS, ErrorKind
from parley.domain.json import Json, JsonObject
from parley.engine.events import AgentEvent
from parley.engine.expectations import Expectation
from parley.engine.formats import pointer_part

MAX_ADVANCE = timedelta(days=400)
"""The longest step of the clock: idle time and waits end within thirty days."""

_DURATION = re.compile(r"(\d{1,9})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}

type Duration = Annotated[str, StringConstraints(pattern=r"^(\d{1,9}[smhd])+$")]
"""`90s`, `1h30m`, `2d`."""

type CallFault = Annotated[str, StringConstraints(pattern=rf"^({'|'.join(ERROR_KINDS)}|[45]\d\d)$")]
"""How an injected call fails: a kind of error or a status code."""


class Stub(FlowPart):
    """One answer of an integration; `when` narrows the calls it is for, `times` how many.

    `when` may name `path`, `query`, `method` and `body`; of a body only what is written counts.
    """

    when: JsonObject = Field(default_factory=dict)
    returned: Annotated[Json, Field(alias="return")] = None
    error: CallFault | None = None
    status: Annotated[int, Field(ge=100, le=599)] | None = None
    times: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _names_what_a_call_has(self) -> Self:
        unknown = self.when.keys() - {"path", "query", "method", "body"}
        if unknown:
            raise ValueError(f"a call has no {min(unknown)!r}")
        return self


class Called(FlowPart):
    """A callback: the answer to the call that is awaited. With an `error` it has failed."""

    data: Json = None
    status: Literal["success", "error"] | None = None
    error: ErrorKind | None = None

    @model_validator(mode="after")
    def _fails_or_not(self) -> Self:
        if self.status == "success" and self.error is not None:
            raise ValueError("a callback with an `error` has not the status success")
        return self

    @property
    def answer(self) -> JsonObject:
        """What the other side would send."""
        status = self.status or ("success" if self.error is None else "error")
        told = {"status": status, "data": self.data, "kind": self.error}
        return {name: value for name, value in told.items() if value is not None}


class Step(FlowPart):
    """One thing that happens, and what is expected after it."""

    start: bool | None = None
    user: str | JsonObject | None = None
    advance: Duration | None = None
    agent: str | JsonObject | None = None
    callback: Called | None = None
    expect: Expectation = Expectation()

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        said = [name for name in _HAPPENINGS if getattr(self, name) is not None]
        if len(said) != 1:
            raise ValueError(f"a step is one of {', '.join(_HAPPENINGS)}")
        if self._seconds > MAX_ADVANCE.total_seconds():
            raise ValueError(f"the clock goes on by {MAX_ADVANCE.days} days at most")
        if self.agent is not None:
            _agent(self.agent)
        if isinstance(self.user, dict) and self.user.get("type") == "form":
            FormContent.model_validate(self.user)
        return self

    @property
    def advances(self) -> timedelta:
        """How far the clock goes on."""
        return timedelta(seconds=self._seconds)

    @property
    def _seconds(self) -> int:
        """As a number, which may be more than a timedelta holds."""
        parts = _DURATION.findall(self.advance or "")
        return sum(int(number) * _UNITS[unit] for number, unit in parts)

    @property
    def agent_event(self) -> AgentEvent:
        """What the person at work does."""
        return _agent(self.agent)


_HAPPENINGS = ("start", "user", "advance", "agent", "callback")


class FlowTest(FlowPart):
    """One conversation; the first turn, which always runs, may be shown by a `start` step."""

    name: str
    user: JsonObject = Field(default_factory=dict)
    stubs: dict[str, tuple[Stub, ...]] = Field(default_factory=dict)
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=1_000)]

    @model_validator(mode="after")
    def _starts_first(self) -> Self:
        if any(step.start is not None for step in self.steps[1:]):
            raise ValueError("`start` is the first step or none")
        return self


class Script(FlowPart):
    """A file of tests: `flow` and `flows` are paths beside it.

    A test's own stubs for an integration stand before those of the file.
    """

    flow: str
    flows: tuple[str, ...] = ()
    user: JsonObject = Field(default_factory=dict)
    stubs: dict[str, tuple[Stub, ...]] = Field(default_factory=dict)
    tests: Annotated[tuple[FlowTest, ...], Field(min_length=1, max_length=1_000)]

    @model_validator(mode="after")
    def _names_each_test_once(self) -> Self:
        names = [test.name for test in self.tests]
        twice = sorted(name for name in set(names) if names.count(name) > 1)
        if twice:
            raise ValueError(f"two tests are called {twice[0]!r}")
        return self


def script_from_json(value: Json) -> Script:
    """The tests in a document. Raises Invalid with every fault, each at its pointer."""
    try:
        return Script.model_validate(value)
    except ValidationError as error:
        faults = [
            Fault("".join(f"/{pointer_part(part)}" for part in each["loc"]), each["msg"])
            for each in error.errors(include_url=False, include_input=False)
        ]
        # A list whose items are wrong is called too short, besides.
        faults = [f for f in faults if not any(_is_below(f, other) for other in faults)]
        raise Invalid(f"the tests have {len(faults)} faults", faults) from error


def _is_below(fault: Fault, other: Fault) -> bool:
    return other.pointer.startswith(f"{fault.pointer}/")


def _agent(did: str | JsonObject | None) -> AgentEvent:
    match did:
        case "resolve" | "return":
            return AgentEvent(did)
        case {"message": str(text)}:
            return AgentEvent("message", {"type": "text", "text": text})
        case _:
            raise ValueError("an agent does `resolve`, `return` or {message: text}")
