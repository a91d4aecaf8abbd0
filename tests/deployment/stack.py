"""template.yaml and functions/ as data, for the tests beside this file."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from parley.domain.json import Json, JsonObject
from tools.local.template import read_template

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "functions"
EVENTS = ROOT / "events"


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path of the REST API, path parameters in braces."""

    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Handler:
    """What a file below functions/ says about itself."""

    file: Path
    docstring: str
    source: str
    route: Route | None
    is_public: bool

    @property
    def name(self) -> str:
        """`flows/create_flow`."""
        return self.file.relative_to(FUNCTIONS).with_suffix("").as_posix()

    @property
    def logical_id(self) -> str:
        return "".join(part.capitalize() for part in self.file.stem.split("_"))

    @property
    def event_file(self) -> Path:
        return EVENTS / f"{self.name}.json"


@cache
def template() -> JsonObject:
    return read_template(ROOT / "template.yaml")


def resources(kind: str) -> dict[str, JsonObject]:
    """The properties of each resource of this type, by logical id."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template()["Resources"].items()
        if resource["Type"] == kind
    }


def functions() -> dict[str, JsonObject]:
    return resources("AWS::Serverless::Function")


def queues() -> dict[str, JsonObject]:
    return resources("AWS::SQS::Queue")


def routes_of(function: JsonObject) -> list[JsonObject]:
    """The properties of its REST API events."""
    events = function.get("Events", {}).values()
    return [event["Properties"] for event in events if event["Type"] == "Api"]


def consumers() -> dict[str, tuple[str, JsonObject]]:
    """The queue and the properties of the event of each function that consumes one."""
    return {
        name: (event["Properties"]["Queue"]["Fn::GetAtt"][0], event["Properties"])
        for name, function in functions().items()
        for event in function.get("Events", {}).values()
        if event["Type"] == "SQS"
    }


def timeout_s(function: JsonObject) -> int:
    timeout: int = function.get("Timeout", template()["Globals"]["Function"]["Timeout"])
    return timeout


@cache
def handlers() -> tuple[Handler, ...]:
    files = sorted(file for file in FUNCTIONS.rglob("*.py"))
    return tuple(_handler(file) for file in files)


def strings_in(value: Json) -> Iterator[str]:
    """Every text anywhere in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from strings_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings_in(part)


def _handler(file: Path) -> Handler:
    source = file.read_text()
    tree = ast.parse(source)
    decorated = [
        decorator
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).startswith("app.")
    ]
    return Handler(
        file=file,
        docstring=ast.get_docstring(tree) or "",
        source=source,
        route=_route(decorated[0]) if decorated else None,
        is_public="rest_api(requires=None" in source,
    )


def _route(decorator: ast.Call) -> Route:
    method = ast.unparse(decorator.func).removeprefix("app.").upper()
    path = ast.literal_eval(decorator.args[0])
    return Route(method, re.sub(r"<(\w+)>", r"{\1}", path))
