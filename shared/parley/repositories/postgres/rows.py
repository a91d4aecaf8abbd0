"""What every repository here does with rows: ids, pages and the texts of a search."""

import uuid
from collections.abc import Sequence

import sqlalchemy as sa

from parley.domain.cursors import unknown_cursor
from parley.domain.errors import NotFound


def known_id(kind: str, identifier: str) -> str:
    """`identifier`. Raises NotFound for what can be nobody's id, which PostgreSQL would refuse."""
    try:
        return str(uuid.UUID(identifier))
    except ValueError:
        raise NotFound(kind, identifier) from None


def id_in_cursor(identifier: str) -> str:
    """`identifier`. Raises Invalid for what can be nobody's id: no list gave such a cursor."""
    try:
        return str(uuid.UUID(identifier))
    except ValueError:
        raise unknown_cursor() from None


def cut[Row](rows: Sequence[Row], limit: int) -> tuple[Sequence[Row], Row | None]:
    """The rows of a page out of one more than it holds, and the one the next page begins after."""
    page = rows[:limit]
    return page, page[-1] if len(rows) > limit else None


def contains(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """Whether a text stands in a column, in any case; `%`, `_` and the escape are letters.

    Compares by Unicode's own rules (`pg_c_utf8`), whatever locale the database was made with.
    """
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = sa.literal(f"%{escaped}%", sa.Text)
    return _lowered(column).like(_lowered(pattern), escape="\\")


def _lowered(value: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    return sa.func.lower(sa.collate(value, "pg_c_utf8"))
