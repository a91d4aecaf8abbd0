"""R2: the model of the protocol holds in every state; leave a rule out, and it does not."""

import pytest

from tests.property.turns.model import Rules, World, search


def test_the_protocol_holds_in_every_state() -> None:
    found = search(Rules())

    assert found.broken is None
    assert found.states > 50_000


def test_without_an_idempotent_receiver_repeats_are_no_more_than_faults() -> None:
    start = World(crashes=1)

    found = search(Rules(idempotent_receiver=False), start)

    assert found.broken is None
    assert found.most_repeats == 2


@pytest.mark.sweep
@pytest.mark.timeout(1_800)
def test_the_protocol_holds_under_more_faults() -> None:
    found = search(Rules(), World(crashes=3, timeouts=2, lost_leases=2))

    assert found.broken is None


BROKEN_RULES = {
    "no compare-and-set": Rules(compare_and_set=False),
    "marker before commit": Rules(dedupe="cache before commit"),
    "no stored dedupe": Rules(dedupe="none"),
    "acknowledges before commit": Rules(acknowledge="before"),
    "sends before commit": Rules(send="before commit", idempotent_receiver=False),
    "no outbox": Rules(send="after commit"),
    "flush without epoch": Rules(fence=False, idempotent_receiver=False),
    "flush in any order": Rules(in_order=False),
}


@pytest.mark.parametrize("rules", BROKEN_RULES.values(), ids=BROKEN_RULES.keys())
def test_the_model_misses_each_rule_that_is_left_out(rules: Rules) -> None:
    assert search(rules).broken is not None


def test_a_marker_in_a_cache_takes_a_turn_twice_when_the_cache_forgets() -> None:
    found = search(Rules(dedupe="cache before commit"), World(crashes=0))

    assert found.broken == "a turn was taken twice"
