"""`parley flow test FILE...`."""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

from parley.engine.coverage import Way
from parley.engine.formats import Loaded, load
from parley.engine.testing import Outcome, Report, run_tests
from tools.flows.files import place_of, read_called, read_flow, read_script
from tools.flows.junit import Suite, junit
from tools.local.errors import CloudError


@dataclass(frozen=True, slots=True)
class Ran:
    """A file of tests, run."""

    path: Path
    flow: Path
    report: Report
    script_text: Loaded
    flow_text: Loaded
    seconds: float

    def failures(self, n: int, outcome: Outcome) -> list[str]:
        """Each with its place in the file."""
        return [
            f"{place_of(self.path, self.script_text, f'/tests/{n}/steps/{each.step - 1}')}: "
            f"{outcome.name}, step {each.step}: {each.what}"
            for each in outcome.failures
        ]

    def missed(self, way: Way) -> str:
        """A way that no test went, with its place in the flow."""
        return f"  not reached: {place_of(self.flow, self.flow_text, way.pointer)}: {way}"


def run(arguments: argparse.Namespace) -> int:
    """Run every test; 1 if one fails or too little is reached."""
    has_passed = True
    suites = []
    for path in arguments.files:
        ran = _ran(path)
        _show(ran)
        reached = ran.report.coverage.transitions.percent
        if reached < arguments.coverage_min:
            print(f"{path}: {reached:.0f} % is less than {arguments.coverage_min:g} %")
        has_passed &= ran.report.has_passed and reached >= arguments.coverage_min
        suites.append(
            Suite(
                str(path),
                [(o.name, ran.failures(n, o)) for n, o in enumerate(ran.report.outcomes)],
                ran.seconds,
            )
        )
    if arguments.junit:
        _write(arguments.junit, junit(suites))
    return 0 if has_passed else 1


def _ran(path: Path) -> Ran:
    script, script_text = read_script(path)
    flow_path = path.parent / script.flow
    flow, called = read_flow(flow_path), read_called(path, script)
    began = time.perf_counter()
    report = run_tests(flow.program, flow.document, script, flow.matcher.classify, flows=called)
    seconds = time.perf_counter() - began
    return Ran(path, flow_path, report, script_text, load(flow.text), seconds)


def _show(ran: Ran) -> None:
    outcomes = ran.report.outcomes
    for n, outcome in enumerate(outcomes):
        for failure in ran.failures(n, outcome):
            print(failure)
    passed = sum(outcome.has_passed for outcome in outcomes)
    turns = sum(outcome.turns for outcome in outcomes)
    states, transitions = ran.report.coverage.states, ran.report.coverage.transitions
    print(
        f"{ran.path}: {passed} of {len(outcomes)} passed, {turns} turns, {ran.seconds:.2f} s; "
        f"states {states.reached}/{states.total}, "
        f"transitions {transitions.reached}/{transitions.total} ({transitions.percent:.0f} %)"
    )
    for name in states.missed:
        print(f"  not reached: state {name}")
    for way in ran.report.coverage.missed_ways:
        print(ran.missed(way))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CloudError(f"cannot write {path}: {error}") from None
