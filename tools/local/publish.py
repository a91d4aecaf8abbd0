"""Put a flow document live, through the API."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from parley.domain.json import JsonObject
from tools.local.api import Api, ApiRefused
from tools.local.errors import CloudError


@dataclass(frozen=True, slots=True)
class Published:
    """A flow that is live."""

    flow_id: str
    name: str
    version: str


def draft_of(file: Path) -> JsonObject:
    """A flow and, if there are any beside it, its tests: `shop.test.yaml` beside `shop.yaml`.

    Raises CloudError for what cannot be read.
    """
    draft = {"source": _read(file)}
    tests = file.with_suffix(".test.yaml")
    return {**draft, "tests": _read(tests)} if tests.exists() else draft


def publish(api: Api, draft: JsonObject) -> Published:
    """Make a flow of this, or a new version of the flow of its name, and publish it.

    Raises ApiRefused, which names each fault of the document, and each test that fails if the flow
    demands that they pass.
    """
    try:
        flow_id = api.post("/flows", draft)["id"]
        version = None
    except ApiRefused as error:
        if error.status != HTTPStatus.CONFLICT:
            raise
        flow_id = _id_of(api, draft["source"])
        version = api.post(f"/flows/{flow_id}/versions", draft)["version"]
    chosen = {} if version is None else {"version": version}
    flow = api.post(f"/flows/{flow_id}/publish", chosen)
    return Published(flow["id"], flow["name"], flow["active_version"])


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CloudError(f"cannot read {file}: {error}") from None


def _id_of(api: Api, source: str) -> str:
    """The id of the flow that has the document's name."""
    from parley.engine.formats import load_flow  # noqa: PLC0415 -- only for a flow's second version

    name = load_flow(source)["name"]
    for flow in _flows(api):
        if flow["name"] == name:
            return str(flow["id"])
    raise CloudError(f"the API says that the flow {name!r} exists, and does not list it")


def _flows(api: Api) -> Iterator[JsonObject]:
    cursor = None
    while True:
        page = api.get("/flows?limit=100" + ("" if cursor is None else f"&cursor={cursor}"))
        yield from page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return
