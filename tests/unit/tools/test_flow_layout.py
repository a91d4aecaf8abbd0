from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from tools.flows.layout import Node, laid_out

GAP = 10.0
_NAMES = [f"n{n}" for n in range(9)]
_ARROWS = st.sets(st.tuples(st.sampled_from(_NAMES), st.sampled_from(_NAMES)), max_size=25)


@given(_ARROWS)
def test_nothing_overlaps_and_every_arrow_goes_layer_by_layer(arrows: set[tuple[str, str]]) -> None:
    boxes = [Node(name, 40.0) for name in _NAMES]
    layout = laid_out(boxes, dict.fromkeys(sorted(arrows), 30.0), "n0", GAP)
    layer_of = layout.layer_of
    assert {name for name in layer_of if "\n" not in name} == set(_NAMES)
    for layer in layout.layers:
        for a, b in combinations(layer, 2):
            apart = abs(layout.x[a.name] - layout.x[b.name])
            assert apart >= (a.width + b.width) / 2 + GAP - 1e-6
    for (origin, target), chain in layout.chains.items():
        assert (chain[0], chain[-1]) == (origin, target)
        assert all(abs(layer_of[a] - layer_of[b]) == 1 for a, b in pairwise(chain))


def test_a_chain_stands_in_one_column_from_above() -> None:
    boxes = [Node(name, 40.0) for name in ("c", "b", "a")]
    layout = laid_out(boxes, {("a", "b"): 10.0, ("b", "c"): 10.0}, "a", GAP)
    assert [layout.layer_of[name] for name in "abc"] == [0, 2, 4]
    assert len({layout.x[name] for name in "abc"}) == 1
