"""`python -m tools.openapi`: describe the API from its handlers, for `docs/openapi.json`.

Powertools' OpenAPIMerge joins what each handler says of itself; what every route has in common
(problems, security, the idempotency key) is said here, once.
"""

import importlib
import json
import sys
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi import OpenAPIMerge
from aws_lambda_powertools.event_handler.openapi.models import Server, Tag
from pydantic.json_schema import models_json_schema

from parley.api.problem import Problem
from parley.domain.access import PERMISSIONS, Permission

ROOT = Path(__file__).parents[1]
FUNCTIONS = ROOT / "functions"
PROBLEMS = ROOT / "docs/problems"
DOCUMENT = ROOT / "shared/parley/api/openapi.json"
"""Shipped with the functions, for `GET /openapi.json`; `docs/openapi.json` leads here."""

_DESCRIPTION = """\
Conversations as state machines: write a flow, publish it, talk to it.

**Who calls** is proved by `Authorization: Bearer <access token>` (log in at `POST /auth/token`; a
website's visitor gets a guest token at `POST /auth/guest`) or by `X-API-Key`. A caller sees their
own organisation and nothing else: anybody else's thing is 404, as if it did not exist.

**Errors** are `application/problem+json` (RFC 9457) with a stable `code`, the request's id, and for
bad input every fault with a JSON Pointer.

**Repeating a POST** is safe with an `Idempotency-Key`, kept for 24 hours.

**Lists** come in pages: `limit`, and `cursor` from `next_cursor` of the page before.

**Limits** are told in `RateLimit` and `RateLimit-Policy`; 429 comes with `Retry-After`.

**Requests** have an id: `X-Request-ID` is taken or made, answered, and in every log line and event.

**Live** updates come over a WebSocket beside this API: `subscribe` to a conversation with the last
`sequence_number` seen, and everything said since arrives.
"""

_TAGS = {
    "organizations": "Signing up.",
    "auth": "Logging in, staying in, leaving; guest tokens for a website's visitors.",
    "flows": "Flows and their versions: write, check, publish.",
    "conversations": "Conversations: start, read, close, and why each turn went as it did.",
    "messages": "What is said in a conversation.",
    "callbacks": "Answers to the asynchronous calls of flows, from the systems they called.",
    "health": "Whether the service and its stores answer.",
    "docs": "This description.",
}

_PROBLEMS = {
    400: "The body is not JSON, or not JSON that can be taken.",
    401: "Nobody that is known calls.",
    403: "The caller's role may not.",
    404: "The caller's organisation has no such thing.",
    409: "It is there already, has changed, has ended; or the idempotency key is another's.",
    412: "`If-Match` is not the present ETag.",
    413: "The body is larger than 256 KB.",
    415: "The body is not `application/json`.",
    422: "The request is well formed and cannot be honoured; `errors` say where and why.",
    429: "Too many requests; `Retry-After` says when to come again.",
    500: "An error of ours; quote the request's id.",
    503: "A store does not answer; try again.",
}


def apps() -> Iterator[tuple[str, APIGatewayRestResolver]]:
    """Every HTTP handler: its module's name, as `flows.create_flow`, and its resolver."""
    for file in sorted(FUNCTIONS.glob("*/*.py")):
        if "rest_api(" in file.read_text(encoding="utf-8"):
            name = f"{file.parent.name}.{file.stem}"
            yield name, importlib.import_module(name).app


def document() -> dict[str, Any]:
    """The OpenAPI document of all handlers."""
    merge = OpenAPIMerge(
        title="Parley",
        version="1.0.0",
        summary="A multi-tenant conversation platform.",
        description=_DESCRIPTION,
        servers=[Server(url="/v1")],
        tags=[Tag(name=name, description=text) for name, text in _TAGS.items()],
        openapi_extensions={"x-problems": list(_explained())},
        on_conflict="error",
    )
    for name, app in apps():
        merge.add_schema(_described(name, app))
    merged: dict[str, Any] = merge.get_openapi_schema()
    _, definitions = models_json_schema(
        [(Problem, "serialization")], ref_template="#/components/schemas/{model}"
    )
    schemas = {**merged["components"]["schemas"], **definitions["$defs"]}
    merged["components"] = {
        "schemas": dict(sorted(schemas.items())),
        "responses": {f"Problem{status}": _problem(status) for status in _PROBLEMS},
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        },
    }
    merged["paths"] = dict(sorted(merged["paths"].items()))
    return cast("dict[str, Any]", _whole_numbers(_without_unused(merged)))


