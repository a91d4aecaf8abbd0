"""Flows: one row is an identity, its versions' content never changes (X-20)."""

from alembic import op

from parley.repositories.postgres.tenancy import wall_off

revision = "0003"
down_revision = "0002"

_FLOWS = """
    CREATE TABLE core.flows (
        tenant_id uuid NOT NULL REFERENCES core.organizations,
        id uuid NOT NULL,
        name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
        description text,
        language text NOT NULL,
        tags text[] NOT NULL,
        category text,
        status text NOT NULL
            CHECK (status IN ('draft', 'testing', 'active', 'inactive', 'archived')),
        is_default boolean NOT NULL,
        active_version text,
        latest_version text NOT NULL,
        version_count integer NOT NULL CHECK (version_count > 0),
        row_version integer NOT NULL CHECK (row_version > 0),
        created_at timestamptz NOT NULL DEFAULT now(),
        created_by uuid NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now(),
        updated_by uuid NOT NULL,
        published_at timestamptz,
        published_by uuid,
        PRIMARY KEY (tenant_id, id),
        CONSTRAINT flows_name_key UNIQUE (tenant_id, name),
        CONSTRAINT flows_active_has_version
            CHECK (status <> 'active' OR active_version IS NOT NULL),
        CONSTRAINT flows_default_is_active CHECK (NOT is_default OR status = 'active')
    )
"""

_VERSIONS = """
    CREATE TABLE core.flow_versions (
        tenant_id uuid NOT NULL,
        flow_id uuid NOT NULL,
        version text NOT NULL CHECK (version ~ '^[0-9]+\\.[0-9]+(\\.[0-9]+)?$'),
        number integer NOT NULL CHECK (number > 0),
        status text NOT NULL CHECK (status IN ('draft', 'published')),
        document json NOT NULL,
        source text,
        content_hash text NOT NULL CHECK (content_hash ~ '^[0-9a-f]{64}$'),
        change_type text NOT NULL CHECK (change_type IN ('major', 'minor', 'patch', 'hotfix')),
        change_description text,
        created_at timestamptz NOT NULL DEFAULT now(),
        created_by uuid NOT NULL,
        published_at timestamptz,
        published_by uuid,
        PRIMARY KEY (tenant_id, flow_id, version),
        CONSTRAINT flow_versions_number_key UNIQUE (tenant_id, flow_id, number),
        CONSTRAINT flow_versions_published_is_known
            CHECK ((status = 'published') = (published_at IS NOT NULL)),
        FOREIGN KEY (tenant_id, flow_id) REFERENCES core.flows
    )
"""

_INDEXES = (
    "CREATE UNIQUE INDEX flows_default_key ON core.flows (tenant_id) WHERE is_default",
    "CREATE INDEX flows_status_idx ON core.flows (tenant_id, status)",
    "CREATE INDEX flows_updated_idx ON core.flows (tenant_id, updated_at, id)",
    "CREATE INDEX flows_created_idx ON core.flows (tenant_id, created_at, id)",
)

_ACTIVE_VERSION = """
    ALTER TABLE core.flows ADD CONSTRAINT flows_active_version_fkey
    FOREIGN KEY (tenant_id, id, active_version) REFERENCES core.flow_versions
"""

_IMMUTABLE = """
    CREATE FUNCTION core.refuse_change_of_version() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF OLD.status = 'published' THEN
            RAISE EXCEPTION 'version % is published and never changes', OLD.version
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
        IF (NEW.tenant_id, NEW.flow_id, NEW.version, NEW.number, NEW.document::text, NEW.source,
            NEW.content_hash) IS DISTINCT FROM
           (OLD.tenant_id, OLD.flow_id, OLD.version, OLD.number, OLD.document::text, OLD.source,
            OLD.content_hash)
        THEN
            RAISE EXCEPTION 'the content of version % never changes', OLD.version
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END
    $$
"""

_TRIGGER = """
    CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON core.flow_versions
    FOR EACH ROW EXECUTE FUNCTION core.refuse_change_of_version()
"""

_GRANTS = (
    """
    GRANT SELECT, INSERT, UPDATE (
        description, language, tags, category, status, is_default, active_version, latest_version,
        version_count, row_version, updated_at, updated_by, published_at, published_by
    ) ON core.flows TO parley_app
    """,
    """
    GRANT SELECT, INSERT, UPDATE (status, published_at, published_by)
    ON core.flow_versions TO parley_app
    """,
)


def upgrade() -> None:
    """Make flows and versions; a published version refuses every change, whoever asks."""
    for statement in (_FLOWS, _VERSIONS, *_INDEXES, _ACTIVE_VERSION, _IMMUTABLE, _TRIGGER):
        op.execute(statement)
    for name in ("flows", "flow_versions"):
        wall_off(f"core.{name}")
    for statement in _GRANTS:
        op.execute(statement)


def downgrade() -> None:
    """Undo it."""
    op.execute("ALTER TABLE core.flows DROP CONSTRAINT flows_active_version_fkey")
    op.execute("DROP TABLE core.flow_versions")
    op.execute("DROP TABLE core.flows")
    op.execute("DROP FUNCTION core.refuse_change_of_version()")
