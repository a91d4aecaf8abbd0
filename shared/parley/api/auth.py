"""Logging in, staying in, logging out, and the short token of a website's visitor."""

from typing import Annotated, Literal, Self

from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from pydantic import Field, StringConstraints

from parley.api.bodies import Draft, EmailAddress, Instant, Password, Slug, View
from parley.domain.tokens import GuestTokens, TokenPair

LOGGED_OUT: dict[int, OpenAPIResponse] = {204: {"description": "The log-in has ended."}}

OpaqueToken = Annotated[str, StringConstraints(min_length=1, max_length=2_048)]


class Credentials(Draft):
    """An e-mail address and its password."""

    email: EmailAddress = Field(examples=["admin@demo.example"])
    password: Password
    organization: Slug | None = Field(
        default=None,
        description="Which organisation, where the address belongs to several.",
        examples=["demo"],
    )


class RefreshDraft(Draft):
    """A refresh token, to be exchanged or ended."""

    refresh_token: OpaqueToken


class GuestDraft(Draft):
    """A visitor of an organisation's public web chat."""

    organization: Slug = Field(examples=["demo"])
    visitor_token: OpaqueToken | None = Field(
        default=None, description="From an earlier visit: the same visitor comes back."
    )


class TokenView(View):
    """What to send as `Authorization: Bearer`, and how to get the next one."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="Seconds the access token lasts.")
    refresh_token: str = Field(description="Good once; using it twice ends the whole log-in.")
    refresh_expires_at: Instant

    @classmethod
    def of(cls, pair: TokenPair) -> Self:
        return cls(
            access_token=pair.access_token,
            token_type="Bearer",  # noqa: S106 -- the scheme (RFC 6750)
            expires_in=pair.expires_in_s,
            refresh_token=pair.refresh_token,
            refresh_expires_at=pair.refresh_expires_at,
        )


class GuestView(View):
    """A token that opens the visitor's own conversations and nothing else."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="Seconds the access token lasts.")
    visitor_token: str = Field(description="Keep it, to come back as the same visitor.")
    user_id: str

    @classmethod
    def of(cls, tokens: GuestTokens) -> Self:
        return cls(
            access_token=tokens.access_token,
            token_type="Bearer",  # noqa: S106 -- the scheme (RFC 6750)
            expires_in=tokens.expires_in_s,
            visitor_token=tokens.visitor_token,
            user_id=tokens.user_id,
        )
