"""A turn holds nothing that holds it: what it leaves is freed at once, not when Python finds it."""

import gc
from pathlib import Path

from parley.engine.events import MessageEvent, StartEvent
from parley.engine.formats import load_flow
from parley.engine.program import Program
from parley.engine.services import IntegrationReply
from parley.engine.turn import run_turn
from tests.unit.engine.talks import FixedServices, program

ORDER_STATUS = Path(__file__).parents[3] / "examples" / "flows" / "order_status.yaml"
INTENTS = {
    "hi": [("greeting", 1.0)],
    "where is my order": [("order_status", 1.0)],
    "no thanks": [("goodbye", 1.0)],
}
SAID = ("hi", "where is my order", "12", "AB123456", "no thanks", "5")


def talk(flow: Program) -> str:
    """The reference dialogue; the state that it ends in."""
    shipped = {"status": "shipped", "carrier": "DHL", "eta": "2026-02-03"}
    services = FixedServices(intents=INTENTS, replies=[IntegrationReply("success", data=shipped)])
    state = run_turn(flow, None, StartEvent(), services).state
    for text in SAID:
        state = run_turn(flow, state, MessageEvent({"type": "text", "text": text}), services).state
    return state.current_state


def found_after(flow: Program) -> int:
    """How many objects only the collector can free after a dialogue."""
    gc.collect()
    gc.disable()
    try:
        talk(flow)
        return gc.collect()
    finally:
        gc.enable()


def test_a_dialogue_leaves_nothing_to_the_collector() -> None:
    flow = program(load_flow(ORDER_STATUS.read_text()))
    assert talk(flow) == "thanks"  # what is made once, at the first need, is made

    assert min(found_after(flow) for _ in range(3)) == 0  # another thread may leave something once
