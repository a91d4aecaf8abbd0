"""Organisations, the people in them, and what proves who they are."""

from alembic import op

from parley.repositories.postgres.tenancy import give_to_lookup, let_look_up, wall_off

revision = "0002"
down_revision = "0001"

_TABLES = (
    """
    CREATE TABLE core.organizations (
        tenant_id uuid PRIMARY KEY,
        slug text NOT NULL CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{1,98}[a-z0-9])$'),
        name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
        tier text NOT NULL
            CHECK (tier IN ('trial', 'free', 'starter', 'professional', 'enterprise')),
        subscription_status text NOT NULL
            CHECK (subscription_status IN ('active', 'past_due', 'cancelled')),
        trial_ends_at timestamptz,
        limits jsonb NOT NULL,
        timezone text NOT NULL,
        default_language text NOT NULL,
        supported_languages text[] NOT NULL,
        settings jsonb NOT NULL,
        is_active boolean NOT NULL,
        row_version integer NOT NULL CHECK (row_version > 0),
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE core.users (
        tenant_id uuid NOT NULL REFERENCES core.organizations,
        id uuid NOT NULL,
        email text NOT NULL CHECK (char_length(email) BETWEEN 3 AND 254),
        email_verified_at timestamptz,
        password_hash text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
        password_changed_at timestamptz NOT NULL DEFAULT now(),
        role text NOT NULL CHECK (role IN ('admin', 'supervisor', 'agent', 'customer', 'system')),
        display_name text CHECK (char_length(display_name) <= 255),
        preferred_language text NOT NULL,
        timezone text NOT NULL,
        status text NOT NULL CHECK (status IN ('active', 'suspended')),
        suspended_until timestamptz,
        row_version integer NOT NULL CHECK (row_version > 0),
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, id)
    )
    """,
    """
    CREATE TABLE core.sessions (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        user_id uuid NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
        revoked_at timestamptz,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, user_id) REFERENCES core.users
    )
    """,
    """
    CREATE TABLE core.refresh_tokens (
        tenant_id uuid NOT NULL,
        token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
        session_id uuid NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        spent_at timestamptz,
        PRIMARY KEY (tenant_id, token_hash),
        FOREIGN KEY (tenant_id, session_id) REFERENCES core.sessions
    )
    """,
    """
    CREATE TABLE core.api_keys (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
        prefix text NOT NULL CHECK (prefix ~ '^[0-9A-Za-z]{8}$'),
        secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
        role text NOT NULL CHECK (role IN ('admin', 'supervisor', 'agent')),
        created_at timestamptz NOT NULL DEFAULT now(),
        created_by uuid NOT NULL,
        expires_at timestamptz,
        revoked_at timestamptz,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, created_by) REFERENCES core.users
    )
    """,
)

# Three indexes do not begin with the tenant: they answer questions asked before it is known, and
# a slug and a key's prefix are each nobody else's.
_INDEXES = (
    "CREATE UNIQUE INDEX organizations_slug_key ON core.organizations (slug)",
    "CREATE UNIQUE INDEX users_email_key ON core.users (tenant_id, lower(email))",
    "CREATE INDEX users_login_idx ON core.users (lower(email))",
    "CREATE INDEX sessions_user_idx ON core.sessions (tenant_id, user_id)",
    "CREATE INDEX refresh_tokens_session_idx ON core.refresh_tokens (tenant_id, session_id)",
    "CREATE UNIQUE INDEX api_keys_prefix_key ON core.api_keys (prefix)",
)

_GRANTS = (
    "GRANT SELECT, INSERT ON core.organizations TO parley_app",
    """
    GRANT SELECT, INSERT, UPDATE (password_hash, password_changed_at, updated_at, row_version)
    ON core.users TO parley_app
    """,
    "GRANT SELECT, INSERT, UPDATE (revoked_at) ON core.sessions TO parley_app",
    "GRANT SELECT, INSERT, UPDATE (spent_at) ON core.refresh_tokens TO parley_app",
    "GRANT SELECT, INSERT, UPDATE (revoked_at) ON core.api_keys TO parley_app",
)

_LOOK_UPS = (
    """
    CREATE FUNCTION core.organization_of_slug(wanted text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (
        SELECT found.tenant_id FROM core.organizations AS found
        WHERE found.slug = wanted AND found.is_active
    )
    """,
    """
    CREATE FUNCTION core.logins_of_email(wanted text, organization text)
    RETURNS TABLE (tenant_id uuid, user_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT found.tenant_id, found.id
        FROM core.users AS found JOIN core.organizations AS home USING (tenant_id)
        WHERE lower(found.email) = lower(wanted) AND home.is_active
            AND (organization IS NULL OR home.slug = organization)
        LIMIT 2;
    END
    """,
    """
    CREATE FUNCTION core.organization_of_key(wanted text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (
        SELECT found.tenant_id
        FROM core.api_keys AS found JOIN core.organizations AS home USING (tenant_id)
        WHERE found.prefix = wanted AND home.is_active
    )
    """,
)

_FUNCTIONS = (
    "core.organization_of_slug(text)",
    "core.logins_of_email(text, text)",
    "core.organization_of_key(text)",
)
_NAMES = ("organizations", "users", "sessions", "refresh_tokens", "api_keys")


def upgrade() -> None:
    """Make the tables, their walls, and the three questions asked before the tenant is known.

    Each answers with ids alone: what they stand for is then read behind the tenant's wall.
    """
    for statement in (*_TABLES, *_INDEXES):
        op.execute(statement)
    for name in _NAMES:
        wall_off(f"core.{name}")
    for statement in _GRANTS:
        op.execute(statement)
    let_look_up("core.organizations", "tenant_id, slug, is_active")
    let_look_up("core.users", "tenant_id, id, email")
    let_look_up("core.api_keys", "tenant_id, prefix")
    for statement in _LOOK_UPS:
        op.execute(statement)
    give_to_lookup(*_FUNCTIONS)


def downgrade() -> None:
    """Undo it."""
    for function in _FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    for name in reversed(_NAMES):
        op.execute(f"DROP TABLE core.{name}")
