"""The tables, as queries name them; `migrations/` makes them, a test compares the two.

The first column of every key and index is `tenant_id`. Constraints, policies, triggers and grants
stand in the migrations alone.
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

METADATA = sa.MetaData()

_Id = sa.Uuid(as_uuid=False)
_Instant = sa.DateTime(timezone=True)


def _tenant_id() -> sa.Column[str]:
    return sa.Column("tenant_id", _Id, primary_key=True)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    default = None if nullable else sa.func.now()
    return sa.Column(name, _Instant, nullable=nullable, server_default=default)


organizations = sa.Table(
    "organizations",
    METADATA,
    _tenant_id(),
    sa.Column("slug", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("tier", sa.Text, nullable=False),
    sa.Column("subscription_status", sa.Text, nullable=False),
    sa.Column("trial_ends_at", _Instant),
    sa.Column("limits", JSONB, nullable=False),
    sa.Column("timezone", sa.Text, nullable=False),
    sa.Column("default_language", sa.Text, nullable=False),
    sa.Column("supported_languages", ARRAY(sa.Text), nullable=False),
    sa.Column("settings", JSONB, nullable=False),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("row_version", sa.Integer, nullable=False),
    _instant("created_at"),
    _instant("updated_at"),
    schema="core",
)

users = sa.Table(
    "users",
    METADATA,
    _tenant_id(),
    sa.Column("id", _Id, primary_key=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("email_verified_at", _Instant),
    sa.Column("password_hash", sa.Text, nullable=False),
    _instant("password_changed_at"),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("display_name", sa.Text),
    sa.Column("preferred_language", sa.Text, nullable=False),
    sa.Column("timezone", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("suspended_until", _Instant),
    sa.Column("row_version", sa.Integer, nullable=False),
    _instant("created_at"),
    _instant("updated_at"),
    schema="core",
)

sessions = sa.Table(
    "sessions",
    METADATA,
    _tenant_id(),
    sa.Column("id", _Id, primary_key=True),
    sa.Column("user_id", _Id, nullable=False),
    _instant("created_at"),
    sa.Column("expires_at", _Instant, nullable=False),
    sa.Column("revoked_at", _Instant),
    schema="core",
)

refresh_tokens = sa.Table(
    "refresh_tokens",
    METADATA,
    _tenant_id(),
    sa.Column("token_hash", sa.LargeBinary, primary_key=True),
    sa.Column("session_id", _Id, nullable=False),
    _instant("created_at"),
    sa.Column("spent_at", _Instant),
    schema="core",
)

api_keys = sa.Table(
    "api_keys",
    METADATA,
    _tenant_id(),
    sa.Column("id", _Id, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("prefix", sa.Text, nullable=False),
    sa.Column("secret_hash", sa.LargeBinary, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    _instant("created_at"),
    sa.Column("created_by", _Id, nullable=False),
    sa.Column("expires_at", _Instant),
    sa.Column("revoked_at", _Instant),
    schema="core",
)

flows = sa.Table(
    "flows",
    METADATA,
    _tenant_id(),
    sa.Column("id", _Id, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("description", sa.Text),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("tags", ARRAY(sa.Text), nullable=False),
    sa.Column("category", sa.Text),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("is_default", sa.Boolean, nullable=False),
    sa.Column("active_version", sa.Text),
    sa.Column("previous_version", sa.Text),
    sa.Column("latest_version", sa.Text, nullable=False),
    sa.Column("version_count", sa.Integer, nullable=False),
    sa.Column("row_version", sa.Integer, nullable=False),
    _instant("created_at"),
    sa.Column("created_by", _Id, nullable=False),
    _instant("updated_at"),
    sa.Column("updated_by", _Id, nullable=False),
    sa.Column("published_at", _Instant),
    sa.Column("published_by", _Id),
    schema="core",
)

flow_versions = sa.Table(
    "flow_versions",
    METADATA,
    _tenant_id(),
    sa.Column("flow_id", _Id, primary_key=True),
    sa.Column("version", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    # Not JSONB, which forgets the order of keys: a flow means something by it.
    sa.Column("document", sa.JSON, nullable=False),
    sa.Column("source", sa.Text),
    sa.Column("content_hash", sa.Text, nullable=False),
    sa.Column("change_type", sa.Text, nullable=False),
    sa.Column("change_description", sa.Text),
    _instant("created_at"),
    sa.Column("created_by", _Id, nullable=False),
    sa.Column("published_at", _Instant),
    sa.Column("published_by", _Id),
    # As handed in: a text is a JSON text. None is NULL, not JSON's null.
    sa.Column("tests", sa.JSON(none_as_null=True)),
    sa.Column("calls", JSONB, nullable=False),
    schema="core",
)

events = sa.Table(
    "events",
    METADATA,
    _tenant_id(),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, sa.Identity(always=True), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("at", _Instant, nullable=False),
    sa.Column("conversation_id", sa.Text),
    sa.Column("ordinal", sa.Integer, nullable=False),
    sa.Column("request_id", sa.Text),
    sa.Column("data", JSONB, nullable=False),
    _instant("created_at"),
    schema="audit",
)

audit_log = sa.Table(
    "audit_log",
    METADATA,
    _tenant_id(),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("id", _Id, nullable=False),
    sa.Column("at", _Instant, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("entity_type", sa.Text, nullable=False),
    sa.Column("entity_id", sa.Text, nullable=False),
    sa.Column("actor_type", sa.Text, nullable=False),
    sa.Column("actor_id", sa.Text, nullable=False),
    sa.Column("old_values", JSONB),
    sa.Column("new_values", JSONB),
    sa.Column("request_id", sa.Text),
    sa.Column("previous_hash", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    _instant("created_at"),
    schema="audit",
)
