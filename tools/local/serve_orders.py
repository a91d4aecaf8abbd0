"""The shop's order look-up: `python -m tools.local.serve_orders PORT`, then `GET /orders/AB123456`.

A small service of its own, so that the flow's integration crosses a real connection. What it says
of an order depends on the order's number alone.
"""

import json
import re
import signal
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from parley.domain.json import JsonObject
from tools.local.ports import HOST

_NUMBER = re.compile(r"[A-Z]{2}[0-9]{6}")
_UNKNOWN_FROM = "ZZ"
_STATUS = {"0": "packing", "9": "delivered"}
"""By an order's last digit; every other one is on its way."""


def look_up(number: str) -> JsonObject | None:
    """The order; None for those that begin with ZZ and for what is no number."""
    if not _NUMBER.fullmatch(number) or number.startswith(_UNKNOWN_FROM):
        return None
    status = _STATUS.get(number[-1], "shipped")
    return {"number": number, "status": status, "carrier": "Parcel Post", "eta": "2 December"}


class Orders(BaseHTTPRequestHandler):
    """Answers one order at a time."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        folder, _, number = self.path.partition("?")[0].removeprefix("/").partition("/")
        order = look_up(number) if folder == "orders" else None
        if order is None:
            self._reply(HTTPStatus.NOT_FOUND, {"error": f"no order {number!r}"})
        else:
            self._reply(HTTPStatus.OK, order)

    def _reply(self, status: HTTPStatus, document: JsonObject) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(port: int) -> None:
    """Serve until SIGTERM."""
    server = ThreadingHTTPServer((HOST, port), Orders)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
