"""What a message does in a state that waits: the transition it makes hold, or a miss."""

from typing import TYPE_CHECKING

from parley.engine.conditions import first_that_holds
from parley.engine.events import MessageEvent
from parley.engine.forms import take_form
from parley.engine.moves import go, hand_off
from parley.engine.states.slot_filling import SlotFilling

if TYPE_CHECKING:
    from parley.engine.program import StateNode
    from parley.engine.run import Run


def take_message(run: "Run", node: "StateNode", event: MessageEvent) -> None:
    """Offers the message to the state and the flow; what nothing takes is a miss."""
    language = event.content.get("language")
    if isinstance(language, str) and language:
        run.set_language(language)
    if event.content.get("type") == "form":
        take_form(run, event.content.get("values"))
    run.scope.listen(node)
    if isinstance(node.work, SlotFilling):
        step, is_miss = node.work.take(run, node)
    else:
        step = first_that_holds(run, node, node.on_message)
        is_miss = step is None
    if step is not None:
        go(run, node, step)
    elif is_miss and node.kind != "human_handoff":
        _miss(run, node)
    elif is_miss:
        go(run, node, first_that_holds(run, node, node.fallback))


def _miss(run: "Run", node: "StateNode") -> None:
    if node.max_retries is None:
        _count_fallback(run, node)
        return
    if run.state.misses < node.max_retries:
        run.state.misses += 1
        _retry(run, node)
        return
    arc = first_that_holds(run, node, node.fallback)
    if arc is not None:
        go(run, node, arc)
    else:
        hand_off(run, node, "too many retries")


def _retry(run: "Run", node: "StateNode") -> None:
    if isinstance(node.work, SlotFilling):
        node.work.retry(run)
    else:
        run.say_words(node.retry_prompt or run.program.fallback_text)


def _count_fallback(run: "Run", node: "StateNode") -> None:
    arc = first_that_holds(run, node, node.fallback + node.global_fallback)
    if arc is not None:
        go(run, node, arc)
        return
    run.state.fallback_count += 1
    if run.state.fallback_count >= run.program.max_fallbacks:
        hand_off(run, node, "too many misses")
    else:
        run.say_words(run.program.fallback_text)
