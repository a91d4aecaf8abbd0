"""The MongoDB-wire server: `python -m tools.local.serve_mongodb FILE PORT`."""

import asyncio
import signal
import sys

from mongoeco.engines.sqlite import SQLiteEngine
from mongoeco.wire import AsyncMongoEcoProxyServer

from tools.local.ports import HOST


async def serve(file: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    engine = SQLiteEngine(file, executor_workers=1)
    server = AsyncMongoEcoProxyServer(engine=engine, host=HOST, port=port)
    await server.start()
    stopping = asyncio.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(wanted, stopping.set)
    await stopping.wait()
    await server.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
