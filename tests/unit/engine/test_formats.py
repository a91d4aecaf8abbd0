from pathlib import Path
from typing import Any

import pytest

from parley.engine.formats import dump_flow, dump_json, load_flow

FLOWS = sorted((Path(__file__).parents[3] / "examples" / "flows").glob("*.yaml"))


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.name)
def test_an_example_survives_both_formats(path: Any) -> None:
    document = load_flow(path.read_text(encoding="utf-8"))
    assert load_flow(dump_flow(document)) == document
    assert load_flow(dump_json(document)) == document


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "no",
        "null",
        "~",
        "1",
        "1.5",
        "0x1f",
        "2026-01-05",
        "12:30",
        "",
        " a ",
        "a: b",
        "# a",
        "a\nb\n",
        "'",
        "é😀",
        "- a",
        "=",
        "<<",
        "on",
        "1_000",
        "0o17",
        "1e3",
        ".inf",
    ],
)
def test_a_text_that_looks_like_something_else_stays_a_text(text: str) -> None:
    document = {"states": [{"name": text, text or "empty": text}]}
    assert load_flow(dump_flow(document)) == document
    assert load_flow(dump_json(document)) == document


def test_an_anchor_may_be_written_twice_and_an_alias_means_the_one_before_it() -> None:
    assert load_flow("{a: &x 1, b: *x, c: &x 2, d: *x}") == {"a": 1, "b": 1, "c": 2, "d": 2}
