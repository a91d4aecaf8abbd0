"""Organisations: the sign-up that creates one."""

from dataclasses import dataclass, field, replace

from parley.domain.access import Caller, Role
from parley.domain.audit import AuditAction, entry_by
from parley.domain.errors import Conflict, Fault, Invalid
from parley.domain.ids import TenantId, UserId
from parley.domain.organizations import MAX_NAME_LENGTH, SLUG_PATTERN, Organization, slug_of
from parley.domain.tokens import TokenPair
from parley.domain.users import User, email_fault, normalized_email, password_fault
from parley.services.access import AccessService
from parley.services.ports.access import Passwords
from parley.services.ports.clock import Clock, NewId
from parley.services.ports.organizations import Organizations


@dataclass(frozen=True, slots=True)
class SignUp:
    """What signing up takes; without a slug one is made of the name."""

    organization: str
    email: str
    password: str = field(repr=False)
    slug: str | None = None
    display_name: str | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class SignedUp:
    """A new organisation, its first admin, already logged in."""

    organization: Organization
    admin: User
    tokens: TokenPair


class OrganizationService:
    """What organisations do about themselves."""

    def __init__(
        self,
        organizations: Organizations,
        access: AccessService,
        passwords: Passwords,
        *,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        self._organizations = organizations
        self._access = access
        self._passwords = passwords
        self._clock = clock
        self._new_id = new_id

    def sign_up(self, draft: SignUp) -> SignedUp:
        """Create an organisation with its first admin, and log them in.

        Raises Invalid with every fault at once, and Conflict when the slug that was asked for is
        taken; a slug made of the name gets an ending instead.
        """
        draft = replace(
            draft, organization=draft.organization.strip(), email=normalized_email(draft.email)
        )
        _require_good(draft)
        tenant_id = TenantId(self._new_id())
        now = self._clock()
        admin = User(
            tenant_id=tenant_id,
            id=UserId(self._new_id()),
            email=draft.email,
            role=Role.ADMIN,
            created_at=now,
            updated_at=now,
            display_name=draft.display_name,
            preferred_language=draft.language,
        )
        organization = Organization(
            tenant_id=tenant_id,
            slug=draft.slug or slug_of(draft.organization),
            name=draft.organization,
            created_at=now,
            updated_at=now,
            default_language=draft.language,
            supported_languages=(draft.language,),
        )
        organization = self._add(organization, draft, admin)
        return SignedUp(organization, admin, self._access.open_session(admin))

    def get(self, caller: Caller) -> Organization:
        """The caller's own."""
        return self._organizations.get(caller.tenant_id)

    def _add(self, organization: Organization, draft: SignUp, admin: User) -> Organization:
        password_hash = self._passwords.hash(draft.password)
        entry = replace(
            entry_by(
                Caller(admin.tenant_id, admin.id, admin.role),
                "organization.signed_up",
                AuditAction.CREATE,
                ("organization", organization.tenant_id),
                entry_id=self._new_id(),
                at=organization.created_at,
            ),
            new_values={"slug": organization.slug, "name": organization.name},
        )
        if draft.slug is None and not SLUG_PATTERN.fullmatch(organization.slug):
            organization = _with_ending(organization)
        try:
            self._organizations.add(admin.tenant_id, organization, admin, password_hash, entry)
        except Conflict:
            if draft.slug is not None:
                raise
            organization = _with_ending(organization)
            entry = replace(
                entry, new_values={"slug": organization.slug, "name": organization.name}
            )
            self._organizations.add(admin.tenant_id, organization, admin, password_hash, entry)
        return organization


def _with_ending(organization: Organization) -> Organization:
    """The same with a slug that is its own: the id's last characters are random."""
    stem = slug_of(organization.name)[:80].strip("-") or "organization"
    return replace(organization, slug=f"{stem}-{organization.tenant_id[-8:]}")


def _require_good(draft: SignUp) -> None:
    faults = []
    if not 1 <= len(draft.organization) <= MAX_NAME_LENGTH:
        faults.append(Fault("/organization", f"must have 1 to {MAX_NAME_LENGTH} characters"))
    if draft.slug is not None and not SLUG_PATTERN.fullmatch(draft.slug):
        faults.append(
            Fault("/slug", "must be 3 to 100 of a-z, 0-9 and '-', and begin and end without '-'")
        )
    if fault := email_fault(draft.email):
        faults.append(Fault("/email", fault))
    if fault := password_fault(draft.password):
        faults.append(Fault("/password", fault))
    if faults:
        raise Invalid("the sign-up cannot be honoured: see the faults", faults)
