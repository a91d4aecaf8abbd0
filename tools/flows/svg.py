"""A flow's diagram as a picture: SVG without scripts, fonts or anything from elsewhere."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from tools.flows.diagram import ANYWHERE, Arrow, Box, Diagram
from tools.flows.layout import Layout, Node, laid_out

_CHARACTER = 7.6
_SMALL = 5.7
_BOX_HEIGHT = 46.0
_LINE = 13.0
_GAP = 18.0
_MARGIN = 34.0
_BETWEEN = 24.0
_LOOP = 26.0

_COLOURS = {
    "response": "#e8f1fd",
    "intent": "#efe9fc",
    "slot_filling": "#e5f6ec",
    "integration": "#fdf0dd",
    "condition": "#fbf7d5",
    "wait": "#eceff3",
    "end": "#dfe5ec",
    "error": "#fde5e3",
    "human_handoff": "#fce6f1",
    "": "#ffffff",
}
_STYLE = """
text { font-family: system-ui, "Segoe UI", Roboto, sans-serif; fill: #1c2733; }
.name { font-size: 13px; font-weight: 600; text-anchor: middle; }
.kind { font-size: 10.5px; fill: #5a6878; text-anchor: middle; }
.why { font-size: 10.5px; fill: #3b4a5a; text-anchor: middle; paint-order: stroke;
       stroke: #fff; stroke-width: 4px; stroke-linejoin: round; }
.box { stroke: #6b7b8c; stroke-width: 1.2; }
.first { stroke: #1c2733; stroke-width: 2.6; }
.final { stroke-width: 1.2; stroke-dasharray: 5 3; }
.arrow { fill: none; stroke: #7d8a99; stroke-width: 1.3; }
.back { stroke: #b3835a; }
"""


@dataclass(frozen=True, slots=True)
class _Point:
    x: float
    y: float


def svg(picture: Diagram, title: str) -> str:
    """The picture; boxes are coloured by type, the first has a thick edge, final ones a dashed."""
    return _Drawing(picture).text(title)


class _Drawing:
    def __init__(self, picture: Diagram) -> None:
        self._boxes = {box.name: box for box in picture.boxes}
        self._loops = {a.origin: a for a in picture.arrows if a.origin == a.target}
        self._arrows = [a for a in picture.arrows if a.origin != a.target]
        first = next((box.name for box in picture.boxes if box.is_first), picture.boxes[0].name)
        nodes = [Node(box.name, self._width(box)) for box in picture.boxes]
        words = {(a.origin, a.target): _width_of(a.labels) for a in self._arrows}
        self._layout: Layout = laid_out(nodes, words, first, _GAP)
        self._width_of = {n.name: n.width for layer in self._layout.layers for n in layer}
        self._layer_of = self._layout.layer_of
        self._heights = self._layer_heights()
        self._tops = [
            _MARGIN + sum(self._heights[:n]) + n * _BETWEEN for n in range(len(self._heights))
        ]

    def text(self, title: str) -> str:
        width = max(self._layout.x[n] + self._width_of[n] / 2 for n in self._layout.x)
        width += 2 * _MARGIN
        height = self._tops[-1] + _BOX_HEIGHT + _MARGIN
        return "\n".join(
            [
                (
                    f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" '
                    f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" role="img">'
                ),
                f"<title>{escape(title)}</title><style>{_STYLE}</style>",
                (
                    '<defs><marker id="head" viewBox="0 0 8 8" refX="7.4" refY="4" markerWidth="7" '
                    'markerHeight="7" orient="auto"><path d="M0 0.6 8 4 0 7.4z" fill="#7d8a99"/>'
                    "</marker></defs>"
                ),
                '<rect width="100%" height="100%" fill="#fff"/>',
                *(self._line(arrow) for arrow in self._arrows),
                *(self._loop(arrow) for arrow in self._loops.values()),
                *(self._box(box) for box in self._boxes.values()),
                *(line for arrow in self._arrows for line in self._words(arrow)),
                "</svg>\n",
            ]
        )

    def _width(self, box: Box) -> float:
        beside = 0.0
        if box.name in self._loops:
            beside = 2 * (_LOOP + _width_of(self._loops[box.name].labels))
        return self._drawn_width(box) + beside

    def _drawn_width(self, box: Box) -> float:
        return max(84.0, len(box.name) * _CHARACTER + 26)

    def _layer_heights(self) -> list[float]:
        """Of boxes, and between them of the most lines that are written beside an arrow."""
        lines = [0] * len(self._layout.layers)
        for arrow in self._arrows:
            beside = self._layer_of[self._layout.chains[arrow.origin, arrow.target][1]]
            lines[beside] = max(lines[beside], len(arrow.labels))
        return [n * _LINE + 4 if k % 2 else _BOX_HEIGHT for k, n in enumerate(lines)]

    def _points(self, arrow: Arrow) -> list[_Point]:
        chain = self._layout.chains[arrow.origin, arrow.target]
        goes_down = self._layer_of[chain[0]] < self._layer_of[chain[-1]]
        points = [self._port(chain[0], chain[1], is_below=goes_down)]
        for name in chain[1:-1]:
            n, x = self._layer_of[name], self._layout.x[name] + _MARGIN
            ends = [_Point(x, self._tops[n]), _Point(x, self._tops[n] + self._heights[n])]
            points += ends if goes_down else ends[::-1]
        return [*points, self._port(chain[-1], chain[-2], is_below=not goes_down)]

    def _port(self, name: str, neighbour: str, *, is_below: bool) -> _Point:
        """Where an arrow meets a box: towards where it comes from, never at the very corner."""
        x, half = self._layout.x[name], self._drawn_width(self._boxes[name]) / 2 - 14
        leaning = (self._layout.x[neighbour] - x) * 0.25
        y = self._tops[self._layer_of[name]] + (_BOX_HEIGHT if is_below else 0)
        return _Point(x + max(-half, min(half, leaning)) + _MARGIN, y)

    def _line(self, arrow: Arrow) -> str:
        points = self._points(arrow)
        path = [f"M{points[0].x:.1f} {points[0].y:.1f}"]
        for before, after in itertools.pairwise(points):
            middle = (before.y + after.y) / 2
            path.append(
                f"C{before.x:.1f} {middle:.1f} {after.x:.1f} {middle:.1f} "
                f"{after.x:.1f} {after.y:.1f}"
            )
        back = " back" if points[0].y > points[-1].y else ""
        return f'<path class="arrow{back}" d="{" ".join(path)}" marker-end="url(#head)"/>'

    def _words(self, arrow: Arrow) -> Iterator[str]:
        bend = self._layout.chains[arrow.origin, arrow.target][1]
        n = self._layer_of[bend]
        middle = self._tops[n] + self._heights[n] / 2
        y = middle - (len(arrow.labels) - 1) * _LINE / 2 + 3.5
        yield from _lines(arrow.labels, self._layout.x[bend] + _MARGIN, y)

    def _loop(self, arrow: Arrow) -> str:
        right = self._layout.x[arrow.origin] + _MARGIN
        right += self._drawn_width(self._boxes[arrow.origin]) / 2
        top = self._tops[self._layer_of[arrow.origin]]
        path = (
            f"M{right:.1f} {top + 34:.1f}C{right + _LOOP:.1f} {top + 42:.1f} "
            f"{right + _LOOP:.1f} {top + 4:.1f} {right:.1f} {top + 12:.1f}"
        )
        widest = _width_of(arrow.labels)
        y = top + _BOX_HEIGHT / 2 + 3.5 - (len(arrow.labels) - 1) * _LINE / 2
        words = "".join(_lines(arrow.labels, right + _LOOP - 2 + widest / 2, y))
        return f'<path class="arrow" d="{path}" marker-end="url(#head)"/>{words}'

    def _box(self, box: Box) -> str:
        x, y = self._layout.x[box.name] + _MARGIN, self._tops[self._layer_of[box.name]]
        width = self._drawn_width(box)
        extra = f"{' first' if box.is_first else ''}{' final' if box.is_final else ''}"
        radius = _BOX_HEIGHT / 2 if box.is_final or box.name == ANYWHERE else 7
        kind = box.kind.replace("_", " ") or "whenever it waits"
        return (
            f'<rect class="box{extra}" x="{x - width / 2:.1f}" y="{y:.1f}" width="{width:.1f}" '
            f'height="{_BOX_HEIGHT:.0f}" rx="{radius:.0f}" fill="{_COLOURS[box.kind]}"/>'
            f'<text class="name" x="{x:.1f}" y="{y + 20:.1f}">{escape(box.name)}</text>'
            f'<text class="kind" x="{x:.1f}" y="{y + 35:.1f}">{escape(kind)}</text>'
        )


def _width_of(labels: Sequence[str]) -> float:
    return max(map(len, labels)) * _SMALL


def _lines(labels: Sequence[str], x: float, y: float) -> Iterator[str]:
    for n, label in enumerate(labels):
        yield f'<text class="why" x="{x:.1f}" y="{y + n * _LINE:.1f}">{escape(label)}</text>'
