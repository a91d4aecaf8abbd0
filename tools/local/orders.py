"""The shop that the example flows ask (`serve_orders` is its program)."""

import sys
from pathlib import Path

from tools.local.parts import Part
from tools.local.ports import listening

INTEGRATIONS = ("orders", "shop")
"""The ids under which flows call it."""


def orders(port: int, log: Path) -> Part:
    """The look-up as a part of the laptop cloud."""
    return Part(
        name="orders",
        label="Example orders",
        port=port,
        command=(sys.executable, "-m", "tools.local.serve_orders", str(port)),
        folder=log.parent,
        log=log,
        answers=lambda: listening(port),
    )
