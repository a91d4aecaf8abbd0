"""The server of the page: its files, what it must know, and the API behind `/v1`.

`python -m tools.local.serve_page HOME PORT MINISTACK_PORT`. What the last deployment made is read
anew for each request: the next one may change it.
"""

import sys
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from parley.domain.json import JsonObject
from tools.local.places import ROOT, Places, read_json
from tools.local.ports import HOST

CONSOLE = ROOT / "console" / "dist"
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]
_LONGEST_ANSWER_S = 35.0
_NOT_PASSED_ON = {b"connection", b"keep-alive", b"transfer-encoding", b"content-length", b"host"}
"""Headers of one connection alone (RFC 9110 7.6.1), and those that are made anew."""
_NOT_BUILT = "The page is not built: run `make console`, then reload. The API answers below /v1."

type Headers = list[tuple[bytes, bytes]]


def application(places: Places, *, ministack_port: int, console: Path = CONSOLE) -> Starlette:
    """The server, for uvicorn and for tests."""
    # No kept connection: MiniStack may close one as it is used, and a POST is not sent twice.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    client = httpx.AsyncClient(timeout=_LONGEST_ANSWER_S, limits=limits, trust_env=False)

    async def settings(request: Request) -> Response:
        origin = str(request.base_url).rstrip("/")
        document = settings_of_page(places, origin=origin, ministack_port=ministack_port)
        return JSONResponse(document, headers={"Cache-Control": "no-store"})

    async def api(request: Request) -> Response:
        try:
            return await _passed_on(request, client, ministack_port, read_json(places.deployed))
        except httpx.TimeoutException:
            return _unavailable(request, "the API took too long; try again")
        except httpx.TransportError:
            return _unavailable(request, "the API is starting; try again")

    async def index(_: Request) -> Response:
        if not (console / "index.html").exists():
            return PlainTextResponse(_NOT_BUILT, HTTPStatus.SERVICE_UNAVAILABLE)
        return FileResponse(console / "index.html", headers={"Cache-Control": "no-cache"})

    return Starlette(
        routes=[
            Route("/config.json", settings),
            Route("/v1/{path:path}", api, methods=_METHODS),
            Mount("/assets", StaticFiles(directory=console / "assets", check_dir=False)),
            Route("/{path:path}", index),
        ]
    )


def settings_of_page(places: Places, *, origin: str, ministack_port: int) -> JsonObject:
    """What the page reads from `/config.json`."""
    live_api = read_json(places.deployed).get("outputs", {}).get("LiveApiId")
    demo = read_json(places.demo)
    return {
        "api": f"{origin}/v1",
        "live": f"ws://{HOST}:{ministack_port}/_aws/execute-api/{live_api}/v1",
        "organization": demo.get("organization"),
        "flow": demo.get("flow"),
    }


async def _passed_on(
    request: Request, client: httpx.AsyncClient, ministack_port: int, deployed: JsonObject
) -> Response:
    """The API's answer, byte by byte. Raises httpx.TransportError when nobody answers."""
    api = deployed.get("outputs", {}).get("RestApiId", "none")
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    target = f"/_aws/execute-api/{api}".encode() + path + (b"?" + query if query else b"")
    url = httpx.URL(scheme="http", host=HOST, port=ministack_port, raw_path=target)
    sent = client.stream(
        request.method, url, content=await request.body(), headers=_passing(request.headers.raw)
    )
    async with sent as answer:
        content = b"".join([chunk async for chunk in answer.aiter_raw()])
    passed = Response(content, answer.status_code)
    passed.raw_headers = [
        *_passing(answer.headers.raw),
        (b"content-length", str(len(content)).encode()),
    ]
    return passed


def _passing(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    return [(name, value) for name, value in headers if name.lower() not in _NOT_PASSED_ON]


def _unavailable(request: Request, detail: str) -> Response:
    """What a caller is told when MiniStack has no answer; it may have done what was asked."""
    problem = {
        "type": "about:blank",
        "title": "Unavailable",
        "status": HTTPStatus.SERVICE_UNAVAILABLE,
        "detail": detail,
        "instance": request.headers.get("x-request-id"),
        "code": 5002,
    }
    headers = {"Retry-After": "1"}
    return JSONResponse(
        problem, HTTPStatus.SERVICE_UNAVAILABLE, headers, media_type="application/problem+json"
    )


def main(home: str, port: str, ministack_port: str) -> None:
    """Serve until SIGTERM."""
    served = application(Places(Path(home)), ministack_port=int(ministack_port))
    uvicorn.run(served, host=HOST, port=int(port), log_level="warning", timeout_graceful_shutdown=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
