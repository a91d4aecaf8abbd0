"""A client that calls handlers as API Gateway does, in this process: no server, no network.

api = Api(admin)
api.post("/flows", {"document": {...}}).json["id"]
"""

import importlib
import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from parley.domain.access import Caller
from tests.invocations import a_context

FUNCTIONS = Path(__file__).parents[1] / "functions"
_ROUTE = re.compile(r'^@app\.(get|post|patch|put|delete)\(\s*"([^"]+)"', re.MULTILINE)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    """What a caller sees."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Route:
    """One method and path, and the module whose `handler` answers it."""

    method: str
    path: str
    module: str

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    @property
    def app(self) -> APIGatewayRestResolver:
        app: APIGatewayRestResolver = importlib.import_module(self.module).app
        return app

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@cache
def routes() -> list[Route]:
    """Every route, as the handlers' files have them."""
    found = []
    for file in sorted(FUNCTIONS.glob("*/*.py")):
        for method, rule in _ROUTE.findall(file.read_text(encoding="utf-8")):
            path = re.sub(r"<(\w+)>", r"{\1}", rule)
            found.append(Route(method.upper(), path, f"{file.parent.name}.{file.stem}"))
    return found


def route_of(method: str, path: str) -> Route:
    """The route a request takes: one without parameters before one with."""
    candidates = [
        route
        for route in routes()
        if route.method == method
        and re.fullmatch(re.sub(r"{\w+}", "[^/]+", route.path), path, re.DOTALL)
    ]
    return min(candidates, key=lambda route: len(route.parameters))


@dataclass(frozen=True)
class Api:
    """Calls as one caller, or as nobody; `headers` go with every call."""

    caller: Caller | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    address: str = "203.0.113.7"

    def with_headers(self, **headers: str) -> "Api":
        """The same caller with more headers: `idempotency_key="k"` is `Idempotency-Key: k`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})

    def get(self, path: str, **query: str) -> Answer:
        return self.call("GET", path, query=query)

    def post(self, path: str, body: Any = None) -> Answer:
        text = None if body is None else json.dumps(body)
        return self.call("POST", path, body=text)

    def call(
        self,
        method: str,
        path: str,
        *,
        body: str | None = None,
        query: Mapping[str, str] | None = None,
        is_base64: bool = False,
        route: Route | None = None,
    ) -> Answer:
        """Sends exactly this; `route` where the path alone would not find the handler."""
        route = route or route_of(method, path)
        event = self.event(method, path, route, body=body, query=query, is_base64=is_base64)
        handler = importlib.import_module(route.module).handler
        answered = handler(event, a_context())
        return Answer(
            status=answered["statusCode"],
            headers={name: ", ".join(v) for name, v in answered["multiValueHeaders"].items()},
            body=answered["body"] or "",
        )

    def event(
        self,
        method: str,
        path: str,
        route: Route,
        *,
        body: str | None,
        query: Mapping[str, str] | None,
        is_base64: bool,
    ) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Host": "api.test", **self.headers}
        return {
            "resource": route.path,
            "path": path,
            "httpMethod": method,
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "queryStringParameters": dict(query) if query else None,
            "multiValueQueryStringParameters": (
                {name: [value] for name, value in query.items()} if query else None
            ),
            "pathParameters": None,
            "stageVariables": None,
            "requestContext": {
                "stage": "v1",
                "path": f"/v1{path}",
                "resourcePath": route.path,
                "httpMethod": method,
                "requestId": f"00000000-0000-4000-8000-{next(_numbers):012d}",
                "identity": {"sourceIp": self.address, "userAgent": "tests"},
                "authorizer": _authorizer(self.caller),
            },
            "body": body,
            "isBase64Encoded": is_base64,
        }


def _authorizer(caller: Caller | None) -> dict[str, str] | None:
    if caller is None:
        return None
    return {
        "principalId": caller.user_id,
        "tenant_id": caller.tenant_id,
        "user_id": caller.user_id,
        "role": caller.role.value,
        **({"key_id": caller.key_id} if caller.key_id else {}),
    }
