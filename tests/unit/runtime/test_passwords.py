"""argon2id, with quick settings."""

import statistics
import time

import pytest
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from parley.runtime.passwords import LANES, MEMORY_KIB, PASSES, ArgonPasswords

QUICK = ArgonPasswords(memory_kib=64)

NAUGHTY = [
    "undefined null NaN",
    "'; DROP TABLE users; --",
    "<script>alert(1)</script>",
    "パスワードは秘密です、本当に",
    "كلمة السر الطويلة جدا",
    "👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦",
    "Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤",
    "\0\1\2\x1b[31m\r\n\t      ",
    "%s%s%s%n%p{{7*7}}${7*7}",
    "a" * 128,
    "\ud800 alone \udfff",
]


@pytest.mark.parametrize("password", NAUGHTY)
def test_a_password_of_any_characters_matches_its_hash_and_no_other(password: str) -> None:
    password_hash = QUICK.hash(password)

    assert QUICK.matches(password, password_hash)
    assert not QUICK.matches(password + " ", password_hash)
    assert not QUICK.matches(password[:-1], password_hash)


def test_passwords_alike_in_their_first_72_bytes_differ() -> None:
    """bcrypt, which the seeds name, would hold them equal."""
    stem = "x" * 72

    assert not QUICK.matches(stem + "b", QUICK.hash(stem + "a"))
    assert not QUICK.matches(stem, QUICK.hash(stem + "a"))


def test_what_is_typed_alike_is_alike_however_it_is_composed() -> None:
    assert QUICK.matches("cafe\u0301 au lait", QUICK.hash("caf\u00e9 au lait"))


def test_against_no_hash_nothing_matches() -> None:
    assert not QUICK.matches("what nobody's password is checked against", None)


def test_a_broken_hash_is_not_a_wrong_password() -> None:
    for broken in ("$argon2id$broken", "broken", ""):
        with pytest.raises((InvalidHashError, VerificationError)) as error:
            QUICK.matches("any password", broken)
        assert not isinstance(error.value, VerifyMismatchError)


def test_the_same_password_has_another_hash_each_time() -> None:
    assert QUICK.hash("any password") != QUICK.hash("any password")


def test_todays_settings_are_those_advised_and_weaker_ones_are_noticed() -> None:
    assert (MEMORY_KIB, PASSES, LANES) == (47_104, 1, 1)
    assert QUICK.hash("x").startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert ArgonPasswords().needs_rehash(QUICK.hash("x"))
    assert not QUICK.needs_rehash(QUICK.hash("x"))


def test_an_unknown_user_takes_as_long_as_a_wrong_password() -> None:
    """Medians within a quarter: this machine is shared; the work itself is the very same."""
    passwords = ArgonPasswords(memory_kib=16_384)
    known = passwords.hash("a password")
    passwords.matches("warm", None)

    def median_s(password_hash: str | None) -> float:
        times = []
        for _ in range(15):
            started = time.process_time()
            passwords.matches("a wrong password", password_hash)
            times.append(time.process_time() - started)
        return statistics.median(times)

    assert median_s(None) == pytest.approx(median_s(known), rel=0.25)
