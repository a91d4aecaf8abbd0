"""Refresh tokens and API keys as texts, and cursors, which are texts too."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.cursors import checked_limit, decode_cursor, encode_cursor
from parley.domain.errors import Invalid
from parley.domain.events import event_ordinal
from parley.domain.ids import TenantId
from parley.domain.tokens import (
    hashed,
    new_api_key,
    parsed_api_key,
    parsed_refresh_token,
    refresh_token,
)
from tests.tenants import NOW

secrets = st.binary(min_size=32, max_size=32)


@given(tenant=st.uuids(), secret=secrets)
def test_a_refresh_token_says_whose_it_is(tenant: object, secret: bytes) -> None:
    text = refresh_token(TenantId(str(tenant)), secret)

    assert parsed_refresh_token(text) == (str(tenant), secret)
    assert text.startswith("rt_")


@given(text=st.text() | st.text().map("rt_".__add__))
def test_no_text_breaks_the_parsers(text: str) -> None:
    assert parsed_refresh_token(text) is None
    assert parsed_api_key(text) is None
    with pytest.raises(Invalid):
        decode_cursor(text, str, int, str)


@given(public=secrets, secret=secrets)
def test_a_key_is_read_as_it_was_made(public: bytes, secret: bytes) -> None:
    text, prefix, secret_hash = new_api_key(public, secret)

    assert parsed_api_key(text) == (prefix, secret_hash)
    assert text.startswith(f"ck_live_{prefix}_")
    assert len(prefix) == 8
    assert len(text) == 66
    assert text.replace("_", "").isalnum()


@given(first=secrets, second=secrets)
def test_different_secrets_make_different_keys(first: bytes, second: bytes) -> None:
    """256 bits fit into 43 digits of base 62: nothing of them is cut off."""
    one, other = new_api_key(bytes(32), first), new_api_key(bytes(32), second)

    assert (one == other) == (first == second)


def test_a_hash_is_sha_256() -> None:
    assert hashed(b"abc").hex().startswith("ba7816bf8f01cfea")


def test_a_cursor_gives_back_what_it_was_made_of() -> None:
    assert decode_cursor(encode_cursor("é", 7, NOW), str, int, type(NOW)) == ["é", 7, NOW]


@pytest.mark.parametrize(
    "parts", [["x"], ["x", 1, 2], [1, "x"], ["x", True], ["x", 1.0], ["x", None], {"x": 1}, "x1"]
)
def test_a_cursor_of_other_parts_is_refused(parts: object) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")

    with pytest.raises(Invalid) as error:
        decode_cursor(cursor, str, int)
    assert [fault.pointer for fault in error.value.faults] == ["/cursor"]


@pytest.mark.parametrize("number", [-1, 2**53 + 1, 2**63, 2**70])
def test_a_number_that_no_list_can_have_is_refused(number: int) -> None:
    with pytest.raises(Invalid):
        decode_cursor(encode_cursor(number), int)
    assert decode_cursor(encode_cursor(2**53), int) == [2**53]


@pytest.mark.parametrize("text", ["a\x00", "\ud800", "\x1b"])
def test_a_text_that_no_store_takes_is_refused(text: str) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps([text]).encode()).decode()

    with pytest.raises(Invalid):
        decode_cursor(cursor, str)


def test_an_instant_is_given_in_utc() -> None:
    (instant,) = decode_cursor(encode_cursor("2026-01-01T01:30:00+01:30"), type(NOW))

    assert instant.isoformat() == "2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    "text",
    [
        *("2026-01-01", "2026-01-01T00:00:00", "yesterday", ""),
        *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
    ],
)
def test_an_instant_without_a_zone_or_out_of_time_is_no_instant(text: str) -> None:
    with pytest.raises(Invalid):
        decode_cursor(encode_cursor(text), type(NOW))


@pytest.mark.parametrize(
    "cursor", ["A" * 2_001, "é", "====", base64.b64encode(b"[" * 900).decode()]
)
def test_a_cursor_that_was_never_given_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid):
        decode_cursor(cursor, str)


@pytest.mark.parametrize("limit", [0, -1, 101, 10**9])
def test_a_page_has_1_to_100_items(limit: int) -> None:
    with pytest.raises(Invalid):
        checked_limit(limit)
    assert [checked_limit(1), checked_limit(100)] == [1, 100]


@pytest.mark.parametrize(
    ("event_id", "ordinal"),
    [
        ("t:0", 0),
        ("t:12", 12),
        ("a:b:3", 3),
        ("t", 0),
        ("t:x", 0),
        ("t:²", 0),
        ("t:" + "9" * 10, 0),
    ],
)
def test_the_place_of_an_event_in_its_turn_is_read_from_its_id(event_id: str, ordinal: int) -> None:
    assert event_ordinal(event_id) == ordinal
