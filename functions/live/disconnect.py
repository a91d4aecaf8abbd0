"""WebSocket `$disconnect`: forget a connection that has closed."""

from parley.runtime.live import connection_handler
from parley.runtime.wiring import Services


def disconnect(connection_id: str, services: Services) -> None:
    services.live.leave(connection_id)


handler = connection_handler(disconnect)
