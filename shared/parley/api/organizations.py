"""Signing up an organisation with its first administrator."""

from typing import Self

from pydantic import Field

from parley.api.auth import TokenView
from parley.api.bodies import Draft, EmailAddress, Instant, LanguageTag, Name, Password, Slug, View
from parley.domain.organizations import Organization
from parley.domain.users import User
from parley.services.organizations import SignedUp, SignUp


class OrganizationDraft(Draft):
    """A new organisation and its first administrator."""

    organization: Name = Field(description="Its name.", examples=["Example Shop"])
    slug: Slug | None = Field(
        default=None,
        description="Names it in addresses, and is nobody else's; absent, it is made of the name.",
        examples=["example-shop"],
    )
    email: EmailAddress = Field(examples=["ada@example.com"])
    password: Password = Field(description="12 to 128 characters, of any kind.")
    display_name: Name | None = Field(default=None, examples=["Ada Lovelace"])
    language: LanguageTag = Field(default="en", examples=["en"])

    def sign_up(self) -> SignUp:
        """The use case's own word for it."""
        return SignUp(**self.model_dump())


class OrganizationView(View):
    """An organisation."""

    id: str
    name: str
    slug: str
    language: str
    created_at: Instant

    @classmethod
    def of(cls, organization: Organization) -> Self:
        return cls(
            id=organization.tenant_id,
            name=organization.name,
            slug=organization.slug,
            language=organization.default_language,
            created_at=organization.created_at,
        )


class UserView(View):
    """Somebody who works in an organisation."""

    id: str
    email: str
    display_name: str | None
    role: str

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(
            id=user.id, email=user.email, display_name=user.display_name, role=user.role.value
        )


class SignedUpView(View):
    """The organisation, its administrator, and that administrator's first log-in."""

    organization: OrganizationView
    admin: UserView
    tokens: TokenView

    @classmethod
    def of(cls, signed_up: SignedUp) -> Self:
        return cls(
            organization=OrganizationView.of(signed_up.organization),
            admin=UserView.of(signed_up.admin),
            tokens=TokenView.of(signed_up.tokens),
        )
