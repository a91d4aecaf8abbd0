"""The engine's one entry: the turn that an event makes of a state."""

from dataclasses import dataclass

from parley.domain.json import JsonObject
from parley.engine.effects import Effect
from parley.engine.events import Event
from parley.engine.program import Program
from parley.engine.services import TurnServices
from parley.engine.state import RunState


@dataclass(frozen=True, slots=True)
class Turn:
    """What became of an event.

    `ignored` (closed conversation, timer that no longer stands): `state` is the one given, there
    are no effects. `trace` is JSON and holds all that `replay` needs, `event` and every answer of
    the services included.
    """

    state: RunState
    effects: tuple[Effect, ...]
    trace: JsonObject
    ignored: bool = False


def run_turn(
    program: Program, state: RunState | None, event: Event, services: TurnServices
) -> Turn:
    """The turn after `event`. Pure: no clock, network, store or chance but through `services`.

    `state` None with a StartEvent begins a conversation. Never raises for what a flow or a user
    wrote; raises ValueError for a `state` and an `event` that cannot go together.
    """
    raise NotImplementedError
