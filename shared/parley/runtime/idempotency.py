"""`Idempotency-Key`: the same request again gives the first answer again, for 24 hours.

Powertools' idempotency keeps the record: in progress while the first request runs, then with its
answer. Only answers below 400 are kept; whoever was refused may mend the request and use the key
again. The record knows its request by a hash of method, path and body. Without Redis a request
runs unprotected, which is logged; sends and starts are safe then, too: their ids come from the key.
"""

import hashlib
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from aws_lambda_powertools.utilities.typing import LambdaContext

from parley.domain.access import Caller
from parley.domain.errors import Conflict, Fault, Invalid, StillRunning
from parley.domain.json import JsonObject
from parley.repositories.redis.keys import IDEMPOTENCY_EXPIRY_S, idempotency_prefix
from parley.runtime.observability import count, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.idempotency.persistence.cache import (
        CacheClientProtocol,
        CachePersistenceLayer,
    )
    from redis import Redis

_KEY = re.compile(r"[\x21-\x7e]{1,128}")


class _NotKept(Exception):
    """Has Powertools drop the record: the answer is given and forgotten."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """A request under a key; `fingerprint` is the same for the same request only."""

    caller: Caller
    key: str
    fingerprint: str


def keyed(caller: Caller, key: str, *request: str) -> Keyed:
    """The request that `request` spells out, under a key its sender gave.

    Raises Invalid unless the key is 1 to 128 visible ASCII characters.
    """
    if not _KEY.fullmatch(key):
        fault = Fault("/headers/idempotency-key", "must be 1 to 128 visible ASCII characters")
        raise Invalid("the Idempotency-Key cannot be used", [fault])
    spelled = hashlib.sha256()
    for part in request:
        encoded = part.encode()
        spelled.update(len(encoded).to_bytes(8, "big") + encoded)
    return Keyed(caller, key, spelled.hexdigest())


def answered_once(
    client: "Redis",
    request: Keyed,
    context: LambdaContext,
    answer: Callable[[], JsonObject],
    *,
    is_kept: Callable[[JsonObject], bool],
) -> JsonObject:
    """What `answer` gives, or gave when this request was here before.

    Raises Conflict if the key stands for another request, StillRunning if its request has no answer
    yet, and whatever `answer` raises: then, and if not `is_kept`, the key is free again.
    """
    from aws_lambda_powertools.utilities.idempotency import (  # noqa: PLC0415 -- cold start
        IdempotencyConfig,
        exceptions,
    )
    from aws_lambda_powertools.utilities.idempotency.base import (  # noqa: PLC0415 -- cold start
        IdempotencyHandler,
    )

    made: list[JsonObject] = []
    raised: list[BaseException] = []

    def run() -> JsonObject:
        try:
            made.append(answer())
        except BaseException as error:
            raised.append(error)
            raise
        if not is_kept(made[0]):
            raise _NotKept
        return {"fingerprint": request.fingerprint, "answer": made[0]}

    handler = IdempotencyHandler(
        run,
        request.key,
        IdempotencyConfig(
            expires_after_seconds=IDEMPOTENCY_EXPIRY_S,
            hash_function="sha256",
            lambda_context=context,
        ),
        _records(client),
        key_prefix=idempotency_prefix(
            request.caller.tenant_id, request.caller.key_id or request.caller.user_id
        ),
        function_args=(),
        function_kwargs={},
    )
    try:
        record = handler.handle()
    except _NotKept:
        return made[0]
    except (
        exceptions.IdempotencyAlreadyInProgressError,
        exceptions.IdempotencyInconsistentStateError,
    ) as error:
        raise StillRunning(
            "a request with this Idempotency-Key is still being worked on; repeat it in a moment"
        ) from error
    except exceptions.IdempotencyPersistenceLayerError:
        logger.warning("answers.left_unprotected", store="redis")
        count("AnswersLeftUnprotected")
        return _in_spite_of_the_store(made, raised, answer)
    if record["fingerprint"] != request.fingerprint:
        raise Conflict("this Idempotency-Key stands for another request")
    if not made:
        count("AnswersReplayed")
    return record["answer"]  # type: ignore[no-any-return]  # what `answer` returned


def _records(client: "Redis") -> "CachePersistenceLayer":
    """Where Powertools keeps records; made for each request, since its prefix is part of it."""
    from aws_lambda_powertools.utilities.idempotency.persistence.cache import (  # noqa: PLC0415 -- cold start
        CachePersistenceLayer,
    )

    # The new name is still the old class, which warns of itself (Powertools 3.37).
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        return CachePersistenceLayer(client=cast("CacheClientProtocol", client))


def _in_spite_of_the_store(
    made: list[JsonObject], raised: list[BaseException], answer: Callable[[], JsonObject]
) -> JsonObject:
    """What came of a request whose record could not be kept; it has run, or runs now, once."""
    if raised:
        raise raised[0]
    return made[0] if made else answer()
