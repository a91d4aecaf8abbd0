"""A finding comes with a conversation that shows it: played on the faulty flow, it does."""

import copy
from pathlib import Path
from typing import Any

import pytest

from parley.domain.flows import FlowDocument
from parley.engine.check import check_flow
from parley.engine.compile import compile_flow
from parley.engine.formats import dump_flow, load_flow
from parley.engine.scripts import Script
from parley.engine.testing import Report, run_tests
from parley.nlu.matcher import IntentMatcher
from tests.unit.engine.talks import a_flow, at_once, says, state, to
from tools.cli.main import main

ORDER_STATUS = load_flow(
    (Path(__file__).parents[3] / "examples" / "flows" / "order_status.yaml").read_text()
)


def number_of(flow: Any, name: str) -> int:
    return next(n for n, one in enumerate(flow["states"]) if one["name"] == name)


def broken(name: str, change: Any) -> Any:
    """Order status with one state changed."""
    flow = copy.deepcopy(ORDER_STATUS)
    flow["slots"]["email"] = {"type": "email"}
    change(flow["states"][number_of(flow, name)])
    return flow


def at(name: str, rest: str = "") -> str:
    return f"/states/{number_of(ORDER_STATUS, name)}{rest}"


def played(flow: Any, script: Any) -> Report:
    document = FlowDocument.model_validate(flow)
    classify = IntentMatcher.train(flow.get("intents", {})).classify
    return run_tests(compile_flow(document), document, Script.model_validate(script), classify)


def without_default(one: Any) -> None:
    del one["config"]["default_state"]


def without_success(one: Any) -> None:
    del one["transitions"][0]


def back_to_itself(one: Any) -> None:
    one["transitions"][0]["target_state"] = "shipped"


def thanks_too_early(one: Any) -> None:
    one["config"]["response_templates"]["en"] = "We wrote to {{ slots.email }}: delivered."


def takes_anything_first(one: Any) -> None:
    one["transitions"].insert(0, to("rate"))


@pytest.mark.parametrize(
    ("code", "pointer", "flow"),
    [
        ("state.dead_end", at("is_it_late"), broken("is_it_late", without_default)),
        ("state.dead_end", at("look_up"), broken("look_up", without_success)),
        ("flow.cycle", at("shipped"), broken("shipped", back_to_itself)),
        ("state.no_way_out", at("shipped"), broken("shipped", back_to_itself)),
        (
            "slot.unset",
            at("delivered", "/config/response_templates/en"),
            broken("delivered", thanks_too_early),
        ),
        (
            "transition.shadowed",
            at("anything_else", "/transitions/1"),
            broken("anything_else", takes_anything_first),
        ),
    ],
)
def test_playing_a_counter_example_shows_the_fault_and_a_sound_flow_does_not(
    code: str, pointer: str, flow: Any
) -> None:
    (finding,) = (d for d in check_flow(flow) if (d.code, d.pointer) == (code, pointer))
    script = finding.counter_example
    assert script is not None
    assert played(flow, script).has_passed
    assert not played(ORDER_STATUS, script).has_passed


def test_a_counter_example_is_a_shortest_conversation() -> None:
    flow = broken("is_it_late", without_default)
    (finding,) = (d for d in check_flow(flow) if d.code == "state.dead_end")
    script: Any = finding.counter_example
    steps = script["tests"][0]["steps"]
    assert [next(iter(step)) for step in steps] == ["start", "user", "user"]
    assert script["stubs"]["orders"][0]["return"]["status"] not in ("shipped", "delivered")


def test_a_counter_example_goes_through_timers_persons_and_confirmations() -> None:
    flow = a_flow(
        state("sleep", "wait", to("person", "timeout"), timeout_seconds=60),
        state("person", "human_handoff", config={"return_state": "form"}),
        state(
            "form",
            "slot_filling",
            to("stuck", "all_slots_filled"),
            config={"required_slots": ["code"]},
        ),
        says("stuck", "Your code is {{ slots.code }}", at_once("bye", "slots.code == 'no'")),
        says("bye", "Bye"),
        slots={"code": {"pattern": "^[A-Z]{2}-[0-9]{3}$", "confirm": True}},
    )
    (finding,) = (d for d in check_flow(flow) if d.code == "state.dead_end")
    script: Any = finding.counter_example
    steps = [step.get("user") or step.get("agent") for step in script["tests"][0]["steps"]]
    assert steps == [None, None, "return", "AA-000", "yes"]
    assert played(flow, script).has_passed


def test_a_finding_that_no_conversation_can_show_has_no_script() -> None:
    flow = a_flow(says("ask", "Hi"), says("alone", "Nobody comes here", at_once("alone")))
    findings = check_flow(flow)
    assert {d.code for d in findings} == {"state.unreachable", "state.no_way_out", "flow.cycle"}
    assert all(d.counter_example is None for d in findings)


def test_chat_plays_a_counter_example_on_the_faulty_flow(tmp_path: Path, capsys: Any) -> None:
    flow = tmp_path / "order-status.yaml"
    flow.write_text(dump_flow(broken("is_it_late", without_default)))
    (finding,) = (d for d in check_flow(flow.read_text()) if d.code == "state.dead_end")
    script = tmp_path / "shows.test.yaml"
    script.write_text(dump_flow(finding.counter_example or {}))
    assert main(["flow", "chat", str(flow), "--script", str(script)]) == 0
    assert "state is_it_late: no transition holds" in "".join(capsys.readouterr())


def test_chat_cannot_play_what_is_no_flow(tmp_path: Path, capsys: Any) -> None:
    flow, script = tmp_path / "x.yaml", tmp_path / "x.test.yaml"
    flow.write_text("name: x\n")
    script.write_text("flow: x.yaml\ntests: [{name: one, steps: [{start: true}]}]\n")
    assert main(["flow", "chat", str(flow), "--script", str(script)]) == 1
    assert "schema.missing" in "".join(capsys.readouterr())
