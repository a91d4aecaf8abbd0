"""POST /auth/refresh: exchange a refresh token for the next pair.

A refresh token is good once. When one comes a second time, two parties hold it, and the whole
log-in ends.
"""

from parley.api.auth import RefreshDraft, TokenView
from parley.runtime.http import Wired, lambda_handler, rest_api

app = rest_api(requires=None)


@app.post("/auth/refresh")
def refresh_token(draft: RefreshDraft, services: Wired) -> TokenView:
    return TokenView.of(services.access.refresh(draft.refresh_token))


handler = lambda_handler(app)
