"""What can go wrong, as facts: raised deep, translated once, in `runtime/http.py` and `queue.py`.

PlatformError                 `.code` is stable and machine-readable; `str(error)` is safe to show
├ Invalid              422  well formed, yet cannot be honoured; `.faults` say where and why
│ └ FlowInvalid        422  a flow document with errors of checking
├ Unauthenticated      401  no caller, or one whose proof does not hold
│ ├ TokenExpired       401
│ └ CredentialsWrong   401
├ Forbidden            403  the caller may not; another tenant's thing is NotFound, never Forbidden
├ NotFound             404  NotFound("flow", flow_id)
├ Conflict             409  changed since it was read, or already exists
├ Closed               409  the conversation has ended
├ StillRunning         409  the same request is being worked on: repeat it in a moment
├ PreconditionFailed   412  the `If-Match` of the request is stale
├ LimitExceeded        429  `.retry_after_s`                        queue: retry
├ VendorRejected       502  a channel or model refused for good     queue: dead-letter now
└ Unavailable          503  a store or vendor did not answer        queue: retry
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input: `pointer` is a JSON Pointer (RFC 6901) into it."""

    pointer: str
    message: str


class PlatformError(Exception):
    """The root: never raised itself."""

    code = 5001

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Invalid(PlatformError):
    """Well formed, yet it cannot be honoured."""

    code = 2001

    def __init__(self, detail: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(detail)
        self.faults = tuple(faults)


class FlowInvalid(Invalid):
    """A flow document that does not pass the check; every fault at once."""

    code = 2004


class Unauthenticated(PlatformError):
    """No caller, or one whose proof does not hold."""

    code = 1001


class TokenExpired(Unauthenticated):
    """A token that was good once."""

    code = 1003


class CredentialsWrong(Unauthenticated):
    """A log-in that failed; never says which part of it was wrong."""

    code = 1004


class Forbidden(PlatformError):
    """The caller is known and may not."""

    code = 1002


_NOT_FOUND_CODES = {"conversation": 3001, "user": 3002, "flow": 3004, "published flow": 3004}


class NotFound(PlatformError):
    """The tenant has no such thing; another tenant's thing is one of these."""

    def __init__(self, kind: str, identifier: str) -> None:
        super().__init__(f"no {kind} {identifier!r}")
        self.kind = kind
        self.identifier = identifier
        self.code = _NOT_FOUND_CODES.get(kind, 3008)


class Conflict(PlatformError):
    """Changed since it was read, or already there."""

    code = 3005


class Closed(Conflict):
    """The conversation has ended: start a new one."""

    code = 3007


class StillRunning(Conflict):
    """The same request is being worked on; repeated in a moment, it has its answer."""

    code = 3009


class PreconditionFailed(PlatformError):
    """The version the caller named in `If-Match` is not the present one."""

    code = 3006


class LimitExceeded(PlatformError):
    """A rate or a quota is used up; `limit` names which of the nested ones answered."""

    code = 3003

    def __init__(self, detail: str, *, limit: str, retry_after_s: int) -> None:
        super().__init__(detail)
        self.limit = limit
        self.retry_after_s = retry_after_s


class VendorRejected(PlatformError):
    """A channel, model or integration refused for good."""

    code = 4004


class Unavailable(PlatformError):
    """A store or vendor did not answer in time; trying again may help."""

    code = 5002
