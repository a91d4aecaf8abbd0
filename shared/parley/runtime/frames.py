"""What a client says over an open connection: who said it, in what frame, and the answer to it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from parley.channels.web import Frame, parse
from parley.domain.access import Caller
from parley.domain.errors import PlatformError, TokenExpired, Unauthenticated
from parley.domain.json import JsonObject
from parley.runtime.callers import address_of, find_caller
from parley.runtime.chance import now
from parley.runtime.limits import USUAL
from parley.runtime.live import written
from parley.runtime.observability import Handler, count, logger, observed
from parley.runtime.wiring import Services, services


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
        return {"statusCode": 200} | ({"body": written(answer)} if answer else {})

    return handler


def _answer(event: Mapping[str, Any], function: Receive) -> JsonObject | None:
    context = event["requestContext"]
    request_id, connection_id = str(context["requestId"]), str(context["connectionId"])
    logger.append_keys(request_id=request_id, connection_id=connection_id)
    try:
        wired = services()
        caller = _proven(event)
        logger.append_keys(tenant_id=caller.tenant_id, role=caller.role)
        _require_fresh(caller, connection_id, wired)
        wired.limiter.take(USUAL, caller.tenant_id, caller, address_of(event))
        frame = parse(event.get("body") or "")
        return function(frame, Connection(connection_id, caller, request_id), wired)
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


def _require_fresh(caller: Caller, connection_id: str, wired: Services) -> None:
    """A connection may outlive its token: raises TokenExpired, and nothing is pushed to it."""
    if caller.expires_at and caller.expires_at <= now():
        wired.live.leave(connection_id)
        raise TokenExpired("the token has expired: connect with a new one")


def _told(error: PlatformError, request_id: str) -> JsonObject:
    from parley.runtime.problems import problem_of  # noqa: PLC0415 -- cold start: for errors only

    return {"event": "error", "problem": json.loads(problem_of(error, request_id).body or "{}")}
