"""What every test may ask for."""

from pathlib import Path

import pytest

from tests.cloud import (
    cloud,
    mongodb_server,
    mongodb_uri,
    postgres_owner_url,
    postgres_server,
    postgres_url,
    redis_url,
    servers_folder,
    valkey_server,
)
from tests.wired import wired

__all__ = [
    "cloud",
    "mongodb_server",
    "mongodb_uri",
    "postgres_owner_url",
    "postgres_server",
    "postgres_url",
    "redis_url",
    "servers_folder",
    "valkey_server",
    "wired",
]


PROPERTIES = Path(__file__).parent / "property"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the laptop cloud share one: they go to one worker, and can be chosen by marker.

    Coverage is not measured where thousands of examples would only run the same lines, slower.
    """
    for item in items:
        if item.path.is_relative_to(PROPERTIES):
            item.add_marker(pytest.mark.no_cover)
        if "cloud" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.cloud)
            item.add_marker(pytest.mark.xdist_group("cloud"))
