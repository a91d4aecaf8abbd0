"""What a person says to a command: typed at a prompt, or from a pipe."""

import sys
from collections.abc import Iterable, Iterator


def lines() -> Iterator[str]:
    """Line by line until the input ends, without what stands around it; empty lines say nothing."""
    given: Iterable[str] = _typed() if sys.stdin.isatty() else sys.stdin
    return (line.strip() for line in given if line.strip())


def _typed() -> Iterator[str]:
    while True:
        try:
            yield input("> ")
        except EOFError:
            print()
            return
