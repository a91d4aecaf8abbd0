"""Services and what they stand on: the only module that knows both sides of every port.

Each member is made when it is first asked for, once a process, and imports what it needs then:
a function that queues a message never loads SQLAlchemy.
"""

from functools import cache, cached_property
from typing import TYPE_CHECKING

from parley.runtime.settings import Settings, settings

if TYPE_CHECKING:
    from redis import Redis

    from parley.runtime.limits import Limiter


class Services:
    """Everything a process may need."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def redis(self) -> "Redis":
        from parley.repositories.redis.client import redis_client  # noqa: PLC0415 -- cold start

        return redis_client(self.settings.redis_url)

    @cached_property
    def limiter(self) -> "Limiter":
        from parley.repositories.redis.rates import RedisRates  # noqa: PLC0415 -- cold start
        from parley.runtime.limits import Limiter  # noqa: PLC0415 -- cold start

        return Limiter(lambda tenant_id: RedisRates(self.redis, tenant_id))


@cache
def services() -> Services:
    """The process's own."""
    return Services(settings())
