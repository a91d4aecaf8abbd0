"""Decisions read off a string of bytes: one draw of Hypothesis makes a whole flow.

Drawing each decision by itself costs thirty times what running the flow does. Bytes shrink as well:
what is used up or zero is always the first, the plainest of the options.
"""

from collections.abc import Sequence
from itertools import islice

from parley.domain.json import Json

PECULIAR = (
    *("", " ", "\x00", "\u0307", "\u202e", "\ud800", "\U0001f469\u200d\U0001f4bb", "\u0660\u0661"),
    *("{{ slots.age }}", "{% raw %}", "${7*7}", "'; --", "\u00df", "\u0130", "a\nb", "x" * 300),
)
"""Strings that programs stumble over."""
_NUMBERS = (
    *(0, 1, -1, 255, 2**31, 2**53 + 1, -(2**63), 2**63, 10**30, 0.5, -0.0, 1e308, 5e-324, -2.5),
)
_MOST_DEPTH = 4


class Choices:
    """Takes decisions in order; once the bytes are used up, the first option is always taken."""

    def __init__(self, source: bytes) -> None:
        self._left = iter(source)

    def below(self, limit: int) -> int:
        """A number from 0; `limit` is at most 256."""
        return next(self._left, 0) % limit

    def of[Option](self, options: Sequence[Option]) -> Option:
        return options[self.below(len(options))]

    def one_in(self, many: int) -> bool:
        """Whether the rarer of two cases is taken."""
        return self.below(many) == many - 1

    def some[Option](self, options: Sequence[Option], most: int) -> list[Option]:
        """Up to `most`, each once, in any order."""
        left = list(options)
        return [
            left.pop(self.below(len(left))) for _ in range(min(self.below(most + 1), len(left)))
        ]

    def text(self) -> str:
        """Any text: a peculiar one, or characters from all over Unicode."""
        if self.one_in(2):
            return self.of(PECULIAR)
        codes = zip(*[islice(self._left, self.below(12) * 2)] * 2, strict=False)
        return "".join(chr(256 * (high % 64) + low if high % 3 else low) for high, low in codes)

    def json(self, depth: int = 0) -> Json:
        """Any JSON value."""
        kind = self.below(8 if depth < _MOST_DEPTH else 5)
        match kind:
            case 0:
                return None
            case 1:
                return self.one_in(2)
            case 2:
                return self.of(_NUMBERS)
            case 3 | 4:
                return self.text()
            case 5:
                return [self.json(depth + 1) for _ in range(self.below(4))]
            case _:
                names = ("x", "y", "type", "text", "", self.text())
                return {self.of(names): self.json(depth + 1) for _ in range(self.below(4))}
