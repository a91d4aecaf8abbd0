"""POST /auth/guest: let a visitor of a public web chat in.

The token opens the visitor's own conversations and nothing else, for an hour. With the visitor
token of an earlier visit the same visitor comes back.
"""

from parley.api.auth import GuestDraft, GuestView
from parley.runtime.http import Wired, lambda_handler, rest_api

app = rest_api(requires=None)


@app.post("/auth/guest")
def issue_guest_token(draft: GuestDraft, services: Wired) -> GuestView:
    tokens = services.access.guest(draft.organization, visitor_token=draft.visitor_token)
    return GuestView.of(tokens)


handler = lambda_handler(app)
