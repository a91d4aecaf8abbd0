"""Boxes in layers, in the manner of Sugiyama: few crossings, all arrows that can be go down.

1. Arrows that would close a circle are turned round (a depth-first search finds them).
2. Each box stands one layer below the lowest box that leads to it.
3. Between two layers of boxes is one for what is written beside arrows; an arrow gets a bend in
   each layer that it crosses, and the bend next to its origin is as wide as its words.
4. Boxes and bends of a layer are put into the order of what they are joined to, down and up.
5. Each is moved to the middle of what it is joined to, as far as its neighbours leave room.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

SWEEPS = 24
BEND_WIDTH = 18.0


@dataclass(frozen=True, slots=True)
class Node:
    """A box of that width, or a bend of an arrow, whose name no box has."""

    name: str
    width: float


@dataclass(slots=True)
class Layout:
    """`layers` from above; `x` is the middle of each node; `chains` are the nodes of an arrow.

    A chain goes from the arrow's origin to its target, whichever of them is above.
    """

    layers: list[list[Node]]
    x: dict[str, float] = field(default_factory=dict)
    chains: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    @property
    def layer_of(self) -> dict[str, int]:
        return {node.name: n for n, layer in enumerate(self.layers) for node in layer}


def laid_out(
    boxes: Sequence[Node], arrows: Mapping[tuple[str, str], float], first: str, gap: float
) -> Layout:
    """Where each box goes; arrows from a box to itself are none of the layout's business.

    `arrows` gives the width of what is written beside each. Boxes are in layers 0, 2, 4 ...
    """
    real = [arrow for arrow in arrows if arrow[0] != arrow[1]]
    down = _downward([box.name for box in boxes], real, first)
    rank = {name: 2 * n for name, n in _ranks([b.name for b in boxes], down.values()).items()}
    layout = Layout([[] for _ in range(max(rank.values(), default=0) + 1)])
    for box in boxes:
        layout.layers[rank[box.name]].append(box)
    joined = _with_bends(layout, down, rank, arrows)
    above, below = _neighbours(joined)
    _order(layout, above, below)
    _place(layout, above, below, gap)
    return layout


def _downward(
    names: Sequence[str], arrows: Sequence[tuple[str, str]], first: str
) -> dict[tuple[str, str], tuple[str, str]]:
    """Each arrow, turned round if it leads back to where a walk from `first` is coming from."""
    following: dict[str, list[str]] = {name: [] for name in names}
    for origin, target in arrows:
        following[origin].append(target)
    turned = set[tuple[str, str]]()
    done = set[str]()
    for root in (first, *names):
        if root not in done:
            _walk(root, following, done, turned)
    return {(a, b): (b, a) if (a, b) in turned else (a, b) for a, b in arrows}


def _walk(
    root: str,
    following: Mapping[str, Sequence[str]],
    done: set[str],
    turned: set[tuple[str, str]],
) -> None:
    """Depth first; adds to `turned` the arrows to a box that the walk is still below."""
    stack = {root: iter(following[root])}
    while stack:
        name, rest = next(reversed(stack.items()))
        for target in rest:
            if target in stack:
                turned.add((name, target))
            elif target not in done:
                stack[target] = iter(following[target])
                break
        else:
            del stack[name]
            done.add(name)


def _ranks(names: Sequence[str], arrows: Iterable[tuple[str, str]]) -> dict[str, int]:
    """The longest way from above; what nothing leads to stands right above its first target."""
    following, waiting = defaultdict(list), dict.fromkeys(names, 0)
    for origin, target in dict.fromkeys(arrows):
        following[origin].append(target)
        waiting[target] += 1
    sources = {name for name in names if not waiting[name]}
    rank = dict.fromkeys(names, 0)
    ready = [name for name in names if not waiting[name]]
    for name in ready:
        for target in following[name]:
            rank[target] = max(rank[target], rank[name] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    for name in sources:
        if following[name]:
            rank[name] = min(rank[target] for target in following[name]) - 1
    return rank


def _with_bends(
    layout: Layout,
    down: Mapping[tuple[str, str], tuple[str, str]],
    rank: Mapping[str, int],
    widths: Mapping[tuple[str, str], float],
) -> list[tuple[str, str]]:
    """Puts bends into the layers that arrows cross; the pieces, each one layer long.

    The bend next to an arrow's origin is as wide as what is written there.
    """
    pieces: list[tuple[str, str]] = []
    for arrow, (upper, lower) in down.items():
        written = rank[upper] + 1 if upper == arrow[0] else rank[lower] - 1
        chain = [upper]
        for n in range(rank[upper] + 1, rank[lower]):
            width = widths[arrow] if n == written else BEND_WIDTH
            bend = Node(f"{arrow[0]}\n{arrow[1]}\n{n}", width)
            layout.layers[n].append(bend)
            chain.append(bend.name)
        chain.append(lower)
        pieces += itertools.pairwise(chain)
        layout.chains[arrow] = chain if upper == arrow[0] else chain[::-1]
    return pieces


type Joined = Mapping[str, Sequence[str]]


def _neighbours(pieces: Sequence[tuple[str, str]]) -> tuple[Joined, Joined]:
    above, below = defaultdict(list), defaultdict(list)
    for upper, lower in pieces:
        above[lower].append(upper)
        below[upper].append(lower)
    return above, below


def _order(layout: Layout, above: Joined, below: Joined) -> None:
    """Sorts each layer by the median of its neighbours; keeps the order with fewest crossings."""
    best, fewest = [list(layer) for layer in layout.layers], _crossings(layout.layers, below)
    for sweep in range(SWEEPS):
        is_down = sweep % 2 == 0
        joined = above if is_down else below
        order = range(len(layout.layers)) if is_down else reversed(range(len(layout.layers)))
        for n in order:
            _sort(layout.layers, n, n - 1 if is_down else n + 1, joined)
        crossings = _crossings(layout.layers, below)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layout.layers], crossings
    layout.layers = best


def _sort(layers: list[list[Node]], n: int, beside: int, joined: Joined) -> None:
    if not 0 <= beside < len(layers):
        return
    position = {node.name: k for k, node in enumerate(layers[beside])}
    keys = {}
    for k, node in enumerate(layers[n]):
        found = sorted(position[name] for name in joined.get(node.name, ()) if name in position)
        keys[node.name] = sum(found) / len(found) if found else float(k)
    layers[n].sort(key=lambda node: keys[node.name])


def _crossings(layers: Sequence[Sequence[Node]], below: Joined) -> int:
    total = 0
    for upper, lower in itertools.pairwise(layers):
        position = {node.name: k for k, node in enumerate(lower)}
        ends = [
            end for node in upper for end in sorted(position[b] for b in below.get(node.name, ()))
        ]
        total += sum(a > b for k, a in enumerate(ends) for b in ends[k + 1 :])
    return total


def _place(layout: Layout, above: Joined, below: Joined, gap: float) -> None:
    x = layout.x
    for layer in layout.layers:
        edge = 0.0
        for node in layer:
            x[node.name] = edge + node.width / 2
            edge += node.width + gap
    for sweep in range(SWEEPS):
        is_down = sweep % 2 == 0
        for layer in layout.layers if is_down else reversed(layout.layers):
            wanted = {}
            for node in layer:
                near = (above if is_down else below).get(node.name) or [node.name]
                wanted[node.name] = sum(x[name] for name in near) / len(near)
            _settle(layer, wanted, x, gap)
    left = min(x[node.name] - node.width / 2 for layer in layout.layers for node in layer)
    for name in x:
        x[name] -= left


def _settle(
    layer: Sequence[Node], wanted: Mapping[str, float], x: dict[str, float], gap: float
) -> None:
    """As near to where they want to be as order and widths allow: blocks that touch share."""
    blocks: list[tuple[float, list[Node], float]] = []
    for node in layer:
        start, members, width = wanted[node.name] - node.width / 2, [node], node.width
        while blocks and blocks[-1][0] + blocks[-1][2] + gap > start:
            before_start, before, before_width = blocks.pop()
            count = len(before) + len(members)
            shifted = start - before_width - gap
            start = (before_start * len(before) + shifted * len(members)) / count
            members, width = before + members, before_width + gap + width
        blocks.append((start, members, width))
    for start, members, _ in blocks:
        edge = start
        for node in members:
            x[node.name] = edge + node.width / 2
            edge += node.width + gap
