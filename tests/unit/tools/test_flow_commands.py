import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tools.cli.main import main

EXAMPLES = Path(__file__).parents[3] / "examples" / "flows"
ORDER = str(EXAMPLES / "order_status.yaml")
LEAD = str(EXAMPLES / "lead_qualification.yaml")
TESTS = str(EXAMPLES / "order_status.test.yaml")

FLOW = """\
schema: parley/1
name: tiny
initial_state: ask
states:
  - name: ask
    type: response
    config: {response_templates: {en: Tea?}, quick_replies: [{title: Yes, payload: "yes"}]}
    timeout_seconds: 60
    transitions:
      - {condition: user_choice, condition_value: "yes", target_state: bye}
      - {condition: timeout, target_state: bye}
  - name: bye
    type: end
    config: {response_templates: {en: Bye}}
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(FLOW)
    return path


def a_test(tiny: Path, *steps: Any) -> str:
    path = tiny.with_suffix(".test.yaml")
    tests = [{"name": "one", "steps": list(steps)}]
    path.write_text(json.dumps({"flow": tiny.name, "tests": tests}, indent=2))
    return str(path)


def test_check_points_at_the_line_and_fails_on_an_error(tiny: Path, capsys: Any) -> None:
    tiny.write_text(FLOW.replace("target_state: bye}", "target_state: gone}", 1))
    assert main(["flow", "check", str(tiny), ORDER]) == 1
    assert f"{tiny}:10:58: error state.missing: " in capsys.readouterr().out


def test_check_knows_what_the_other_files_declare(tiny: Path, capsys: Any) -> None:
    calls = [
        {"type": "trigger_flow", "config": {"flow": name, "mode": "call", "arguments": {"x": "1"}}}
        for name in ("tiny", "elsewhere")
    ]
    caller = tiny.with_name("caller.json")
    states = [{"name": "a", "type": "end", "entry_actions": calls[:1]}]
    flow = {"schema": "parley/1", "name": "caller", "initial_state": "a", "states": states}
    caller.write_text(json.dumps(flow, indent=1))
    assert main(["flow", "check", str(caller)]) == 0
    assert main(["flow", "check", str(caller), str(tiny)]) == 1
    assert "flow.variable_unknown: The flow 'tiny' has no variable 'x'" in capsys.readouterr().out

    states[0]["entry_actions"] = calls[1:]
    caller.write_text(json.dumps(flow))
    assert main(["flow", "check", str(caller), str(tiny)]) == 0


def test_check_leaves_files_of_tests_out(tiny: Path, capsys: Any) -> None:
    tests = a_test(tiny, {"say": "yes"})
    assert main(["flow", "check", str(tiny), tests]) == 0
    assert "1 checked: 0 errors" in capsys.readouterr().err
    assert main(["flow", "check", tests]) == 1
    assert "`parley flow test` runs them" in capsys.readouterr().err


def test_check_tells_programs_in_json(tiny: Path, capsys: Any) -> None:
    tiny.write_text("states: 5")
    assert main(["flow", "check", "--json", str(tiny)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert {each["file"] for each in found} == {str(tiny)}
    assert all(each["code"] and each["message"] and each["line"] for each in found)


def test_a_warning_fails_only_when_strict(tiny: Path) -> None:
    tiny.write_text(FLOW + "  - {name: lonely, type: end}\n")
    assert main(["flow", "check", str(tiny)]) == 0
    assert main(["flow", "check", "--strict", str(tiny)]) == 1


def test_test_runs_the_examples(capsys: Any) -> None:
    assert main(["flow", "test", TESTS, "--coverage-min", "100"]) == 0
    assert "transitions 30/30 (100 %)" in capsys.readouterr().out


def test_test_names_the_step_that_failed_and_what_is_not_reached(tiny: Path, capsys: Any) -> None:
    path = a_test(tiny, {"user": {"choice": "yes"}, "expect": {"text": "Hello"}})
    assert main(["flow", "test", path]) == 1
    shown = capsys.readouterr().out
    assert f"{path}:7:9: one, step 1: text is 'Bye', not 'Hello'" in shown
    assert f"not reached: {tiny}:11:9: ask -> bye (timeout)" in shown


def test_too_little_coverage_fails(tiny: Path) -> None:
    path = a_test(tiny, {"user": {"choice": "yes"}})
    assert main(["flow", "test", path, "--coverage-min", "50"]) == 0
    assert main(["flow", "test", path, "--coverage-min", "51"]) == 1


def test_junit_counts_tests_and_failures(tiny: Path) -> None:
    path, xml = a_test(tiny, {"user": "\x00", "expect": {"text": "\x07"}}), tiny.parent / "j.xml"
    assert main(["flow", "test", path, TESTS, "--junit", str(xml)]) == 1
    top = ET.parse(xml).getroot()  # noqa: S314 -- we wrote it
    assert (top.get("tests"), top.get("failures")) == ("16", "1")
    failure = top.find("testsuite/testcase[@name='one']/failure")
    assert failure is not None
    assert "step 1" in (failure.text or "")


def test_tests_that_cannot_be_read_say_where(tiny: Path, capsys: Any) -> None:
    assert main(["flow", "test", a_test(tiny, {"advance": "soon"})]) == 1
    assert ".test.yaml:8:11: " in capsys.readouterr().err


def test_a_flow_with_errors_is_not_tested(tiny: Path, capsys: Any) -> None:
    tiny.write_text(FLOW.replace("initial_state: ask", "initial_state: gone"))
    assert main(["flow", "test", a_test(tiny, {"start": True})]) == 1
    assert "state.missing" in capsys.readouterr().err


def test_chat_plays_a_script(capsys: Any) -> None:
    played = [
        "flow",
        "chat",
        ORDER,
        "--script",
        TESTS,
        "--test",
        "an unknown number can be corrected",
    ]
    assert main(played) == 0
    assert capsys.readouterr().out.splitlines() == [
        "# an unknown number can be corrected",
        "Hello Ada, welcome to our shop! How can I help you?",
        "  [Where is my order?] [Talk to a person]",
        "> order_status",
        "What is your order number? It looks like AB123456.",
        "> XX000000",
        "I can't find an order XX000000. Please check the number.",
        "Is there anything else I can do for you?",
        "  [Another order] [No thanks]",
        "> track my parcel",
        "What is your order number? It looks like AB123456.",
    ]


def test_chat_plays_a_callback_and_takes_one_that_is_typed(
    tiny: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    returns = ORDER.replace("order_status", "returns")
    script = ["--script", returns.replace(".yaml", ".test.yaml")]
    test = ["--test", "wrong size within 30 days"]
    assert main(["flow", "chat", returns, *script, *test]) == 0
    said, answer = capsys.readouterr().out.splitlines()[-2:]
    assert said == '> /callback {"data":{"url":"https://shop.example/l/1"}}'
    assert answer.startswith("Here is your label: https://shop.example/l/1")

    pipe(monkeypatch, '/callback {"data": 1}', "/callback x", '/callback {"error": "sulks"}')
    assert main(["flow", "chat", str(tiny)]) == 0
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "(no call waits for a callback: the conversation is active, in 'ask')"
    assert told[1].startswith("Invalid JSON")
    assert told[2].startswith("Input should be")


def pipe(monkeypatch: pytest.MonkeyPatch, *typed: str) -> None:
    """What is typed comes from a pipe."""

    class Pipe(list[str]):
        def isatty(self) -> bool:
            return False

    monkeypatch.setattr("sys.stdin", Pipe(f"{line}\n" for line in typed))


def test_chat_takes_a_message_a_line_and_turns_the_clock(
    tiny: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe(monkeypatch, "what?", "/wait 1m", "never heard")
    assert main(["flow", "chat", str(tiny)]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines()[-1] == "Bye"
    assert shown.err.splitlines()[-1] == "(in bye; the conversation is completed)"


def test_chat_asks_for_a_form_field_by_field(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, "We want to buy", "ACME", "7", "paper", "-", "this year")
    assert main(["flow", "chat", LEAD]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines()[2:] == [
        "Gladly. Fill this in, or just begin with the name of your company.",
        "  About your company",
        "  Company*: string",
        "  How many people would use it?*: integer A guess is fine.",
        "  What do you use today?: [Paper] [Spreadsheets] [Another program]",
        "  Anything we should know?: text",
        "  (one by one: - leaves a field empty, /leave the form)",
        "Thank you. When would ACME like to start?",
        "  [This month] [This year] [No idea yet]",
        "Where may we send a proposal?",
    ]
    assert shown.err.splitlines()[0] == "Company:"


def test_a_form_can_be_left_and_the_message_typed(
    capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe(monkeypatch, "We want to buy", "/leave", "ACME")
    assert main(["flow", "chat", LEAD]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "How many people would use it?"


def test_chat_plays_a_script_with_a_form(capsys: Any) -> None:
    script = LEAD.replace(".yaml", ".test.yaml")
    slip = "a form with a slip of the pen"
    assert main(["flow", "chat", LEAD, "--script", script, "--test", slip]) == 0
    assert "> company: Ark, seats: two of each" in capsys.readouterr().out.splitlines()


def test_graph_writes_mermaid(tiny: Path, capsys: Any) -> None:
    assert main(["flow", "graph", str(tiny)]) == 0
    assert capsys.readouterr().out == (
        "flowchart TD\n"
        '    s0["ask<br/><small>response</small>"]\n'
        '    s1(["bye<br/><small>end</small>"])\n'
        '    s0 -->|"user_choice yes<br/>timeout"| s1\n'
        "    style s0 stroke-width:3px\n"
    )


def test_graph_shows_the_flows_that_are_called(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "menu.yaml"
    path.write_text("""
