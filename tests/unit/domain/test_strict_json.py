"""JSON with one meaning, from systems we do not trust."""

import pytest

from parley.domain.errors import Fault
from parley.domain.json import Json
from parley.domain.strict_json import NotJson, read_json


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
    assert value is None or read_json(body, is_foreign=True) == value


def test_a_foreign_integer_past_64_bits_becomes_a_float() -> None:
    found = read_json(b"[9223372036854775808, 123456789012345678901234567890]", is_foreign=True)

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
    for is_foreign in (True, False):
        with pytest.raises(NotJson) as error:
            read_json(body, is_foreign=is_foreign)
        assert error.value.faults


@pytest.mark.parametrize("text", ["a\\u001bb", "a\\u007fb", "a\\fb", "a\\bb"])
def test_what_a_foreign_system_says_may_have_control_characters(text: str) -> None:
    read_json(f'"{text}"', is_foreign=True)

    with pytest.raises(NotJson) as error:
        read_json(f'{{"said": "{text}"}}')
    assert error.value.faults == (Fault("/said", "has control characters"),)


def test_the_first_fault_is_in_the_words_with_its_place() -> None:
    with pytest.raises(NotJson, match=r"^/a/1 is NaN, which JSON does not have$"):
        read_json('{"a": [1, NaN]}')
