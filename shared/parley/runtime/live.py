"""Live updates through API Gateway's WebSocket API: pushing to connections, answering frames."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from aws_lambda_powertools.utilities.typing import LambdaContext

from parley.channels.web import Frame, parse
from parley.domain.access import Caller
from parley.domain.errors import PlatformError, Unauthenticated, Unavailable
from parley.domain.ids import ConversationId, TenantId, UserId
from parley.domain.json import JsonObject
from parley.runtime.callers import find_caller
from parley.runtime.observability import Handler, count, logger, observed
from parley.runtime.problems import problem_of
from parley.runtime.wiring import Services, services


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
    and lost: the client's next heartbeat brings it.
    """

    def __init__(self, endpoint: str, connections: Connections) -> None:
        self._endpoint = endpoint
        self._connections = connections

    def push(
        self, tenant_id: TenantId, conversation_id: ConversationId, payload: JsonObject
    ) -> int:
        watchers = self._connections.list(tenant_id, conversation_id)
        body = _written(payload).encode()
        return sum(self._post(connection_id, body) for connection_id in watchers)

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
        self._post(connection_id, _written(payload).encode())

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

        return client("apigatewaymanagementapi", self._endpoint)

    @cached_property
    def _failures(self) -> tuple[type[Exception], ...]:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 -- as above

        return BotoCoreError, ClientError


@dataclass(frozen=True, slots=True)
class Connection:
    """Who speaks: a connection, proven when it was made; `request_id` is this frame's."""

    id: str
    caller: Caller
    request_id: str


type Receive = Callable[[Frame, Connection, Services], JsonObject | None]
"""Answers one frame; None where there is nothing to say."""


def frame_handler(function: Receive) -> Handler:
    """What Lambda calls with a client's frame; every error is an answer, `{event: "error"}`."""

    @observed
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        del context
        answer = _answer(event, function)
        logger.info("frame.answered", kind=answer["event"] if answer else "nothing")
        count("FramesAnswered")
        return {"statusCode": 200} | ({"body": _written(answer)} if answer else {})

    return handler


def connection_handler(function: Callable[[str, Services], None]) -> Handler:
    """What Lambda calls when a connection has come or gone."""

    @observed
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        del context
        connection_id = str(event["requestContext"]["connectionId"])
        function(connection_id, services())
        logger.info("connection.changed", connection_id=connection_id)
        count("ConnectionsChanged")
        return {"statusCode": 200}

    return handler


def _answer(event: Mapping[str, Any], function: Receive) -> JsonObject | None:
    context = event["requestContext"]
    request_id, connection_id = str(context["requestId"]), str(context["connectionId"])
    logger.append_keys(request_id=request_id, connection_id=connection_id)
    try:
        caller = _proven(event)
        logger.append_keys(tenant_id=caller.tenant_id, role=caller.role)
        frame = parse(event.get("body") or "")
        return function(frame, Connection(connection_id, caller, request_id), services())
    except PlatformError as error:
        logger.info("frame.refused", code=error.code, reason=type(error).__name__)
        return _told(error, request_id)
    except Exception:  # noqa: BLE001 -- the outermost: what nobody foresaw is told, and logged
        logger.exception("frame.failed")
        return _told(PlatformError("something went wrong on our side"), request_id)


def _proven(event: Mapping[str, Any]) -> Caller:
    caller = find_caller(event)
    if caller is None:
        raise Unauthenticated("connect with a valid token")
    return caller


def _told(error: PlatformError, request_id: str) -> JsonObject:
    return {"event": "error", "problem": json.loads(problem_of(error, request_id).body or "{}")}


def _written(payload: JsonObject) -> str:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
