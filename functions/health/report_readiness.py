"""GET /health/ready: say whether every store answers, and how fast; 503 if one is missing."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response

from parley.api.health import READINESS, ReadinessView
from parley.runtime.http import Wired, lambda_handler, rest_api

app = rest_api(requires=None)


@app.get("/health/ready", responses=READINESS)
def report_readiness(services: Wired) -> Response[ReadinessView]:
    report = services.health.check()
    status = HTTPStatus.OK if report.is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    return Response(status, content_type="application/json", body=ReadinessView.of(report))


handler = lambda_handler(app)
