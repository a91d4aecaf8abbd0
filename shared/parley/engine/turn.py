"""The engine's one entry: the turn that an event makes of a state."""

from dataclasses import dataclass, field

from parley.domain.conversations import Status
from parley.domain.json import JsonObject, instant_text
from parley.engine.effects import Effect, LogEvent
from parley.engine.events import (
    AgentEvent,
    CallbackEvent,
    CloseEvent,
    Event,
    MessageEvent,
    MigrateEvent,
    StartEvent,
    TimerEvent,
    event_to_json,
)
from parley.engine.messages import take_message
from parley.engine.moves import LoopLimit, enter, go, start_timer
from parley.engine.program import Goto, Program
from parley.engine.recorder import Recorder
from parley.engine.run import Run
from parley.engine.services import TurnServices
from parley.engine.state import RunState
from parley.engine.states.error import Error
from parley.engine.states.human_handoff import HumanHandoff
from parley.engine.states.integration import called_back, timer_fired


@dataclass(slots=True)  # frozen ones take four times as long to make
class Turn:
    """What became of an event; `flow` is the one that the conversation now rests in.

    `ignored` (closed conversation, timer or call that is awaited no more, migration that cannot
    be): `state` is the one given, and there is no effect but one that says why. `trace` is JSON and
    holds all that `replay` needs, `event` and every answer of the services included.
    """

    state: RunState
    effects: tuple[Effect, ...]
    trace: JsonObject
    flow: Program = field(repr=False, compare=False)
    ignored: bool = False


def run_turn(
    program: Program, state: RunState | None, event: Event, services: TurnServices
) -> Turn:
    """The turn after `event`. Pure: no clock, network, store or chance but through `services`.

    `state` None with a StartEvent begins a conversation. Never raises for what a flow or a user
    wrote; raises ValueError for a `state` and an `event` that cannot go together.
    """
    if (state is None) != isinstance(event, StartEvent):
        raise ValueError("a start begins a conversation, and nothing else does")
    recorder = Recorder(services)
    if state is None:
        begun = RunState(program.initial_state, vars=dict(program.variables))
        run = Run(program, begun, event, recorder)
    else:
        run = Run(program, state.copy(), event, recorder)
        _refuse_unknown(run)
        if not _is_heard(state, event):
            trace = trace_of(run, state, state, ignored=True)
            return Turn(state, (), trace, run.program, ignored=True)
    try:
        _take(run, event)
    except LoopLimit:
        run = _stopped(run, state)
    return Turn(run.state, tuple(run.effects), trace_of(run, state, run.state), run.program)


def _refuse_unknown(run: Run) -> None:
    """Raises ValueError for a state that this flow cannot have come to."""
    state, states = run.state, run.program.states
    for name in (state.current_state, state.previous, state.left):
        if name is not None and name not in states:
            raise ValueError(f"the flow has no state {name!r}")


def _is_heard(state: RunState, event: Event) -> bool:
    """Whether the event means anything to the conversation as it stands."""
    if not state.status.is_open:
        return False
    match event:
        case MessageEvent():
            return True
        case TimerEvent(timer_id=timer_id):
            return any(timer.id == timer_id for timer in state.timers)
        case AgentEvent():
            return state.status is Status.ESCALATED
        case CallbackEvent(call_id=call_id):
            return state.awaited == call_id
        case _:
            return True


def _take(run: Run, event: Event) -> None:
    state = run.state
    if isinstance(event, StartEvent):
        state.language = event.language
        node = run.program.states[run.program.initial_state]
        go(run, node, enter(run, node))
        return
    node = run.program.states[state.current_state]
    match event:
        case MessageEvent():
            take_message(run, node, event)
        case TimerEvent(timer_id=timer_id):
            state.timers = tuple(timer for timer in state.timers if timer.id != timer_id)
            go(run, node, timer_fired(run, node))
        case AgentEvent():
            _take_agent(run, event)
        case CloseEvent(status=status) if status.is_open:
            raise ValueError(f"{status} closes nothing")
        case CloseEvent(status=status):
            run.close(status)
        case CallbackEvent(data=data):
            go(run, node, called_back(run, node, data))
        case MigrateEvent():
            raise ValueError("a migration takes two programs: `engine.migration` runs it")


def _take_agent(run: Run, event: AgentEvent) -> None:
    state = run.state
    node = run.program.states[state.current_state]
    match event.action:
        case "message":
            if event.content is not None:
                run.send(event.content)
        case "resolve":
            run.close(Status.COMPLETED)
        case "return":
            work = node.work
            back = work.return_state if isinstance(work, HumanHandoff) else None
            go(run, node, Goto(back or state.left or run.program.initial_state))


def _stopped(run: Run, before: RunState | None) -> Run:
    """The turn that went round in circles, undone: the error state speaks, and waits or closes."""
    own, event = run.own, run.scope.event
    again = before.copy() if before else RunState(own.initial_state, vars=dict(own.variables))
    if isinstance(event, StartEvent):
        again.language = event.language
    stopped = Run(own, again, event, run.recorder)
    program = stopped.program
    stopped.path, stopped.tried, stopped.errors = run.path, run.tried, run.errors
    node = program.states.get(program.error_state or "")
    if node is not None and isinstance(node.work, Error):
        again.current_state, again.entries = node.name, run.state.entries
        again.status = Status.ACTIVE
        start_timer(stopped, node)
        node.work.say(stopped)
    else:
        stopped.say_words(program.error_text)
    if node is None or not node.waits:
        stopped.close(Status.ERROR)
    run.note_error(f"state {run.state.current_state}", "the turn entered too many states")
    stopped.effects.append(LogEvent("flow.loop_limit", {"path": run.path[-10:]}))
    return stopped


def trace_of(
    run: Run, before: RunState | None, after: RunState, *, ignored: bool = False
) -> JsonObject:
    """What `Turn.trace` is, of a run that is over."""
    return {
        "event": event_to_json(run.scope.event),
        "now": instant_text(run.recorder.now),
        "seed": run.recorder.seed,
        "services": run.recorder.answers,
        "tried": run.tried,
        "path": run.path,
        "errors": run.errors,
        "effects": len(run.effects),
        "state_before": None if before is None else before.digest(),
        "state_after": after.digest(),
        "ignored": ignored,
    }
