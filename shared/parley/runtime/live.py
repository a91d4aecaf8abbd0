"""Live updates through API Gateway's WebSocket API: who is connected, and pushing to them."""

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Protocol

from aws_lambda_powertools.utilities.typing import LambdaContext

from parley.domain.errors import Unavailable
from parley.domain.ids import ConversationId, TenantId, UserId
from parley.domain.json import JsonObject
from parley.runtime.chance import stopwatch as monotonic
from parley.runtime.observability import Handler, count, logger, observed
from parley.runtime.wiring import Services, services

PUSH_WITHIN_S = 3.0
"""No watcher is told after so long: whoever pushes has other things to do."""
ANSWER_WITHIN_S = 2
"""What one connection's post may take; it is not tried again."""
PAUSE_S = 10.0
"""For so long nobody is told anything, after a push that came too late."""


class Connections(Protocol):
    """Where it is registered who watches; each method may raise Unavailable."""

    def add(
        self, tenant_id: TenantId, conversation_id: ConversationId, connection_id: str
    ) -> None: ...

    def list(self, tenant_id: TenantId, conversation_id: ConversationId) -> Sequence[str]: ...

    def remove(self, connection_id: str) -> None: ...


class ApiGatewayLive:
    """The port `Live`: connections that API Gateway holds open.

    `endpoint` is where its management API answers. What cannot be told to one connection is logged
    and lost: the client's next heartbeat brings it. The same is true of all when the API hangs:
    a push takes six seconds at most, and the next ones are left out for a while.
    """

    def __init__(
        self,
        endpoint: str,
        connections: Connections,
        *,
        stopwatch: Callable[[], float] = monotonic,
    ) -> None:
        self._endpoint = endpoint
        self._connections = connections
        self._stopwatch = stopwatch
        self._paused_until = 0.0

    def push(
        self, tenant_id: TenantId, conversation_id: ConversationId, payload: JsonObject
    ) -> int:
        began = self._stopwatch()
        if began < self._paused_until:
            raise Unavailable("live updates come late: they pause")
        watchers = self._connections.list(tenant_id, conversation_id)
        body = written(payload).encode()
        reached = 0
        for connection_id in watchers:
            if self._stopwatch() - began >= PUSH_WITHIN_S:
                self._paused_until = self._stopwatch() + PAUSE_S
                logger.warning("push.late", reached=reached, watchers=len(watchers))
                raise Unavailable("live updates come late: not every watcher was told")
            reached += self._post(connection_id, body)
        return reached

    def subscribe(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        *,
        connection_id: str,
        user_id: UserId,
    ) -> None:
        del user_id  # whoever may see the conversation may watch it
        self._connections.add(tenant_id, conversation_id, connection_id)

    def disconnect(self, connection_id: str) -> None:
        self._connections.remove(connection_id)

    def reply(self, connection_id: str, payload: JsonObject) -> None:
        self._post(connection_id, written(payload).encode())

    def _post(self, connection_id: str, body: bytes) -> bool:
        try:
            self._gateway.post_to_connection(ConnectionId=connection_id, Data=body)
        except self._gateway.exceptions.GoneException:
            self._forget(connection_id)
        except self._failures as error:
            logger.warning("push.lost", connection_id=connection_id, reason=type(error).__name__)
        else:
            return True
        return False

    def _forget(self, connection_id: str) -> None:
        try:
            self._connections.remove(connection_id)
        except Unavailable:
            logger.info("connection.unforgotten", connection_id=connection_id)

    @cached_property
    def _gateway(self) -> Any:  # noqa: ANN401 -- boto3 makes its classes as it runs
        from parley.runtime.aws import client  # noqa: PLC0415 -- boto3, for those who push

        return client(
            "apigatewaymanagementapi",
            self._endpoint,
            answers_within_s=ANSWER_WITHIN_S,
            tries=1,
        )

    @cached_property
    def _failures(self) -> tuple[type[Exception], ...]:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 -- as above

        return BotoCoreError, ClientError


def connection_handler(function: Callable[[str, Services], None]) -> Handler:
    """What Lambda calls when a connection has come or gone."""

    @observed
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        del context
        connection_id = str(event["requestContext"]["connectionId"])
        count("ConnectionsChanged")
        function(connection_id, services())
        logger.info("connection.changed", connection_id=connection_id)
        return {"statusCode": 200}

    return handler


def written(payload: JsonObject) -> str:
    """How everything is written that goes over a connection."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
