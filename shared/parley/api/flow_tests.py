"""Tests of a flow: what is sent, and what became of each."""

from typing import TYPE_CHECKING, Self

from pydantic import Field

from parley.api.bodies import View
from parley.api.flows import FlowSource, VersionName
from parley.domain.conversations import FlowVersion

if TYPE_CHECKING:
    from parley.engine.coverage import Coverage
    from parley.engine.testing import Outcome, Report


class TestsDraft(FlowSource):
    """Tests as a `document`, or as the `source` text of one; see the guide to flows."""

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
    def of(cls, outcome: "Outcome") -> Self:
        return cls(
            name=outcome.name,
            has_passed=outcome.has_passed,
            turns=outcome.turns,
            failures=[FailureView(step=f.step, what=f.what) for f in outcome.failures],
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
        return cls(
            has_passed=report.has_passed,
            tests=[OutcomeView.of(outcome) for outcome in report.outcomes],
            coverage=CoverageView.of(report.coverage),
        )
