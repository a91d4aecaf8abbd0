"""A page of a list: keyset, never offset."""

from collections.abc import Sequence
from dataclasses import dataclass

DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Page[Item]:
    """Items in order; `next_cursor` is opaque, None on the last page."""

    items: Sequence[Item]
    next_cursor: str | None = None
