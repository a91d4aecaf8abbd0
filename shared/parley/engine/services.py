"""What a turn may ask of the world; every answer goes into its trace."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

from parley.domain.flows import IntentScore
from parley.domain.json import Json, JsonObject

if TYPE_CHECKING:
    from parley.engine.program import Program

type CallStatus = Literal["success", "error"]


@dataclass(frozen=True, slots=True)
class Callback:
    """How an asynchronous call is answered: by the CallbackEvent of this id, `until` then."""

    call_id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class IntegrationRequest:
    """One call to a system of the tenant.

    `endpoint` is a path below the integration's base address, or a full https URL. `body` is JSON
    or None. `idempotent` is the flow author's word that the target does the work once however
    often the same `Idempotency-Key` comes: without it a call that may have arrived is not repeated.
    A call that fails for the moment is made up to `max_attempts` times, after `backoff_ms`, twice
    that, and so on, but no longer than `budget_ms` altogether (None: as long as that takes).
    With a `callback` the reply says only whether the call was taken: the answer comes later.
    """

    integration_id: str
    endpoint: str
    method: str
    body: Json
    timeout_ms: int
    idempotent: bool = False
    max_attempts: int = 1
    backoff_ms: int = 0
    budget_ms: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    callback: Callback | None = None


@dataclass(frozen=True, slots=True)
class IntegrationReply:
    """How a call ended.

    `kind` is None on success, else one of `domain.integrations.ERROR_KINDS`;
    `data` is the answer's JSON, of errors too where there was one; `error` is for people.
    `attempts` says of each attempt how it ended, if there was more than one.
    """

    status: CallStatus
    kind: str | None = None
    http_status: int | None = None
    data: Json = None
    error: str | None = None
    attempts: Sequence[JsonObject] = ()


type Classify = Callable[[str, Sequence[str]], Sequence[IntentScore]]
"""(text, the intents that compete; none: all) -> those that it may mean, best first."""


@dataclass(frozen=True, slots=True)
class Runnable:
    """A flow that can be called, with what finds out the intents in it."""

    program: "Program"
    classify: Classify


type Flows = Callable[[str], Runnable | None]
"""The flow with a key, as `TurnServices.flow` gives it."""


def no_flows(key: str) -> None:
    """Where there are none to call."""
    del key


class TurnServices(Protocol):
    """All that a turn reads from outside; the same answers give the same turn, byte for byte."""

    @property
    def now(self) -> datetime:
        """The turn's one instant, aware UTC."""

    @property
    def seed(self) -> int:
        """What anything random in the turn is drawn from."""

    @property
    def user(self) -> JsonObject:
        """The user's profile: `first_name`, `language`, ... as texts and expressions see it."""

    @property
    def conversation(self) -> JsonObject:
        """The conversation as texts and expressions see it: `id`, `channel`, ..."""

    @property
    def tenant(self) -> JsonObject:
        """The tenant as texts and expressions see it: `name`, `open`, ..."""

    def classify(self, text: str, among: Sequence[str]) -> Sequence[IntentScore]:
        """The intents of `among` (none: all of the flow) that `text` may mean, best first."""

    def flow(self, key: str) -> Runnable | None:
        """The flow that `Program.calls` has that key for; the same key is always the same flow."""

    def call(self, request: IntegrationRequest) -> IntegrationReply:
        """Calls out. Never raises for what the other side did: that is a reply too."""
