"""The shop's systems: `python -m tools.local.serve_orders PORT`, then `GET /orders/AB123456`.

A small service of its own, so that a flow's integration crosses a real connection. What it says
of an order depends on the order's number alone. `POST /returns` with {order} is taken at once; the
label is told later, at the address that came with the call (`Parley-Callback-Url`).
"""

import json
import re
import signal
import sys
import threading
import urllib.error
import urllib.request
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from parley.domain.json import JsonObject
from tools.local.ports import HOST

_NUMBER = re.compile(r"[A-Z]{2}[0-9]{6}")
_UNKNOWN_FROM = "ZZ"
_STATUS = {"0": "packing", "9": "delivered"}
"""By an order's last digit; every other one is on its way."""
_TIMES_TOLD = 3
_TRIES = 10
_WITHIN_S = 60.0


def look_up(number: str) -> JsonObject | None:
    """The order; None for those that begin with ZZ and for what is no number."""
    if not _NUMBER.fullmatch(number) or number.startswith(_UNKNOWN_FROM):
        return None
    status = _STATUS.get(number[-1], "shipped")
    return {
        "number": number,
        "status": status,
        "carrier": "Parcel Post",
        "eta": "2 December",
        "days_since_delivery": int(number[-3:]),
        "amount": 49.9,
    }


def tell_label(address: str, number: str) -> None:
    """Call back with the label; three times, as senders do who are not sure to have been heard."""
    label = {"url": f"https://shop.example/labels/{number}"}
    body = json.dumps({"status": "success", "data": label}).encode()
    headers = {"Content-Type": "application/json"}
    told = 0
    for _ in range(_TRIES):
        request = urllib.request.Request(address, body, headers, method="POST")  # noqa: S310 -- the address we were given
        try:
            with urllib.request.urlopen(request, timeout=_WITHIN_S) as answer:  # noqa: S310 -- as above
                status = answer.status
        except urllib.error.HTTPError as error:
            status = error.code
        print(f"label of {number}: told, {status}", flush=True)
        told += status == HTTPStatus.ACCEPTED
        if told == _TIMES_TOLD:
            return


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

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        address = self.headers.get("Parley-Callback-Url")
        number = _number_in(asked)
        if self.path != "/returns" or address is None or look_up(number) is None:
            self._reply(HTTPStatus.NOT_FOUND, {"error": f"no return of {number!r}"})
            return
        self._reply(HTTPStatus.ACCEPTED, {"order": number})
        threading.Thread(target=tell_label, args=(address, number), daemon=True).start()

    def _reply(self, status: HTTPStatus, document: JsonObject) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _number_in(body: bytes) -> str:
    """The order that a request names; nothing for what is no such request."""
    try:
        asked = json.loads(body)
    except ValueError:
        return ""
    return str(asked.get("order", "")) if isinstance(asked, dict) else ""


def main(port: int) -> None:
    """Serve until SIGTERM."""
    server = ThreadingHTTPServer((HOST, port), Orders)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
