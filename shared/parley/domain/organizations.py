"""An organisation: the tenant, its plan and what the plan allows."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from parley.domain.ids import TenantId
from parley.domain.json import JsonObject

SLUG_PATTERN = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,98}[a-z0-9])")
"""3 to 100 characters that stand in an address as they are (S4-50)."""
MAX_NAME_LENGTH = 255


class Tier(StrEnum):
    """S4-51."""

    TRIAL = "trial"
    FREE = "free"
    STARTER = "starter"
    PROFESSIONAL = "professional"
    ENTERPRISE = "enterprise"


class SubscriptionStatus(StrEnum):
    """Whether what the tier promises is given."""

    ACTIVE = "active"
    PAST_DUE = "past_due"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Limits:
    """What the plan allows (S4-52)."""

    max_users: int = 10
    max_conversations_per_month: int = 1_000
    max_messages_per_conversation: int = 100
    max_knowledge_entries: int = 1_000
    max_api_calls_per_hour: int = 10_000
    storage_quota_gb: int = 10


@dataclass(frozen=True, slots=True)
class Organization:
    """The tenant itself: its id is the `tenant_id` of everything it owns (X-17)."""

    tenant_id: TenantId
    slug: str
    name: str
    created_at: datetime
    updated_at: datetime
    tier: Tier = Tier.TRIAL
    subscription_status: SubscriptionStatus = SubscriptionStatus.ACTIVE
    trial_ends_at: datetime | None = None
    limits: Limits = field(default_factory=Limits)
    timezone: str = "UTC"
    default_language: str = "en"
    supported_languages: tuple[str, ...] = ("en",)
    settings: JsonObject = field(default_factory=dict)
    is_active: bool = True
    row_version: int = 1


def slug_of(name: str) -> str:
    """The slug a name suggests: its ASCII letters and digits, joined by single hyphens.

    May be shorter than a slug must be, even empty, for a name in another script.
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:100].strip("-")
