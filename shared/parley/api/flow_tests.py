"""Tests of a flow: what is sent, and what became of each."""

from typing import TYPE_CHECKING, Self

from pydantic import Field

from parley.api.bodies import View
from parley.api.flows import Source, VersionName
from parley.domain.conversations import FlowVersion

if TYPE_CHECKING:
    from parley.engine.coverage import Coverage
    from parley.engine.testing import Outcome, Report


MAX_FAILURES = 50
"""Told in one answer; a test whose failures are left out says so."""
MAX_QUOTED = 500
MAX_NAME = 100


class TestsDraft(Source):
    """Tests as a `document`, or as the `source` text of one; absent, those of the version.

    See the guide to flows.
    """

    __test__ = False
    version: VersionName | None = Field(default=None, description="Absent, the latest.")

    @property
    def pinned(self) -> FlowVersion | None:
        return FlowVersion(self.version) if self.version else None


class FailureView(View):
    """One thing that was not as expected."""

    step: int = Field(description="From 1.")
    what: str


class OutcomeView(View):
    """What became of a test."""

    name: str
    has_passed: bool
    turns: int
    failures: list[FailureView]

    @classmethod
    def of(cls, outcome: "Outcome", room: int = MAX_FAILURES) -> Self:
        """`room` is for how many failures; the first that is left out stands for all of them."""
        told = [
            FailureView(step=f.step, what=_cut(f.what, MAX_QUOTED)) for f in outcome.failures[:room]
        ]
        for left_out in outcome.failures[room : room + 1]:
            what = f"not shown: an answer tells {MAX_FAILURES} failures"
            told.append(FailureView(step=left_out.step, what=what))
        return cls(
            name=_cut(outcome.name, MAX_NAME),
            has_passed=outcome.has_passed,
            turns=outcome.turns,
            failures=told,
        )


class MissedView(View):
    """A transition that no test reached."""

    pointer: str = Field(description="JSON Pointer (RFC 6901) into the flow.")
    description: str


class CoverageView(View):
    """What the tests reached together."""

    states: int
    states_reached: int
    missed_states: list[str]
    transitions: int
    transitions_reached: int
    missed_transitions: list[MissedView]

    @classmethod
    def of(cls, coverage: "Coverage") -> Self:
        missed = [MissedView(pointer=w.pointer, description=str(w)) for w in coverage.missed_ways]
        return cls(
            states=coverage.states.total,
            states_reached=coverage.states.reached,
            missed_states=list(coverage.states.missed),
            transitions=coverage.transitions.total,
            transitions_reached=coverage.transitions.reached,
            missed_transitions=missed,
        )


class ReportView(View):
    """The tests of a flow, run."""

    has_passed: bool
    tests: list[OutcomeView]
    coverage: CoverageView

    @classmethod
    def of(cls, report: "Report") -> Self:
        tests, room = [], MAX_FAILURES
        for outcome in report.outcomes:
            tests.append(OutcomeView.of(outcome, room))
            room = max(0, room - len(outcome.failures))
        return cls(
            has_passed=report.has_passed,
            tests=tests,
            coverage=CoverageView.of(report.coverage),
        )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."
