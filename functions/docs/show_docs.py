"""GET /docs: show this API as a page that needs nothing from elsewhere."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response

from parley.api.reference import PAGE, page_headers, reference_page
from parley.runtime.http import lambda_handler, rest_api
from parley.runtime.limits import UNLIMITED

app = rest_api(requires=None, limits=UNLIMITED)


@app.get("/docs", responses=PAGE)
def show_docs() -> Response[str]:
    page = reference_page()
    return Response(HTTPStatus.OK, content_type="text/html", body=page, headers=page_headers(page))


handler = lambda_handler(app)
