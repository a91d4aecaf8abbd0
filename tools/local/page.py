"""The part people open: page and API behind one address (`serve_page` is its program)."""

import sys
from pathlib import Path

from tools.local.parts import Part
from tools.local.places import Places
from tools.local.ports import listening


def page(places: Places, port: int, log: Path, *, ministack_port: int) -> Part:
    """The server as a part of the laptop cloud."""
    arguments = (str(places.home), str(port), str(ministack_port))
    return Part(
        name="page",
        label="Page and API",
        port=port,
        command=(sys.executable, "-m", "tools.local.serve_page", *arguments),
        folder=log.parent,
        log=log,
        answers=lambda: listening(port),
    )
