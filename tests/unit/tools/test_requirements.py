"""What is installed is locked by content, alike everywhere, and never by where it came from."""

import re
from pathlib import Path

import pytest

from tools.local.places import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
LAYER = ROOT / "layers" / "dependencies" / "requirements.txt"
_PIN = re.compile(r"^(?P<name>[a-z0-9.-]+)(?:\[[^]]*\])?==(?P<version>[^ ;\\]+)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def pins(lock: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Each package's version and hashes."""
    text = lock.read_text()
    starts = list(_PIN.finditer(text))
    ends = [*(found.start() for found in starts[1:]), len(text)]
    return {
        found["name"]: (found["version"], frozenset(_HASH.findall(text[found.start() : end])))
        for found, end in zip(starts, ends, strict=True)
    }


@pytest.mark.parametrize("lock", [*LOCKS, LAYER], ids=lambda lock: lock.name)
def test_every_package_is_pinned_by_hash(lock: Path) -> None:
    locked = pins(lock)

    assert locked
    assert [name for name, (_, hashes) in locked.items() if not hashes] == []


@pytest.mark.parametrize("lock", [*LOCKS, LAYER], ids=lambda lock: lock.name)
def test_no_lock_says_where_packages_come_from(lock: Path) -> None:
    assert re.findall(r"(?m)^--|://|file:|--index|--find-links", lock.read_text()) == []


def test_functions_run_with_the_very_packages_that_are_tested() -> None:
    tested = pins(ROOT / "requirements" / "dev.txt")

    other = {name: pin for name, pin in pins(LAYER).items() if tested.get(name) != pin}

    assert other == {}


@pytest.mark.parametrize("name", ["bootstrap", "dev", "sam", "node"])
def test_every_package_asked_for_is_locked(name: str) -> None:
    folder = ROOT / "requirements"
    asked = (folder / f"{name}.in").read_text()
    wanted = re.findall(r"(?m)^([A-Za-z0-9_.-]+)", asked)

    locked = pins(folder / f"{name}.txt")

    assert [
        package
        for package in wanted
        if package.lower().replace(".", "-") not in locked and package != "-r"
    ] == []
