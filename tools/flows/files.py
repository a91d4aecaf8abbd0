"""Flows and tests of flows, read from files."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from parley.domain.errors import FlowInvalid, Invalid
from parley.domain.flows import Diagnostic, FlowDocument
from parley.domain.json import JsonObject
from parley.engine.check import check_flow, has_errors
from parley.engine.checks.surroundings import CalledFlow, Surroundings
from parley.engine.formats import Loaded, Unreadable, load
from parley.engine.program import Program
from parley.engine.scripts import Script, script_from_json
from parley.engine.services import Flows, Runnable
from parley.services.ports.programs import Matcher
from parley.services.programs import built
from tools.local.errors import CloudError

_SHAPE = ("schema.", "name.", "flow.unreadable")
"""What the codes of errors begin with that leave no document to run."""


@dataclass(frozen=True, slots=True)
class FlowFile:
    """A flow that can be run."""

    path: Path
    text: str
    raw: JsonObject
    document: FlowDocument
    program: Program
    matcher: Matcher


def read_text(path: Path) -> str:
    """Raises CloudError."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CloudError(f"cannot read {path}: {error}") from None


def read_flow(path: Path, *, with_errors: bool = False) -> FlowFile:
    """Raises CloudError with every error that the check finds.

    `with_errors` reads a faulty flow too, if it can be run at all: to see its faults at work.
    """
    text = read_text(path)
    found = check_flow(text)
    is_misshapen = any(each.code.startswith(_SHAPE) for each in found)
    if is_misshapen or (has_errors(found) and not with_errors):
        errors = [line_of(path, each) for each in found if each.severity == "error"]
        raise CloudError("\n".join([f"{path} has errors:", *errors]))
    raw = load(text).value
    if not isinstance(raw, dict):
        raise CloudError(f"{path}: a flow is an object")
    try:
        loaded = built(raw)
    except FlowInvalid as error:
        raise CloudError(f"{path}: {error}") from error
    return FlowFile(path, text, raw, loaded.document, loaded.program, loaded.matcher)


def neighbours(texts: Collection[str]) -> Callable[[frozenset[str]], Surroundings]:
    """What finds the flows that one of these calls among the others, for `check_flow`.

    A called flow that none of them is may well be somewhere else: it passes. The others are read
    once one of them calls any.
    """

    @cache
    def known() -> dict[str, CalledFlow]:
        found: dict[str, CalledFlow] = {}
        for text in texts:
            try:
                raw = load(text).value
            except Unreadable:
                continue
            called = CalledFlow.read(raw)
            if called is not None:
                found[raw["name"]] = called
        return found

    return lambda names: Surroundings(flows={name: known().get(name) for name in names})


def read_called(path: Path, script: Script) -> Flows:
    """The flows that a file of tests names beside its own, by their names. Raises CloudError."""
    files = [read_flow(path.parent / name) for name in script.flows]
    found = {each.document.name: Runnable(each.program, each.matcher.classify) for each in files}
    return found.get


def read_script(path: Path) -> tuple[Script, Loaded]:
    """Tests, and the places of all that is written. Raises CloudError."""
    try:
        loaded = load(read_text(path))
    except Unreadable as error:
        raise CloudError(f"{path}:{error.place.line if error.place else 1}: {error}") from error
    try:
        return script_from_json(loaded.value), loaded
    except Invalid as error:
        faults = [
            f"{place_of(path, loaded, each.pointer)}: {each.message}" for each in error.faults
        ]
        raise CloudError("\n".join([str(error), *faults])) from error


def place_of(path: Path, loaded: Loaded, pointer: str) -> str:
    """`file:line:column` of a value, or of the nearest one around it."""
    while pointer and pointer not in loaded.places:
        pointer = pointer.rpartition("/")[0]
    place = loaded.places.get(pointer)
    return f"{path}:{place.line}:{place.column}" if place else str(path)


def line_of(path: Path, found: Diagnostic) -> str:
    """A finding as compilers write theirs, so that editors jump to it."""
    place = f"{path}:{found.line or 1}:{found.column or 1}"
    return f"{place}: {found.severity} {found.code}: {found.message}"
