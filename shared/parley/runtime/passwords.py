"""Passwords as argon2id hashes (RFC 9106), through argon2-cffi."""

import unicodedata
from functools import cached_property

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError

# OWASP Password Storage Cheat Sheet (2025): 46 MiB, one pass, one lane; one lane because a
# function's sandbox has at most one processor to itself.
MEMORY_KIB = 47_104
PASSES = 1
LANES = 1


class ArgonPasswords:
    """The port `Passwords`. A password is hashed whole, in Unicode's form NFKC."""

    def __init__(
        self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES, lanes: int = LANES
    ) -> None:
        self._hasher = PasswordHasher(
            time_cost=passes, memory_cost=memory_kib, parallelism=lanes, type=Type.ID
        )

    def hash(self, password: str) -> str:
        return self._hasher.hash(_bytes(password))

    def matches(self, password: str, password_hash: str | None) -> bool:
        """Raises argon2's own error for a hash that is none: that is no wrong password."""
        nobodys_hash = self._nobodys_hash
        against = nobodys_hash if password_hash is None else password_hash
        try:
            self._hasher.verify(against, _bytes(password))
        except VerifyMismatchError:
            return False
        return password_hash is not None

    def needs_rehash(self, password_hash: str) -> bool:
        return self._hasher.check_needs_rehash(password_hash)

    @cached_property
    def _nobodys_hash(self) -> str:
        """Made at the first log-in, whoever tries it: how long that takes says nothing."""
        return self._hasher.hash(b"what nobody's password is checked against")


def _bytes(password: str) -> bytes:
    """What is typed alike is alike, however a keyboard composes it; a lone surrogate is kept."""
    return unicodedata.normalize("NFKC", password).encode(errors="surrogatepass")
