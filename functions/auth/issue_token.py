"""POST /auth/token: log in with e-mail address and password.

The tokens come in a pair: the access token proves who calls for half an hour, the refresh token
fetches the next pair. Whatever was wrong with a log-in that failed, the answer is the same.
"""

from parley.api.auth import Credentials, TokenView
from parley.runtime.http import Wired, lambda_handler, rest_api
from parley.runtime.limits import LOG_IN

app = rest_api(requires=None, limits=LOG_IN)


@app.post("/auth/token")
def issue_token(draft: Credentials, services: Wired) -> TokenView:
    pair = services.access.token(draft.email, draft.password, organization=draft.organization)
    return TokenView.of(pair)


handler = lambda_handler(app)
