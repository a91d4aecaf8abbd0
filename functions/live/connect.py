"""WebSocket `$connect`: let a proven client in; it says by `subscribe` what it watches."""

from parley.runtime.live import connection_handler
from parley.runtime.wiring import Services


def connect(connection_id: str, services: Services) -> None:
    del connection_id, services  # nothing is kept of a connection that watches nothing


handler = connection_handler(connect)
