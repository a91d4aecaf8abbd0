"""MiniStack's server: `python -m tools.local.serve_ministack PORT`; the rest is in its environment.

Started here rather than by its own command because that waits three seconds, when it is stopped,
for connections that clients keep open, and every function keeps some.
"""

import asyncio
import resource
import sys

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app

from tools.local.denials import tell_denials
from tools.local.ports import HOST

_LAST_ANSWERS_S = 0.3
_IDLE_CONNECTION_S = 75


def main(port: str) -> None:
    """Serve until SIGTERM or SIGINT, then save what it has."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    tell_denials()
    config = Config()
    config.bind = [f"{HOST}:{port}"]
    config.keep_alive_timeout = _IDLE_CONNECTION_S
    config.graceful_timeout = _LAST_ANSWERS_S
    asyncio.run(serve(app, config))


if __name__ == "__main__":
    main(sys.argv[1])
