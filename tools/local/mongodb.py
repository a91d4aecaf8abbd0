"""The MongoDB-wire server over a SQLite file (`serve_mongodb` is its program)."""

import sys
from pathlib import Path

from tools.local.parts import Part
from tools.local.ports import HOST, listening


def mongodb(folder: Path, port: int, log: Path) -> Part:
    """The server that keeps its documents in one file under `folder`."""
    file = folder / "documents.sqlite"
    return Part(
        name="mongodb",
        label="MongoDB wire",
        port=port,
        command=(sys.executable, "-m", "tools.local.serve_mongodb", str(file), str(port)),
        folder=folder,
        log=log,
        answers=lambda: listening(port),
    )


def mongodb_uri(port: int) -> str:
    """What PARLEY_MONGODB_URI says of it."""
    return f"mongodb://{HOST}:{port}/?directConnection=true"
