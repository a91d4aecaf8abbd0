"""What is put aside: events that workers die of, and none whose connections were cut."""

import pytest

from parley.domain.turns import Outcome
from tests.property.turns.laws import check_at_rest, outcomes
from tests.property.turns.mutants import TakesCutsForDeaths
from tests.property.turns.processes import Boundary, Fault
from tests.property.turns.simulation import Broken, Code, Simulation

PLACES = ("programs", "conversations")


def a_simulation(place: str, faults: list[Fault], code: Code | None = None) -> Simulation:
    """A message whose every delivery fails in the same place, once for each of `faults`."""
    simulation = Simulation(code)
    simulation.finish(simulation.starting())
    simulation.accept("a")
    for fault in faults:
        worker = simulation.delivery("worker")
        assert worker is not None
        while not worker.is_over and not _is_in_its_turn(worker.at, place):
            simulation.step(worker)
        assert not worker.is_over, f"it never came to {place}"
        simulation.step(worker, fault)
        simulation.finish(worker)
        if fault is Fault.CRASH:
            assert simulation.expire_visibility()
    simulation.drain([])
    return simulation


def _is_in_its_turn(at: Boundary | None, place: str) -> bool:
    """At a call that is not the first: the document has been read."""
    return at is not None and at.port == place and at.op != "find"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("cuts", [2, 3, 9])
def test_cut_connections_put_nothing_aside(place: str, cuts: int) -> None:
    simulation = a_simulation(place, [Fault.CUT] * cuts)

    check_at_rest(simulation)
    assert outcomes(simulation)[Outcome.QUARANTINED] == 0


def test_two_deaths_do() -> None:
    simulation = a_simulation("programs", [Fault.CRASH] * 2)

    check_at_rest(simulation)
    assert outcomes(simulation)[Outcome.QUARANTINED] == 1


def test_one_death_is_not_enough() -> None:
    simulation = a_simulation("programs", [Fault.CRASH])

    check_at_rest(simulation)
    assert outcomes(simulation)[Outcome.QUARANTINED] == 0


def test_the_law_catches_who_takes_cuts_for_deaths() -> None:
    simulation = a_simulation("programs", [Fault.CUT] * 2, Code(turns=TakesCutsForDeaths))

    with pytest.raises(Broken, match="nobody died of it"):
        check_at_rest(simulation)
