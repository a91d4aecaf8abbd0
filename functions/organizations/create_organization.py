"""POST /organizations: sign up an organisation with its first administrator."""

from http import HTTPStatus

from parley.api.organizations import OrganizationDraft, SignedUpView
from parley.runtime.http import Wired, lambda_handler, rest_api
from parley.runtime.limits import LOG_IN

app = rest_api(requires=None, limits=LOG_IN)


@app.post("/organizations", status_code=HTTPStatus.CREATED)
def create_organization(draft: OrganizationDraft, services: Wired) -> SignedUpView:
    signed_up = services.organizations.sign_up(draft.sign_up())
    return SignedUpView.of(signed_up)


handler = lambda_handler(app)
