"""People who log in, and the rules their e-mail address and password must meet."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from parley.domain.access import Role
from parley.domain.ids import TenantId, UserId

MIN_PASSWORD_LENGTH = 12
MAX_PASSWORD_LENGTH = 128
MAX_EMAIL_LENGTH = 254
"""RFC 5321, 4.5.3.1.3, less the angle brackets."""


class UserStatus(StrEnum):
    """Whether a user may log in; a suspension may have an end (S4-61)."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class User:
    """One person of one organisation; `email` is normalised and unique within it."""

    tenant_id: TenantId
    id: UserId
    email: str
    role: Role
    created_at: datetime
    updated_at: datetime
    display_name: str | None = None
    preferred_language: str = "en"
    timezone: str = "UTC"
    status: UserStatus = UserStatus.ACTIVE
    suspended_until: datetime | None = None
    email_verified_at: datetime | None = None
    row_version: int = 1

    def may_log_in(self, now: datetime) -> bool:
        """Whether the user is not suspended, or no longer (S4-62)."""
        if self.status is UserStatus.ACTIVE:
            return True
        return self.suspended_until is not None and self.suspended_until <= now


def normalized_email(email: str) -> str:
    """The form in which addresses are stored and compared: trimmed, in lower case."""
    return email.strip().lower()


def email_fault(email: str) -> str | None:
    """What is wrong with a normalised address; None if it can be one.

    Only that something stands on both sides of one `@`, without spaces or control characters:
    whether mail arrives is for verification to find out.
    """
    local, at, host = email.rpartition("@")
    if not at or not local or not host or "@" in local:
        return "an e-mail address has one '@' with something on both sides"
    if len(email) > MAX_EMAIL_LENGTH:
        return f"an e-mail address has at most {MAX_EMAIL_LENGTH} characters"
    if not email.isprintable() or " " in email:
        return "an e-mail address has no spaces and no control characters"
    return None


def password_fault(password: str) -> str | None:
    """What is wrong with a new password; None if it will do.

    12 to 128 characters of any kind: length is what makes guessing hard, and rules on its
    composition are advised against (NIST SP 800-63B 5.1.1.2; ASVS 5.0 V6.2.5). Supersedes S4-40.
    """
    if len(password) < MIN_PASSWORD_LENGTH:
        return f"a password has at least {MIN_PASSWORD_LENGTH} characters"
    if len(password) > MAX_PASSWORD_LENGTH:
        return f"a password has at most {MAX_PASSWORD_LENGTH} characters"
    if any("\ud800" <= character <= "\udfff" for character in password):
        return "a password is made of whole characters"
    return None
