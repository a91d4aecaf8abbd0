"""What every scheduled function has: run, count what was done, try again at the next tick."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from parley.domain.errors import PlatformError
from parley.runtime.observability import Handler, count, logger, observed
from parley.runtime.wiring import Services, services

type Scheduled = Callable[[Services], int]
"""Does what is due and returns how much that was; a run cut short leaves the rest for the next."""


def schedule_handler(function: Scheduled) -> Handler:
    """What Lambda calls at each tick; a tick that meets a store that is away is only logged."""

    @observed
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        del event, context
        try:
            done = function(services())
        except PlatformError as error:
            logger.warning("schedule.postponed", code=error.code, reason=error.detail)
            count("TicksPostponed")
            return {"done": 0}
        except Exception:
            logger.exception("schedule.failed")
            count("TicksFailed")
            raise
        logger.info("schedule.ran", count=done)
        count("TicksRun")
        return {"done": done}

    return handler
