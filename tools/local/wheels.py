"""Programs that came in wheels, found without importing the wheels' own Python."""

from importlib.util import find_spec
from pathlib import Path

from tools.local.errors import CloudError


def program(package: str, pattern: str) -> Path:
    """The one file of an installed package that matches `pattern`, below the package's folder."""
    spec = find_spec(package)
    places = [] if spec is None else (spec.submodule_search_locations or [])
    found = [file for place in places for file in Path(place).glob(pattern)]
    if not found:
        raise CloudError(
            f"the package {package!r} has no {pattern!r} for this machine",
            remedy="run `make setup`",
        )
    return found[0]
