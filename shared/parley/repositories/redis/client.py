"""One connection pool a process, impatient: a cache that is slow is a cache that is away."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from parley.domain.errors import Unavailable

TIMEOUT_S = 0.5
"""For connecting, and for each answer."""


def redis_client(url: str) -> Redis:
    """A client that gives up after half a second and reconnects once when a connection was cut."""
    return Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 1),
        health_check_interval=30,
    )


@contextmanager
def answered() -> Iterator[None]:
    """Turns what the client raises into Unavailable, so that no vendor's error passes."""
    try:
        yield
    except RedisError as error:
        raise Unavailable("the cache did not answer") from error


def probe(client: Redis) -> None:
    """Asks the least there is to ask. Raises Unavailable."""
    with answered():
        client.ping()
