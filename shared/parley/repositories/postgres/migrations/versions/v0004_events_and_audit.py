"""The event log and the audit log: both only ever grow."""

from alembic import op

from parley.repositories.postgres.tenancy import wall_off

revision = "0004"
down_revision = "0003"

_EVENTS = """
    CREATE TABLE audit.events (
        tenant_id uuid NOT NULL,
        id text NOT NULL,
        position bigint GENERATED ALWAYS AS IDENTITY,
        name text NOT NULL,
        at timestamptz NOT NULL,
        conversation_id text,
        ordinal integer NOT NULL,
        request_id text,
        data jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, id)
    )
"""

_AUDIT_LOG = """
    CREATE TABLE audit.audit_log (
        tenant_id uuid NOT NULL,
        number bigint NOT NULL CHECK (number > 0),
        id uuid NOT NULL,
        at timestamptz NOT NULL,
        name text NOT NULL,
        action text NOT NULL CHECK (action IN ('create', 'update', 'delete')),
        entity_type text NOT NULL,
        entity_id text NOT NULL,
        actor_type text NOT NULL CHECK (actor_type IN ('user', 'system', 'service')),
        actor_id text NOT NULL,
        old_values jsonb,
        new_values jsonb,
        request_id text,
        previous_hash text NOT NULL CHECK (previous_hash ~ '^([0-9a-f]{64})?$'),
        hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, number),
        CONSTRAINT audit_log_id_key UNIQUE (tenant_id, id)
    )
"""

_INDEXES = (
    "CREATE UNIQUE INDEX events_position_key ON audit.events (tenant_id, position)",
    """
    CREATE INDEX events_conversation_idx
    ON audit.events (tenant_id, conversation_id, at, ordinal, position)
    """,
    "CREATE INDEX events_name_idx ON audit.events (tenant_id, name, at)",
    "CREATE INDEX audit_log_entity_idx ON audit.audit_log (tenant_id, entity_type, entity_id)",
    "CREATE INDEX audit_log_actor_idx ON audit.audit_log (tenant_id, actor_type, actor_id)",
)

_APPEND_ONLY = """
    CREATE FUNCTION audit.refuse_change() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        RAISE EXCEPTION '%.% only grows', TG_TABLE_SCHEMA, TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END
    $$
"""

_CHAINED = """
    CREATE FUNCTION audit.require_chain() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        last record;
    BEGIN
        SELECT number, hash INTO last FROM audit.audit_log
        WHERE tenant_id = NEW.tenant_id ORDER BY number DESC LIMIT 1;
        IF NEW.number <> coalesce(last.number, 0) + 1
            OR NEW.previous_hash <> coalesce(last.hash, '')
        THEN
            RAISE EXCEPTION 'entry % does not continue the chain', NEW.number
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END
    $$
"""

_TRIGGERS = (
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()
    """,
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON audit.events
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()
    """,
    """
    CREATE TRIGGER chain BEFORE INSERT ON audit.audit_log
    FOR EACH ROW EXECUTE FUNCTION audit.require_chain()
    """,
)


def upgrade() -> None:
    """Make both logs. Events may be deleted, by the owner, when their retention ends; audit not."""
    for statement in (_EVENTS, _AUDIT_LOG, *_INDEXES, _APPEND_ONLY, _CHAINED, *_TRIGGERS):
        op.execute(statement)
    for name in ("events", "audit_log"):
        wall_off(f"audit.{name}")
        op.execute(f"GRANT SELECT, INSERT ON audit.{name} TO parley_app")


def downgrade() -> None:
    """Undo it: what was logged is gone, as a log of tables that are gone must be."""
    op.execute("DROP TABLE audit.events")
    op.execute("DROP TABLE audit.audit_log")
    op.execute("DROP FUNCTION audit.require_chain()")
    op.execute("DROP FUNCTION audit.refuse_change()")