schema: parley/1
name: menu
initial_state: hello
states:
  - name: hello
    type: response
    config: {response_templates: {en: Hello}}
    transitions:
      - condition: any_input
        expression: "input.text == 'rate'"
        target_state: thanks
        actions: [{type: trigger_flow, config: {flow: survey, mode: call}}]
      - condition: any_input
        target_state: hello
        actions: [{type: trigger_flow, config: {flow: orders}}]
  - name: thanks
    type: end
    entry_actions: [{type: trigger_flow, config: {flow: audit, mode: call}}]
""")
    assert main(["flow", "graph", str(path)]) == 0
    written = capsys.readouterr().out
    assert '(("flow orders"))' in written
    assert '<br/>calls survey"| s1' in written
    assert 's0 -->|"any_input"| s2' in written
    assert 's1 -->|"called on entry"| s3' in written
    assert "| s0" not in written


def test_graph_draws_every_state_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "order.svg"
    assert main(["flow", "graph", ORDER, "--svg", "-o", str(path)]) == 0
    text = path.read_text()
    texts = [node.text for node in ET.fromstring(text).iter() if node.tag.endswith("text")]  # noqa: S314 -- we wrote it
    assert {"welcome", "human handoff", "any state", "vars.status == 'shipped'"} <= set(texts)
    assert "<script" not in text


def test_a_file_that_is_not_there_is_said(capsys: Any) -> None:
    assert main(["flow", "graph", "nowhere.yaml"]) == 1
    assert "cannot read nowhere.yaml" in capsys.readouterr().err
