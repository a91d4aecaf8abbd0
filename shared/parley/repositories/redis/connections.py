"""Who watches which conversation: open WebSocket connections, each registered for ten minutes.

`{tenant}:watchers:<conversation>` is a sorted set of connection ids by the time, in seconds of the
server's clock, at which they are forgotten; `{everybody}:connection:<id>` is the way back, a set of
those keys. A client's heartbeat registers it anew, so losing all this loses nothing for long.
"""

from collections.abc import Sequence
from typing import cast

from redis import Redis

from parley.domain.ids import ConversationId, TenantId
from parley.repositories.redis.client import answered
from parley.repositories.redis.keys import (
    CONNECTION_EXPIRY_S,
    connection_key,
    watchers_key,
)

MAX_WATCHERS = 50
"""Of one conversation; the newest stay. Each costs a request at every message."""

_WATCH = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[2])
"""
"""KEYS: the watchers. ARGV: connection, seconds until it is forgotten, how many may watch."""

_LIST = """
return redis.call('ZRANGE', KEYS[1], '(' .. redis.call('TIME')[1], '+inf', 'BYSCORE')
"""


class RedisConnections:
    """Registers and lists watchers. Every method raises Unavailable when Redis does not answer."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._watch = client.register_script(_WATCH)
        self._list = client.register_script(_LIST)

    def add(self, tenant_id: TenantId, conversation_id: ConversationId, connection_id: str) -> None:
        """Register for ten more minutes; repeating it is how a connection stays registered."""
        watchers, back = watchers_key(tenant_id, conversation_id), connection_key(connection_id)
        with answered():
            self._watch(keys=[watchers], args=[connection_id, CONNECTION_EXPIRY_S, MAX_WATCHERS])
            with self._client.pipeline(transaction=False) as pipeline:
                pipeline.sadd(back, watchers)
                pipeline.expire(back, CONNECTION_EXPIRY_S)
                pipeline.execute()

    def list(self, tenant_id: TenantId, conversation_id: ConversationId) -> Sequence[str]:
        """The connections that watch a conversation, the one to be forgotten first, first."""
        with answered():
            found = self._list(keys=[watchers_key(tenant_id, conversation_id)])
        return cast("list[str]", found)

    def remove(self, connection_id: str) -> None:
        """Forget a connection, whatever it watched; an unknown one is no error."""
        back = connection_key(connection_id)
        with answered():
            for watchers in cast("set[str]", self._client.smembers(back)):
                self._client.zrem(watchers, connection_id)
            self._client.delete(back)
