"""What Lambda hands a function beside the event."""

from dataclasses import dataclass
from typing import cast

from aws_lambda_powertools.utilities.typing import LambdaContext


@dataclass(frozen=True)
class Invocation:
    """A `LambdaContext` as Lambda makes it; `left_ms` is what remains of the function's timeout."""

    left_ms: int = 30_000
    function_name: str = "parley-dev-Function"
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 1024
    invoked_function_arn: str = (
        "arn:aws:lambda:eu-central-1:123456789012:function:parley-dev-Function"
    )
    aws_request_id: str = "52fdfc07-2182-454f-963f-5f0f9a621d72"
    log_group_name: str = "/parley/dev"
    log_stream_name: str = "2026/11/22/[$LATEST]58419525dade4d17a495dceeeed44708"

    def get_remaining_time_in_millis(self) -> int:
        return self.left_ms


def a_context(*, left_ms: int = 30_000) -> LambdaContext:
    return cast("LambdaContext", Invocation(left_ms))
