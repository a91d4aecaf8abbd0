"""The handlers as data: what a file's name, docstring, decorator and description say agrees."""

import ast
import importlib
import json
import re
from pathlib import Path

import pytest

from parley.api.reference import openapi_json, page_headers, reference_page
from parley.domain.access import PERMISSIONS, Caller, Permission, Role
from parley.domain.ids import TenantId, UserId
from parley.runtime.callers import permitted
from parley.runtime.wiring import services
from tests.http import FUNCTIONS, Api, Route, routes
from tools.openapi import document, written

ROOT = Path(__file__).parents[3]
MAX_LINES = 50
MAX_STATEMENTS = 4


def _source(route: Route) -> str:
    return (FUNCTIONS / f"{route.module.replace('.', '/')}.py").read_text(encoding="utf-8")


def _requires(route: Route) -> Permission | None:
    extensions = route.app.openapi_config.openapi_extensions or {}
    required: Permission | None = extensions["x-requires"]
    return required


@pytest.mark.parametrize("route", routes(), ids=str)
def test_a_handlers_docstring_names_its_route(route: Route) -> None:
    first, *_ = _source(route).splitlines()

    assert first.startswith(f'"""{route.method} {route.path}: ')


@pytest.mark.parametrize("route", routes(), ids=str)
def test_a_handler_is_named_as_its_file_and_decides_nothing(route: Route) -> None:
    tree = ast.parse(_source(route))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]

    (function,) = functions
    assert function.name == route.module.rpartition(".")[2]
    assert len(function.body) <= MAX_STATEMENTS
    assert len(_source(route).splitlines()) <= MAX_LINES


@pytest.mark.parametrize("route", routes(), ids=str)
def test_a_route_open_to_all_does_not_ask_who_calls(route: Route) -> None:
    asks = "CurrentCaller" in _source(route)

    assert asks is (_requires(route) is not None)


def test_every_file_that_answers_http_is_a_route() -> None:
    answering = {
        f"{file.parent.name}.{file.stem}"
        for file in FUNCTIONS.glob("*/*.py")
        if "rest_api(" in file.read_text(encoding="utf-8")
    }

    assert answering == {route.module for route in routes()}


def test_the_description_has_every_route_and_no_other() -> None:
    described = {
        f"{method.upper()} {path}"
        for path, item in json.loads(openapi_json())["paths"].items()
        for method in item
    }

    assert described == {str(route) for route in routes()}


def test_the_description_is_current() -> None:
    """`python -m tools.openapi` writes it anew."""
    assert (ROOT / "docs/openapi.json").read_text(encoding="utf-8") == written(document())


def test_the_description_says_who_may() -> None:
    described = json.loads(openapi_json())["paths"]

    for route in routes():
        operation = described[route.path][route.method.lower()]
        required = _requires(route)
        assert bool(operation["security"]) is (required is not None)
        if required is not None:
            assert f"`{required}`" in operation["description"]
            assert {"401", "403"} <= set(operation["responses"])


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("route", routes(), ids=str)
def test_a_role_gets_in_where_the_table_says_and_nowhere_else(
    route: Route, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S2: the answer past the door is a 500 here, since there is nothing behind it."""
    required = _requires(route)
    caller = Caller(TenantId("t"), UserId("u"), role)
    monkeypatch.setattr(route.app, "dependency_overrides", {services: _Nothing})
    path = route.path.format(flow_id="f", conversation_id="c", version="1.0", token="t")

    answer = Api(caller).call(route.method, path, route=route)

    may = required is None or required in PERMISSIONS[role]
    assert (answer.status == 403) is not may
    if required is not None and may:
        assert permitted(caller, required) is caller


class _Nothing:
    """Services of a process that has none."""


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = reference_page()
    inside = re.search(r'<script id="description"[^>]*>(.*?)</script>', page, re.DOTALL)

    assert inside is not None
    assert json.loads(inside[1]) == json.loads(openapi_json())
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", page)
    assert "innerHTML" not in page


def test_the_page_may_run_its_own_script_and_no_other() -> None:
    policy = page_headers(reference_page())["Content-Security-Policy"]

    assert re.search(r"script-src 'sha256-[\w+/=]+';", policy)
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")


def test_every_problem_of_the_description_can_be_jumped_to() -> None:
    problems = json.loads(openapi_json())["x-problems"]

    assert {problem["slug"] for problem in problems} == {
        page.stem for page in (ROOT / "docs/problems").glob("*.md")
    }


@pytest.mark.parametrize("route", routes(), ids=str)
def test_every_handler_is_a_function_first(route: Route) -> None:
    """It can be called with plain values: no event, no context, no patching."""
    module = importlib.import_module(route.module)

    assert callable(getattr(module, route.module.rpartition(".")[2]))
    assert callable(module.handler)
