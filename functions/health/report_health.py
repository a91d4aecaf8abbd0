"""GET /health: say that the service lives, without asking any store."""

from parley.api.health import HealthView
from parley.runtime.http import lambda_handler, rest_api
from parley.runtime.limits import UNLIMITED

app = rest_api(requires=None, limits=UNLIMITED)


@app.get("/health")
def report_health() -> HealthView:
    return HealthView(status="ok")


handler = lambda_handler(app)
