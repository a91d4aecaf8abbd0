"""Parley's own HTTP API, called as any program would."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from parley.domain.json import JsonObject
from tools.local.errors import CloudError

_WITHIN_S = 60.0
"""A function's first call takes a second or two, more while everything starts at once."""


class ApiRefused(CloudError):
    """The API answered with a problem; `status` is HTTP's, `code` Parley's, 0 without one."""

    def __init__(self, what: str, status: int, code: int) -> None:
        super().__init__(what)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Api:
    """The API at `address` (it ends in /v1), called with `token`, or as nobody."""

    address: str
    token: str | None = None

    def get(self, path: str) -> JsonObject:
        return self._call("GET", path, None, {})

    def post(
        self, path: str, body: JsonObject, headers: Mapping[str, str] | None = None
    ) -> JsonObject:
        return self._call("POST", path, json.dumps(body).encode(), headers or {})

    def _call(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> JsonObject:
        """Raises ApiRefused for a problem, CloudError when nobody answers."""
        request = urllib.request.Request(self.address + path, body, method=method)  # noqa: S310 -- http, by us
        for name, value in self._headers(headers).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=_WITHIN_S) as answer:  # noqa: S310 -- as above
                document: JsonObject = json.loads(answer.read() or b"{}")
                return document
        except urllib.error.HTTPError as error:
            raise _refusal(method, path, error) from None
        except OSError as error:
            raise CloudError(
                f"the API at {self.address} does not answer: {error}",
                remedy="see `parley status`; `parley up` starts it",
            ) from None

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        caller = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        return {"Content-Type": "application/json", **caller, **more}


def _refusal(method: str, path: str, error: urllib.error.HTTPError) -> ApiRefused:
    text = error.read().decode(errors="replace")
    try:
        problem = json.loads(text)
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    detail = problem.get("detail") or problem.get("message") or text or error.reason
    lines = [f"{method} {path}: {error.code} {HTTPStatus(error.code).phrase}: {detail}"]
    lines += [f"  {fault['pointer']}: {fault['message']}" for fault in problem.get("errors", [])]
    return ApiRefused("\n".join(lines), error.code, problem.get("code", 0))
