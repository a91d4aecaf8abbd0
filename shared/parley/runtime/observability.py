"""Logs and metrics, the same for every function: who called what, and never what was said.

A log line is one JSON object. Its message is the name of an event, `noun.past_verb`; its fields
are those of `FIELDS`, short and flat; whatever else somebody passes is dropped here, so that no
personal data can get in by mistake. Modules below `runtime` log through the standard library, with
`extra={...}`: the logger `parley` formats their lines, too.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

type Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]
"""What Lambda calls."""

FIELDS = frozenset(
    {
        "level", "location", "message", "timestamp", "service", "cold_start",
        "function_name", "function_memory_size", "function_arn", "function_request_id",
        "request_id", "xray_trace_id", "exception_name", "stack_trace",
        "tenant_id", "conversation_id", "flow_id", "turn_id", "timer_id", "connection_id",
        "message_id", "item_id", "event_id",
        "version", "channel", "role", "method", "route", "status", "code", "outcome", "kind",
        "store", "queue", "limit", "reason", "attempt", "turn_no", "count", "ms", "size_bytes",
        "hosts",
    }
)  # fmt: skip
"""Every field a log line may have; none of them holds a name, an address or anybody's words."""

_EVENT = re.compile(r"[a-z][a-z_]*(\.[a-z_]+)+")
_MAX_LENGTH = 200
_MAX_FRAMES = 15


class SafeFormatter(LambdaPowertoolsFormatter):
    """Powertools' JSON lines, cut down to what may be read by anyone who runs the platform.

    Written in ASCII: nothing in a value can end a line, wherever the lines are read.
    """

    def __init__(self) -> None:
        super().__init__(
            json_serializer=json.dumps, json_deserializer=str, utc=True, use_rfc3339=True
        )

    def serialize(self, log: Any) -> str:  # noqa: ANN401 -- as Powertools has it
        fields = {key: _safe(key, value) for key, value in log.items() if key in FIELDS}
        return super().serialize(fields)


logger = Logger(service="parley", logger_formatter=SafeFormatter())
metrics = Metrics(namespace="Parley", service="parley")


def observed(handler: Handler) -> Handler:
    """Forgets what the last call left in logger and metrics, and sends the metrics off.

    A handler counts something in every call (`count`): there is no line of metrics without one.
    """
    with_logs = logger.inject_lambda_context(handler, clear_state=True)
    return metrics.log_metrics(with_logs, capture_cold_start_metric=True)


def count(name: str, value: float = 1) -> None:
    """Adds to the metric `name` (CamelCase, a plural noun and a past verb: `FlowsPublished`)."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)


def _module(file: str) -> str:
    """A file's path from where it is imported."""
    return re.split(r"/(?:site-packages|python|shared|task)/", file)[-1]


def _safe(key: str, value: Any) -> Any:  # noqa: ANN401 -- what anybody may log
    match key, value:
        case "stack_trace", dict():
            frames = value["frames"][-_MAX_FRAMES:]
            return [f"{_module(f['file'])}:{f['line']} {f['function']}" for f in frames]
        case "message", str() if not _EVENT.fullmatch(value):
            return "log.unnamed"
        case _, bool() | int() | float():
            return value
        case _, _:
            return str(value)[:_MAX_LENGTH]
