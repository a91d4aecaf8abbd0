"""Personal data where it has no business: masked, so that a log can be read by anybody."""

from parley.domain.json import Json
from parley.engine.texts import written_out

VISIBLE = 4


def masked(value: Json, visible: int = VISIBLE) -> str:
    """All but the last `visible` characters as •, and never more than half of them shown."""
    text = written_out(value)
    shown = min(max(visible, 0), len(text) // 2)
    return "•" * (len(text) - shown) + text[len(text) - shown :]
