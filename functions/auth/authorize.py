"""Authorizer of the REST API: whom a bearer token or an API key speaks for."""

from parley.domain.access import Caller
from parley.runtime.authorizer import authorizer, bearer_or_api_key
from parley.runtime.wiring import Services


def authorize(credential: str, services: Services) -> Caller:
    return services.access.authenticate(credential)


handler = authorizer(bearer_or_api_key, authorize)
