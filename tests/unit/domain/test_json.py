"""How deep and how large a JSON value is."""

import pytest

from parley.domain.json import Json, is_within


def nested(depth: int, inside: Json = 1) -> Json:
    value = inside
    for n in range(depth):
        value = [value] if n % 2 else {"a": value}
    return value


@pytest.mark.parametrize("depth", [1, 2, 20, 32])
@pytest.mark.parametrize("inside", [1, "text", None])
def test_objects_and_arrays_may_be_so_deep_and_no_deeper(depth: int, inside: Json) -> None:
    assert is_within(nested(depth, inside), depth=depth, values=100)
    assert not is_within(nested(depth + 1, inside), depth=depth, values=100)
    assert not is_within(nested(depth, []), depth=depth, values=100)


def test_nothing_is_too_deep_to_be_judged() -> None:
    assert not is_within(nested(100_000), depth=32, values=10**6)


@pytest.mark.parametrize("value", [[1, 2, 3, 4], {"a": [1, 2], "b": None}, [[], {}, [[]]]])
def test_every_value_counts_and_so_does_the_whole(value: Json) -> None:
    assert is_within(value, depth=5, values=5)
    assert not is_within(value, depth=5, values=4)


@pytest.mark.parametrize("value", [1, "text", None, True])
def test_a_plain_value_has_no_depth(value: Json) -> None:
    assert is_within(value, depth=0, values=1)
    assert not is_within(value, depth=0, values=0)
