"""R1: a turn crashed, and its connections cut, before and after every call of a port it makes."""

import pytest

from tests.property.turns.mutants import MUTANTS
from tests.property.turns.simulation import Broken, Code
from tests.property.turns.sweep import Story, sweep

CALLS_OF_A_TURN = {
    ("conversations", "add"),
    ("conversations", "find"),
    ("conversations", "find_arrival"),
    ("conversations", "list_unsent"),
    ("conversations", "mark"),
    ("conversations", "replace"),
    ("inbound", "delete"),
    ("integrations", "call"),
    ("messages", "project"),
    ("outbound", "send"),
    ("programs", "fallback"),
    ("programs", "get"),
    ("programs", "resolve"),
}
"""What a sweep must at least have found; it looks for itself, and sweeps whatever else there is."""


def test_no_crash_and_no_cut_loses_doubles_or_reorders_anything() -> None:
    hits = sweep(range(30))

    assert {(target.boundary.port, target.boundary.op) for target in hits} >= CALLS_OF_A_TURN
    assert [target for target, count in hits.items() if not count] == []


@pytest.mark.sweep
@pytest.mark.timeout(3_600)
def test_the_same_under_two_hundred_seeds() -> None:
    hits = sweep(range(1_000, 1_200))

    assert [target for target, count in hits.items() if not count] == []


@pytest.mark.parametrize("code", MUTANTS.values(), ids=MUTANTS.keys())
def test_the_sweep_catches_the_protocol_with_one_rule_left_out(code: Code) -> None:
    with pytest.raises(Broken):  # noqa: PT012 -- whichever of them shows it
        for seed in range(200):
            Story(seed, code=code).tell()
        sweep(range(10), code)


def test_a_failing_seed_tells_the_same_story_again() -> None:
    first, again = Story(7).tell(), Story(7).tell()

    assert first.ledger == again.ledger
    assert first.wire.sent == again.wire.sent