def written(description: dict[str, Any]) -> str:
    """The document as its file has it."""
    return json.dumps(description, ensure_ascii=False, indent=2) + "\n"


def main() -> int:
    """Write the document."""
    DOCUMENT.write_text(written(document()), encoding="utf-8")
    print(f"wrote {DOCUMENT.relative_to(ROOT)}")
    return 0


def _explained() -> Iterator[dict[str, str]]:
    """Each page of `docs/problems/`, for those who read the description."""
    for page in sorted(PROBLEMS.glob("*.md")):
        heading, _, text = page.read_text(encoding="utf-8").partition("\n\n")
        yield {"slug": page.stem, "title": heading.removeprefix("# "), "text": text.strip()}


def _described(name: str, app: APIGatewayRestResolver) -> dict[str, Any]:
    """What a handler says of itself, with what its file's docstring and all routes add."""
    schema: dict[str, Any] = json.loads(app.get_openapi_json_schema())
    requires = schema.pop("x-requires", None)
    is_limited = schema.pop("x-limited")
    tag, _, action = name.partition(".")
    for item in schema["paths"].values():
        for method, operation in item.items():
            summary, _, description = _docstring(name).partition("\n\n")
            operation["operationId"] = action
            operation["tags"] = [tag]
            operation["summary"] = _sentence(summary)
            operation["description"] = "\n\n".join(
                filter(None, [description.strip(), _permission(requires)])
            )
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "header":
                    parameter["name"] = parameter["name"].title()
            operation["security"] = [{"bearer": []}, {"apiKey": []}] if requires else []
            if requires and method == "post":
                _add_idempotency_key(operation)
            statuses = _statuses(
                operation, method, has_caller=requires is not None, is_limited=is_limited
            )
            for status in statuses:
                operation["responses"].setdefault(
                    str(status), {"$ref": f"#/components/responses/Problem{status}"}
                )
            for status, response in operation["responses"].items():
                if response.get("description") == "Successful Response":
                    response["description"] = HTTPStatus(int(status)).phrase
            operation["responses"] = dict(sorted(operation["responses"].items()))
    return schema


def _without_unused(description: dict[str, Any]) -> dict[str, Any]:
    """The document less the schemas that nothing refers to."""
    schemas = description["components"]["schemas"]
    while unused := [
        name for name in schemas if f'"#/components/schemas/{name}"' not in json.dumps(description)
    ]:
        for name in unused:
            del schemas[name]
    return description


def _whole_numbers(value: Any) -> Any:  # noqa: ANN401 -- JSON
    """The same with 20 where Powertools wrote 20.0."""
    match value:
        case dict():
            return {key: _whole_numbers(member) for key, member in value.items()}
        case list():
            return [_whole_numbers(member) for member in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def _docstring(name: str) -> str:
    return importlib.import_module(name).__doc__ or ""


def _sentence(summary: str) -> str:
    """`POST /flows: save a new flow.` is told as `Save a new flow`."""
    _, _, text = " ".join(summary.split()).partition(": ")
    return text[:1].upper() + text[1:].rstrip(".")


def _permission(requires: str | None) -> str:
    if requires is None:
        return ""
    permission = Permission(requires)
    roles = ", ".join(role for role, held in PERMISSIONS.items() if permission in held)
    return f"Takes the permission `{permission}` ({roles})."


def _add_idempotency_key(operation: dict[str, Any]) -> None:
    parameters = operation.setdefault("parameters", [])
    if not any(parameter["name"] == "Idempotency-Key" for parameter in parameters):
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "Makes a repeat safe for 24 hours.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 128},
            }
        )


def _statuses(
    operation: dict[str, Any], method: str, *, has_caller: bool, is_limited: bool
) -> Iterator[int]:
    parameters = operation.get("parameters", [])
    if "requestBody" in operation:
        yield from (400, 413, 415, 422)
    if has_caller:
        yield from (401, 403, 503)
    if any(parameter["in"] == "path" for parameter in parameters):
        yield 404
    if parameters:
        yield 422
    if method == "post":
        yield 409
    if any(parameter["name"] == "If-Match" for parameter in parameters):
        yield 412
    if is_limited:
        yield 429
    yield 500


def _problem(status: int) -> dict[str, Any]:
    return {
        "description": f"{HTTPStatus(status).phrase}: {_PROBLEMS[status]}",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }


if __name__ == "__main__":
    sys.exit(main())
