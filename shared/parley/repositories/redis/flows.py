"""Copies of published flow versions: they never change, so no copy is ever stale."""

from typing import cast

from redis import Redis

from parley.domain.conversations import FlowPin
from parley.domain.ids import TenantId
from parley.repositories.redis.client import answered
from parley.repositories.redis.keys import FLOW_EXPIRY_S, flow_key


class RedisFlowCache:
    """`FlowCache` in Redis: JSON text under tenant, flow and version."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    def find(self, tenant_id: TenantId, pin: FlowPin) -> str | None:
        with answered():
            return cast("str | None", self._client.get(flow_key(tenant_id, pin)))

    def put(self, tenant_id: TenantId, pin: FlowPin, text: str) -> None:
        with answered():
            self._client.set(flow_key(tenant_id, pin), text, ex=FLOW_EXPIRY_S)
