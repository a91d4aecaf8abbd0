"""A flow, compiled: what `run_turn` reads, immutable, made once per published version."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from parley.domain.conversations import Status
from parley.domain.flow_transitions import Condition
from parley.domain.json import Json
from parley.engine.expressions import Expression
from parley.engine.slots import SlotRule
from parley.engine.words import Words

if TYPE_CHECKING:
    from parley.engine.calling import TriggerFlow
    from parley.engine.run import Run
    from parley.engine.state import RunState

IDLE_EXEMPT = frozenset({"wait", "human_handoff"})


class Perform(Protocol):
    """One action, ready to be done."""

    def perform(self, run: "Run") -> None:
        """Raises ActionFailed, which ends the action and never the turn."""


@dataclass(frozen=True, slots=True)
class Action:
    """An action with its condition; lists of them are in the order to do."""

    pointer: str
    condition: Expression | None
    what: Perform


@dataclass(frozen=True, slots=True)
class Arc:
    """A transition. `test` says why it does not hold, None if it does; its guard comes after."""

    pointer: str
    condition: Condition
    value: Json
    test: "Callable[[Run, StateNode, Arc], str | None]"
    guard: Expression | None
    target: str
    actions: tuple[Action, ...]
    is_global: bool


@dataclass(frozen=True, slots=True)
class Goto:
    """Where a state's own work leads, past any transition."""

    target: str


@dataclass(frozen=True, slots=True)
class Stuck:
    """The state can't do its work or has no way on: the error state is next."""

    why: str


@dataclass(frozen=True, slots=True)
class Calls:
    """Another flow runs first; then `target` is entered, or the state goes on with its own work."""

    target: str | None


@dataclass(frozen=True, slots=True)
class Ended:
    """The flow is over: the one that called it goes on, or the conversation closes."""

    status: Status


type Step = Arc | Goto | Stuck | Calls | Ended | None
"""What follows a state's own work; None: the turn ends here."""


class Work(Protocol):
    """What a type of state does."""

    def enter(self, run: "Run", node: "StateNode") -> Step:
        """The state's own work, after its entry actions."""


@dataclass(frozen=True, slots=True)
class StateNode:
    """A state. Its transitions are sorted by priority and sorted out by the event they wait for.

    `on_message` holds the flow's global ones too, `fallback` and `at_once` only the state's own.
    Of `on_message`, a slot-filling state tries one part before the message is offered to its slots
    and another after that, by what became of it.
    """

    name: str
    kind: str
    pointer: str
    work: Work
    waits: bool
    is_final: bool
    timeout_s: int | None
    entry_actions: tuple[Action, ...]
    exit_actions: tuple[Action, ...]
    on_message: tuple[Arc, ...]
    before_slots: tuple[Arc, ...]
    after_filling: tuple[Arc, ...]
    after_refusal: tuple[Arc, ...]
    on_timer: tuple[Arc, ...]
    at_once: tuple[Arc, ...]
    fallback: tuple[Arc, ...]
    global_fallback: tuple[Arc, ...]
    max_retries: int | None
    retry_prompt: Words | None
    threshold: float
    fallback_intent: str | None
    competing: tuple[str, ...]
    named_intents: frozenset[str]
    required: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """A checked flow document, ready to run; safe to share between conversations and threads.

    `triggers` are the actions that call other flows, by pointer; `calls` says under which key
    `TurnServices.flow` has the flow of a name, where that is not the name itself. `personal` are
    the slots with personal data (`pii`).
    """

    name: str
    language: str
    initial_state: str
    variables: Mapping[str, Json]
    slots: Mapping[str, SlotRule]
    personal: frozenset[str]
    states: Mapping[str, StateNode]
    error_state: str | None
    handoff_state: str | None
    max_fallbacks: int
    idle_timeout_s: int
    fallback_text: Words
    error_text: Words
    triggers: "Mapping[str, TriggerFlow]"
    calls: Mapping[str, str]

    def idle_due_at(self, state: "RunState", now: datetime) -> datetime | None:
        """When a conversation that rests in `state` since `now` closes for want of events."""
        node = self.states.get(state.current_state)
        if not state.status.is_open or (node is not None and node.kind in IDLE_EXEMPT):
            return None
        return now + timedelta(seconds=self.idle_timeout_s)
