"""How a turn moves: taking transitions and entering states until one waits or all is over."""

from datetime import timedelta
from typing import TYPE_CHECKING

from parley.domain.conversations import Status, Timer
from parley.domain.flow_transitions import PREVIOUS
from parley.engine.actions import perform_all
from parley.engine.calling import begin, come_back
from parley.engine.program import Arc, Calls, Ended, Goto, Step, Stuck

if TYPE_CHECKING:
    from parley.engine.program import StateNode
    from parley.engine.run import Run

MAX_STATES_A_TURN = 100


class LoopLimit(Exception):
    """The turn would enter more states than one may."""


def go(run: "Run", node: "StateNode", step: Step) -> None:
    """Follows `step` out of `node`, and whatever follows from there, until the turn rests."""
    while step is not None:
        match step:
            case Arc() | Goto():
                following = _leave(run, node, step)
                if run.called is not None:
                    step = Calls(following.name)
                else:
                    node, step = following, enter(run, following)
            case Stuck(why=why):
                fail(run, why)
                return
            case Ended(status=status) if not run.state.callers:
                run.close(status)
                return
            case Ended(status=status):
                node, is_back = come_back(run, status)
                step = enter(run, node, is_back=is_back)
            case Calls(target=target):
                begun = begin(run, node, target)
                if isinstance(begun, Stuck):
                    step = begun
                else:
                    node, step = begun, enter(run, begun)


def enter(run: "Run", node: "StateNode", *, is_back: bool = False) -> Step:
    """Entry actions and the state's own work; what follows from it.

    `is_back`: the state goes on after a flow that its entry actions called.
    """
    state = run.state
    if len(run.path) == MAX_STATES_A_TURN:
        raise LoopLimit
    run.path.append(run.prefix + node.name)
    state.current_state = node.name
    state.entries += 1
    state.misses = state.fallback_count = 0
    state.asked = state.proposed = None
    start_timer(run, node)
    if node.entry_actions and not is_back:
        perform_all(run, node.entry_actions)
        if run.called is not None:
            return Calls(None)
    step = node.work.enter(run, node)
    if node.is_final and step is None and state.status.is_open:
        return Ended(Status.COMPLETED)
    return step


def start_timer(run: "Run", node: "StateNode") -> None:
    """The timer of this entry, if the state waits for one, in the place of all that was awaited."""
    state = run.state
    state.timers, state.awaited = (), None
    if node.waits and node.timeout_s is not None:
        due_at = run.scope.now + timedelta(seconds=node.timeout_s)
        state.timers = (Timer(str(state.entries), due_at),)


def fail(run: "Run", why: str) -> None:
    """Goes to the error state, without exit actions; closes where there is none, or it failed."""
    run.note_error(f"state {run.state.current_state}", why)
    name = run.program.error_state
    if name is None or run.state.current_state == name:
        run.say_words(run.program.error_text)
        run.close(Status.ERROR)
        return
    run.state.status = Status.ACTIVE
    node = run.program.states[name]
    go(run, node, enter(run, node))


def hand_off(run: "Run", node: "StateNode", why: str) -> None:
    """Goes to the handoff state; where there is none, to the error state."""
    name = run.program.handoff_state
    if name is None or name == node.name:
        fail(run, f"{why}, and there is no handoff state")
    else:
        go(run, node, Goto(name))


def _leave(run: "Run", node: "StateNode", step: Arc | Goto) -> "StateNode":
    """Exit actions, the transition's actions, and the state that is next."""
    if node.exit_actions:
        perform_all(run, node.exit_actions)
    state = run.state
    target = step.target
    if isinstance(step, Arc):
        if step.actions:
            perform_all(run, step.actions)
        if target == PREVIOUS:
            target = state.previous or node.name
        if step.is_global:
            state.previous = node.name
    following = run.program.states[target]
    if node.kind == "human_handoff":
        state.status = Status.ACTIVE
    if following.kind == "human_handoff":
        state.left = node.name
    return following
