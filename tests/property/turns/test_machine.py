"""R3: Hypothesis decides what happens, step by step, and shortens what breaks a law."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.property.turns.laws import check_at_rest, check_now
from tests.property.turns.processes import Fault, Process
from tests.property.turns.simulation import ORDER, Code, Simulation

MAX_RUNNING = 4

numbers = st.integers(min_value=0, max_value=MAX_RUNNING - 1)
names = st.sampled_from("abcdef")


class Turns(RuleBasedStateMachine):
    """One conversation, its queue, workers, callers, the sweeper and every fault."""

    code = Code()

    def __init__(self) -> None:
        super().__init__()
        self.simulation = Simulation(self.code)
        self.running: list[Process] = []

    @initialize()
    def start(self) -> None:
        self.simulation.finish(self.simulation.starting())

    @rule(name=names, copies=st.integers(min_value=1, max_value=3))
    def ingest(self, name: str, copies: int) -> None:
        """A provider sends a message, perhaps more than once, perhaps one from long ago."""
        for _ in range(copies):
            self.simulation.accept(name)

    @rule()
    def move(self) -> None:
        """Somebody publishes the other version, and takes live conversations along."""
        self.simulation.accept_move()

    @precondition(lambda self: len(self.running) < MAX_RUNNING)
    @rule()
    def deliver(self) -> None:
        if (worker := self.simulation.delivery("worker")) is not None:
            self.running.append(worker)

    @precondition(lambda self: len(self.running) < MAX_RUNNING)
    @rule(name=names)
    def converse(self, name: str) -> None:
        message = self.simulation.message(f"direct-{name}")
        self.running.append(self.simulation.direct(message))

    @rule(name=names)
    def order(self, name: str) -> None:
        """What the shop answers later."""
        self.simulation.accept(ORDER + name)

    @precondition(lambda self: len(self.running) < MAX_RUNNING)
    @rule(name=names)
    def order_and_wait(self, name: str) -> None:
        message = self.simulation.message(f"{ORDER}-{name}")
        self.running.append(self.simulation.direct(message))

    @precondition(lambda self: self.simulation.shop.addresses)
    @rule(which=numbers)
    def answer(self, which: int) -> None:
        """The shop says what became of an order, perhaps once more."""
        calls = list(self.simulation.shop.addresses)
        self.simulation.answer(calls[which % len(calls)])

    @precondition(lambda self: len(self.running) < MAX_RUNNING)
    @rule()
    def sweep(self) -> None:
        self.running.append(self.simulation.sweep())

    @precondition(lambda self: self.running)
    @rule(which=numbers, steps=st.integers(min_value=1, max_value=8))
    def step(self, which: int, steps: int) -> None:
        for _ in range(steps):
            self._step(which)

    @precondition(lambda self: self.running)
    @rule(which=numbers)
    def crash(self, which: int) -> None:
        self._step(which, Fault.CRASH)

    @precondition(lambda self: self.running)
    @rule(which=numbers)
    def cut_the_connection(self, which: int) -> None:
        """Before a call nothing is done; after it, its answer is lost."""
        self._step(which, Fault.CUT)

    @rule()
    def expire_visibility(self) -> None:
        self.simulation.faults += self.simulation.expire_visibility()

    @rule()
    def expire_leases(self) -> None:
        self.simulation.faults += 1
        self.simulation.lose_leases()

    @rule(seconds=st.integers(min_value=-600, max_value=600))
    def set_the_clock(self, seconds: int) -> None:
        """R8: it is ten minutes off, or goes back."""
        self.simulation.faults += 1
        self.simulation.set_the_clock(timedelta(seconds=seconds))

    @invariant()
    def nothing_is_doubled_reordered_or_too_early(self) -> None:
        check_now(self.simulation)

    def teardown(self) -> None:
        self.simulation.drain(self.running)
        check_at_rest(self.simulation)

    def _step(self, which: int, fault: Fault | None = None) -> None:
        if not self.running:
            return
        process = self.running[which % len(self.running)]
        if process.at is not None or fault is None:
            self.simulation.step(process, fault)
        if process.is_over:
            self.running.remove(process)
            if process.has_crashed and process.again is not None:
                self.running.append(process.again())


SHORT = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
LONG = settings(SHORT, max_examples=2_000, stateful_step_count=50)


def test_whatever_happens_every_message_has_one_turn() -> None:
    _run(Turns, SHORT)


@pytest.mark.sweep
@pytest.mark.timeout(3_600)
def test_whatever_happens_for_a_long_time() -> None:
    _run(Turns, LONG)


def _run(machine: type[Any], how: settings) -> None:
    case = machine.TestCase
    case.settings = how
    case().runTest()
