"""The MongoDB-wire server: what pymongo speaks to, over a SQLite file.

Run as a program it is that server: `python -m tools.local.mongodb FILE PORT`.
"""

import asyncio
import signal
import sys
from pathlib import Path

from tools.local.parts import Part
from tools.local.ports import HOST, listening


def mongodb(folder: Path, port: int, log: Path) -> Part:
    """The server that keeps its documents in one file under `folder`."""
    return Part(
        name="mongodb",
        label="MongoDB wire",
        port=port,
        command=(
            sys.executable,
            "-m",
            "tools.local.mongodb",
            str(folder / "documents.sqlite"),
            str(port),
        ),
        folder=folder,
        log=log,
        answers=lambda: listening(port),
    )


def mongodb_uri(port: int) -> str:
    """What PARLEY_MONGODB_URI says of it."""
    return f"mongodb://{HOST}:{port}/?directConnection=true"


async def serve(file: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    from mongoeco.engines.sqlite import SQLiteEngine  # noqa: PLC0415 -- only the server itself needs it
    from mongoeco.wire import AsyncMongoEcoProxyServer  # noqa: PLC0415 -- as above

    server = AsyncMongoEcoProxyServer(
        engine=SQLiteEngine(file, executor_workers=1), host=HOST, port=port
    )
    await server.start()
    stopping = asyncio.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(wanted, stopping.set)
    await stopping.wait()
    await server.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
