"""Authorizer of the WebSocket API: whom the token of a connection speaks for."""

from parley.domain.access import Caller
from parley.runtime.authorizer import authorizer, token_in_query
from parley.runtime.wiring import Services


def authorize_connection(credential: str, services: Services) -> Caller:
    return services.access.authenticate(credential)


handler = authorizer(token_in_query, authorize_connection)
