"""`parley flow chat FILE`: a conversation in the terminal, on the engine alone.

What is typed is said. A line that begins with `/` is not:

    /wait 2h           the clock goes on
    /agent TEXT        a person at work says TEXT
    /resolve /return   what else a person at work does
    /callback {...}    the call that is awaited is answered, as a step of a test says it
    /state             where the conversation stands

A form is asked for field by field (`tools/cli/forms.py`).

Integrations answer with the stubs of `--script`, else not at all. Flows that are called are those
that `--script` names, else the flow's own file of tests.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import ValidationError

from parley.domain.json import JsonObject
from parley.engine.effects import SendMessage, effect_to_json
from parley.engine.scripts import FlowTest, Script, Step
from parley.engine.services import Flows, no_flows
from parley.engine.testing import StepImpossible, TestTalk, merged
from parley.engine.turn import Turn
from tools.cli.forms import LEAVE, Filling
from tools.cli.lines import lines
from tools.cli.messages import show_message
from tools.flows.files import FlowFile, read_called, read_flow, read_script
from tools.local.errors import CloudError


def run(arguments: argparse.Namespace) -> int:
    """Talk until the conversation or the input ends; or play a script, then stop."""
    flow = read_flow(arguments.file, with_errors=arguments.script is not None)
    if arguments.script is None:
        if arguments.test is not None:
            raise CloudError("--test names a test of --script")
        return _talk(flow, _beside(arguments.file), trace=arguments.trace)
    script, _ = read_script(arguments.script)
    called = read_called(arguments.script, script)
    for test in _chosen(script, arguments.test):
        print(f"# {test.name}")
        _play(flow, merged(script, test), called, trace=arguments.trace)
    return 0


def _beside(flow: Path) -> Flows:
    """The flows that the flow's own file of tests names, if it has one."""
    script = flow.with_suffix(f".test{flow.suffix}")
    return read_called(script, read_script(script)[0]) if script.is_file() else no_flows


def _chosen(script: Script, name: str | None) -> Sequence[FlowTest]:
    found = [test for test in script.tests if name in (None, test.name)]
    if not found:
        names = ", ".join(repr(test.name) for test in script.tests)
        raise CloudError(f"no test is called {name!r}; there are {names}")
    return found


def _play(flow: FlowFile, test: FlowTest, called: Flows, *, trace: bool) -> None:
    talk = TestTalk(flow.program, test, flow.matcher.classify, flows=called)
    _show([talk.first], trace=trace)
    for step in test.steps:
        if step.start:
            continue
        print(_words(step))
        _take(talk, step, trace=trace)
    _show_end(talk)


def _talk(flow: FlowFile, called: Flows, *, trace: bool) -> int:
    nothing = FlowTest(name="chat", steps=(Step(start=True),))
    talk = TestTalk(flow.program, nothing, flow.matcher.classify, flows=called)
    form = _shown_form(_show([talk.first], trace=trace))
    for line in lines():
        if not talk.state.status.is_open:
            break
        if line == "/state":
            print(json.dumps(talk.state.to_json(), ensure_ascii=False, indent=2))
            continue
        if line == LEAVE:
            form = None
            continue
        said: str | JsonObject | None = line
        if form is not None and not line.startswith("/"):
            said = form.take(line)
            form = form if said is None else None
        if said is not None:
            form = _shown_form(_said(talk, said, trace=trace)) or form
    _show_end(talk)
    return 0


def _said(talk: TestTalk, said: str | JsonObject, *, trace: bool) -> Sequence[JsonObject]:
    """What a typed line, or a form that was filled in, brings."""
    try:
        step = _step(said, talk) if isinstance(said, str) else Step(user=said)
    except ValidationError as error:
        print(error.errors()[0]["msg"], file=sys.stderr)
        return []
    return _take(talk, step, trace=trace)


def _shown_form(said: Sequence[JsonObject]) -> Filling | None:
    """The last of the forms that came, shown and begun."""
    with_form = [content for content in said if "form" in content]
    return Filling.of(with_form[-1]) if with_form else None


def _step(line: str, talk: TestTalk) -> Step:
    """What a typed line means; a button's title presses the button."""
    match line.split(maxsplit=1):
        case ["/wait", duration]:
            return Step(advance=duration)
        case ["/agent", text]:
            return Step(agent={"message": text})
        case ["/resolve" | "/return" as did]:
            return Step(agent=did[1:])
        case ["/callback", answer]:
            return Step.model_validate_json(f'{{"callback": {answer}}}')
    for choice in talk.state.choices:
        if line.casefold() == choice["title"].casefold():
            return Step(user={"choice": choice["payload"]})
    return Step(user=line)


def _take(talk: TestTalk, step: Step, *, trace: bool) -> list[JsonObject]:
    """The messages that the step brought."""
    try:
        return _show(talk.take_step(step), trace=trace)
    except StepImpossible as error:
        print(f"({error})", file=sys.stderr)
        return []


def _words(step: Step) -> str:
    if step.advance:
        return f"> /wait {step.advance}"
    if step.agent is not None:
        did = step.agent
        return f"> /{did}" if isinstance(did, str) else f"> /agent {did['message']}"
    if step.callback is not None:
        return f"> /callback {step.callback.model_dump_json(exclude_unset=True)}"
    said = step.user if isinstance(step.user, str) else (step.user or {})
    if isinstance(said, str):
        return f"> {said}"
    values = [f"{name}: {value}" for name, value in said.get("values", {}).items()]
    return f"> {said.get('choice') or said.get('text') or ', '.join(values)}"


def _show(turns: Iterable[Turn], *, trace: bool) -> list[JsonObject]:
    """Prints what the turns said and did; the messages."""
    said = []
    for turn in turns:
        if trace:
            _explain(turn.trace)
        for effect in turn.effects:
            if isinstance(effect, SendMessage):
                said.append(effect.content)
                show_message(effect.content)
            else:
                told = json.dumps(effect_to_json(effect), ensure_ascii=False)
                print(f"({told})", file=sys.stderr)
        for error in turn.trace["errors"]:
            print(f"(failed: {error['at']}: {error['why']})", file=sys.stderr)
    sys.stdout.flush()
    return said


def _explain(trace: JsonObject) -> None:
    for tried in trace["tried"]:
        why = "" if tried["held"] else f": {tried.get('why', 'it is not true')}"
        print(f"  {'+' if tried['held'] else '-'} {tried['at']}{why}")
    if trace["path"]:
        print(f"  = {' > '.join(trace['path'])}")


def _show_end(talk: TestTalk) -> None:
    state = talk.state
    stands = "" if state.status.is_open else f"; the conversation is {state.status}"
    print(f"(in {state.current_state}{stands})", file=sys.stderr)
