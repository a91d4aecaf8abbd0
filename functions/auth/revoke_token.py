"""POST /auth/logout: end the log-in that a refresh token belongs to.

The refresh token alone is proof enough, so that one can leave with an access token that has run
out. Doing it again changes nothing.
"""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response

from parley.api.auth import LOGGED_OUT, RefreshDraft
from parley.runtime.http import Wired, lambda_handler, rest_api

app = rest_api(requires=None)


@app.post("/auth/logout", responses=LOGGED_OUT)
def revoke_token(draft: RefreshDraft, services: Wired) -> Response[None]:
    services.access.logout(draft.refresh_token)
    return Response(HTTPStatus.NO_CONTENT)


handler = lambda_handler(app)
