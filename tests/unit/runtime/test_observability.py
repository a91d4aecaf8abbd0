"""Log lines are one JSON object each, and hold nothing about people."""

import json
import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest

from parley.runtime.observability import SafeFormatter, logger

CANARY = "ada@example.com"
NASTY = ['\r\n{"level":"FORGED"}', "\x1b[31mred", "\u2028", '","forged":"1', "\x00", "\ud800"]


@pytest.fixture
def lines() -> Iterator[StringIO]:
    """What the logger `parley` writes."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(SafeFormatter())
    root = logging.getLogger("parley")
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


def last(lines: StringIO) -> dict[str, Any]:
    *_, line = lines.getvalue().splitlines()
    parsed: dict[str, Any] = json.loads(line)
    return parsed


def test_a_line_says_what_happened_to_what(lines: StringIO) -> None:
    logger.info("flow.published", flow_id="f-1", version="1.0", ms=1.5, count=2)

    line = last(lines)
    assert line["message"] == "flow.published"
    assert (line["flow_id"], line["version"], line["ms"], line["count"]) == ("f-1", "1.0", 1.5, 2)
    assert line["timestamp"].endswith("+00:00")


def test_modules_below_log_through_the_standard_library(lines: StringIO) -> None:
    logging.getLogger("parley.services.turns").warning("turn.failed", extra={"turn_id": "t-1"})

    assert (last(lines)["message"], last(lines)["turn_id"]) == ("turn.failed", "t-1")


def test_a_field_that_is_not_on_the_list_is_dropped(lines: StringIO) -> None:
    logger.info("user.added", email=CANARY, text=CANARY, flow_id="f-1")

    assert CANARY not in lines.getvalue()
    assert last(lines)["flow_id"] == "f-1"


def test_a_sentence_in_the_place_of_an_event_is_dropped(lines: StringIO) -> None:
    logger.info(f"sent to {CANARY}")

    assert last(lines)["message"] == "log.unnamed"
    assert CANARY not in lines.getvalue()


def test_an_exception_tells_where_and_not_what(lines: StringIO) -> None:
    try:
        int(CANARY)
    except ValueError:
        logger.exception("request.failed")

    line = last(lines)
    assert line["exception_name"] == "ValueError"
    assert line["stack_trace"][-1].endswith("test_an_exception_tells_where_and_not_what")
    assert CANARY not in lines.getvalue()


@pytest.mark.parametrize("nasty", NASTY)
def test_nobody_can_forge_a_line(lines: StringIO, nasty: str) -> None:
    logger.info("thing.done", reason=nasty, kind=nasty)

    assert len(lines.getvalue().splitlines()) == 1
    assert "forged" not in last(lines)


def test_a_line_names_the_trace_that_lambda_is_in(
    monkeypatch: pytest.MonkeyPatch, lines: StringIO
) -> None:
    """Lambda itself records the trace; the line leads to it."""
    root = "1-5759e988-bd862e3fe1be46a994272793"
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={root};Parent=53995c3f42cd8ad8;Sampled=1")

    logger.info("thing.done")

    assert last(lines)["xray_trace_id"] == root


def test_a_long_value_is_cut(lines: StringIO) -> None:
    logger.info("thing.done", reason="x" * 10_000)

    assert len(last(lines)["reason"]) == 200
