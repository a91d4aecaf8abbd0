"""Publishing: what a version calls and proves, and the version that a rollback goes back to."""

from alembic import op

revision = "0005"
down_revision = "0004"

_COLUMNS = (
    """
    ALTER TABLE core.flows
        ADD COLUMN previous_version text,
        ADD CONSTRAINT flows_previous_version_fkey
            FOREIGN KEY (tenant_id, id, previous_version) REFERENCES core.flow_versions
    """,
    """
    ALTER TABLE core.flow_versions
        ADD COLUMN tests json,
        ADD COLUMN calls jsonb NOT NULL DEFAULT '{}'
    """,
)

_IMMUTABLE = """
    CREATE OR REPLACE FUNCTION core.refuse_change_of_version() RETURNS trigger
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
            NEW.content_hash{new}) IS DISTINCT FROM
           (OLD.tenant_id, OLD.flow_id, OLD.version, OLD.number, OLD.document::text, OLD.source,
            OLD.content_hash{old})
        THEN
            RAISE EXCEPTION 'the content of version % never changes', OLD.version
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END
    $$
"""

_GRANTS = (
    "GRANT UPDATE (previous_version) ON core.flows TO parley_app",
    "GRANT UPDATE (calls) ON core.flow_versions TO parley_app",
)


def upgrade() -> None:
    """Add the columns; tests never change either, and calls are taken when a draft is published."""
    immutable = _IMMUTABLE.format(new=", NEW.tests::text", old=", OLD.tests::text")
    for statement in (*_COLUMNS, immutable, *_GRANTS):
        op.execute(statement)


def downgrade() -> None:
    """Undo it."""
    op.execute(_IMMUTABLE.format(new="", old=""))
    op.execute("ALTER TABLE core.flow_versions DROP COLUMN tests, DROP COLUMN calls")
    op.execute("ALTER TABLE core.flows DROP COLUMN previous_version")
