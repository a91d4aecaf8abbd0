"""JSON with one meaning, from systems we do not trust."""

import pytest

from parley.channels.strict_json import NotJson, parsed
from parley.domain.json import Json


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, 2.5, "x", null, true]}', {"a": [1, 2.5, "x", None, True]}),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b"9223372036854775807", 2**63 - 1),
        (b"-9223372036854775807", 1 - 2**63),
        (b"0", 0),
        (b"[" * 32 + b"]" * 32, None),
    ],
)
def test_json_means_what_it_says(body: bytes, value: Json) -> None:
    assert value is None or parsed(body) == value


def test_an_integer_past_64_bits_becomes_a_float() -> None:
    found = parsed(b"[9223372036854775808, 123456789012345678901234567890]")

    assert found == [9223372036854775808.0, 1.2345678901234568e29]
    assert [type(number) for number in found] == [float, float]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e999",
        b"[1e400]",
        b"9" * 400,
        b"9" * 5_000,
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'"\\ud800"',
        b'{"\\udfff": 1}',
        b'"\\u0000"',
        b'{"a\\u0000": 1}',
        b'"\xff"',
        "\ufeff{}".encode(),
        '"x"'.encode("utf-16"),
        b"[" * 33 + b"]" * 33,
        b"[" * 200_000,
        b'{"a":' * 200_000,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_anything_else_is_no_json(body: bytes) -> None:
    with pytest.raises(NotJson):
        parsed(body)
