"""Bodies are read strictly: what passes can be stored anywhere."""

import base64
import json

import pytest

from parley.domain.errors import Fault
from parley.domain.strict_json import MAX_DEPTH
from parley.runtime.reading import (
    MAX_BODY_BYTES,
    BodyTooLarge,
    MalformedBody,
    MediaTypeUnsupported,
    body_text,
    read_object,
)


def faults_of(text: str) -> list[Fault]:
    with pytest.raises(MalformedBody) as error:
        read_object(text)
    return list(error.value.faults)


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"a": [1, 2.5, -0.0, True, False, None, "text"]},
        {"text": "tab\t, line\nends\r\n, é, 日本, \U0001f600, \u2028, \u00a0"},
        {"most": 2**63 - 1, "least": -(2**63) + 1},
        {"": {"": ""}},
    ],
)
def test_good_json_reads_as_it_was_written(value: dict[str, object]) -> None:
    assert read_object(json.dumps(value)) == value


def test_objects_may_be_as_deep_as_allowed_and_no_deeper() -> None:
    assert read_object(nested(MAX_DEPTH))

    (fault,) = faults_of(nested(MAX_DEPTH + 1))

    assert fault == Fault("/a" * MAX_DEPTH, "is nested more than 32 deep")


def test_nesting_that_would_break_the_parser_is_refused_whole() -> None:
    text = '{"a":' + "[" * 200_000 + "]" * 200_000 + "}"

    assert faults_of(text) == [Fault("", "is nested more than 32 deep")]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"a": [1, NaN]}', Fault("/a/1", "is NaN, which JSON does not have")),
        ('{"a": -Infinity}', Fault("/a", "is -Infinity, which JSON does not have")),
        ('{"a": 1e999}', Fault("/a", "is a number too large")),
        ('{"a": 9223372036854775808}', Fault("/a", "is an integer beyond 64 bits")),
        ('{"a": ' + "9" * 10_000 + "}", Fault("/a", "is an integer beyond 64 bits")),
        ('{"a": {"b": 1, "b": 2}}', Fault("/a/b", "stands there twice")),
        ('{"a": {"b": 1, "\\u0062": 2}}', Fault("/a/b", "stands there twice")),
        ('{"a": "x\\u0000y"}', Fault("/a", "has control characters")),
        ('{"a": "\\ud800"}', Fault("/a", "has control characters")),
        ('{"a/b~c": "\\u001b[0m"}', Fault("/a~1b~0c", "has control characters")),
        ('{"\\u0000": 1}', Fault("/\ufffd", "has control characters in its name")),
        ("[1]", Fault("", "must be an object")),
        ("null", Fault("", "must be an object")),
        ("NaN", Fault("", "is NaN, which JSON does not have")),
    ],
)
def test_what_json_has_no_place_for_is_named_with_its_place(text: str, fault: Fault) -> None:
    assert faults_of(text) == [fault]


def test_every_fault_is_told_at_once_up_to_twenty() -> None:
    assert faults_of('{"a": NaN, "b": ["\\u0000"]}') == [
        Fault("/a", "is NaN, which JSON does not have"),
        Fault("/b/0", "has control characters"),
    ]
    assert len(faults_of('{"a": [' + ",".join(["NaN"] * 100) + "]}")) == 20


def test_a_syntax_error_says_where() -> None:
    (fault,) = faults_of('{"a": 1,\n "b" 2}')

    assert fault == Fault("", "Expecting ':' delimiter at line 2, column 6")


def test_a_body_is_what_was_sent() -> None:
    text = '{"a":"日本"}'
    encoded = base64.b64encode(text.encode()).decode()

    assert body_text(None, is_base64=False, content_type="") == ""
    assert body_text(text, is_base64=False, content_type="application/json") == text
    assert (
        body_text(encoded, is_base64=True, content_type="application/json; charset=utf-8") == text
    )


@pytest.mark.parametrize(
    ("body", "is_base64"), [("\ud800", False), ("gA==", True), ("not base64!", True), ("é", True)]
)
def test_a_body_that_is_no_utf8_is_malformed(body: str, *, is_base64: bool) -> None:
    with pytest.raises(MalformedBody):
        body_text(body, is_base64=is_base64, content_type="")


def test_a_body_may_be_as_large_as_allowed_and_no_larger() -> None:
    """Counted in bytes: an umlaut has two."""
    assert body_text("a" * MAX_BODY_BYTES, is_base64=False, content_type="")

    with pytest.raises(BodyTooLarge):
        body_text("ä" * (MAX_BODY_BYTES // 2 + 1), is_base64=False, content_type="")


@pytest.mark.parametrize("content_type", ["text/plain", "application/jsonp", "multipart/form-data"])
def test_only_json_is_read(content_type: str) -> None:
    with pytest.raises(MediaTypeUnsupported):
        body_text("{}", is_base64=False, content_type=content_type)
