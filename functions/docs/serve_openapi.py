"""GET /openapi.json: describe this API (OpenAPI 3.1)."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response

from parley.api.reference import JSON_DOCUMENT, openapi_json
from parley.runtime.http import lambda_handler, rest_api
from parley.runtime.limits import UNLIMITED

app = rest_api(requires=None, limits=UNLIMITED)


@app.get("/openapi.json", responses=JSON_DOCUMENT)
def serve_openapi() -> Response[str]:
    return Response(HTTPStatus.OK, content_type="application/json", body=openapi_json())


handler = lambda_handler(app)
