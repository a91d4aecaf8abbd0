"""The schema for editors says what the models say."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types

from parley.engine.check import check_flow
from parley.engine.formats import load_flow
from tests.unit.engine.test_check import EXAMPLES, SOUND, changed
from tools.flow_schema import DOCUMENT, flow_schema, written

FLOWS = [path for path in EXAMPLES if ".test." not in path.name]


def refused_at(flow: Any) -> set[str]:
    """The pointers, the deepest too, that the schema refuses."""
    validator = Draft202012Validator(json.loads(DOCUMENT.read_text()))
    todo = list(validator.iter_errors(flow))
    pointers = set()
    while todo:
        error = todo.pop()
        pointers.add("".join(f"/{part}" for part in error.absolute_path))
        todo += error.context or []
    return pointers


def test_the_schema_is_current() -> None:
    assert DOCUMENT.read_text() == written(flow_schema()), "run `python -m tools.flow_schema`"


def test_the_schema_is_one_of_json_schema_2020_12() -> None:
    schema = json.loads(DOCUMENT.read_text())
    assert schema["$schema"].endswith("2020-12/schema")
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.name)
def test_the_schema_lets_the_examples_through(path: Any) -> None:
    assert refused_at(load_flow(path.read_text())) == set()


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/states/0/type", "respnse"),
        ("/states/0/config/delay_ms", 10_001),
        ("/states/0/transitions/0/condition", "any_inptu"),
        ("/states/1/config/required_slots", []),
        ("/schema", "parley/2"),
        ("/slots/n/type", "text"),
    ],
)
def test_the_schema_and_the_check_refuse_the_same(pointer: str, value: Any) -> None:
    flow = changed(pointer, value)
    assert any(pointer.startswith(at) and at for at in refused_at(flow))
    assert any(d.code.startswith("schema.") for d in check_flow(flow))


def test_the_schema_tells_editors_what_to_complete() -> None:
    schema = json.loads(DOCUMENT.read_text())
    kinds = schema["$defs"]["State"]["discriminator"]["mapping"]
    assert set(kinds) >= {"response", "intent", "slot_filling", "wait", "end", "error"}
    assert len(schema["$defs"]["Condition"]["enum"]) == 12
    assert all("description" in schema["$defs"][ref.rpartition("/")[2]] for ref in kinds.values())
    assert refused_at(SOUND) == set()
