"""What callers are proven with: the adapters of access, each made when it is first asked for."""

# ruff: noqa: PLC0415 -- cold start: a function loads what it uses
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parley.repositories.postgres.access import PostgresApiKeys, PostgresSessions
    from parley.repositories.postgres.organizations import PostgresOrganizations
    from parley.repositories.postgres.users import PostgresUsers
    from parley.runtime.passwords import ArgonPasswords
    from parley.runtime.tokens import SignedTokens
    from parley.runtime.wiring import Stores
    from parley.services.logins import CountingLoginGuard


class Proofs:
    """`AccessPorts`: whoever brings a signed token is proven without any store."""

    def __init__(self, stores: "Stores") -> None:
        self._stores = stores

    @cached_property
    def users(self) -> "PostgresUsers":
        from parley.repositories.postgres.users import PostgresUsers

        return PostgresUsers(self._stores.database)

    @cached_property
    def sessions(self) -> "PostgresSessions":
        from parley.repositories.postgres.access import PostgresSessions

        return PostgresSessions(self._stores.database)

    @cached_property
    def api_keys(self) -> "PostgresApiKeys":
        from parley.repositories.postgres.access import PostgresApiKeys

        return PostgresApiKeys(self._stores.database)

    @cached_property
    def organizations(self) -> "PostgresOrganizations":
        from parley.repositories.postgres.organizations import PostgresOrganizations

        return PostgresOrganizations(self._stores.database)

    @cached_property
    def passwords(self) -> "ArgonPasswords":
        return self._stores.passwords

    @cached_property
    def tokens(self) -> "SignedTokens":
        from parley.runtime.tokens import SignedTokens

        return SignedTokens(self._stores.settings.token_keys)

    @cached_property
    def guard(self) -> "CountingLoginGuard":
        from parley.repositories.redis.keys import EVERYBODY
        from parley.repositories.redis.rates import RedisRates
        from parley.services.logins import CountingLoginGuard

        return CountingLoginGuard(RedisRates(self._stores.redis, EVERYBODY))
