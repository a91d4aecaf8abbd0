"""Two schemas, the functions' role, and the role that looks up whose a log-in is.

Roles belong to the whole server, so going down leaves them.
"""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make what everything else stands in."""
    for role in ("parley_app", "parley_lookup"):
        op.execute(f"""
            DO $$
            BEGIN
                IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{role}') THEN
                    CREATE ROLE {role} NOLOGIN;
                END IF;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database of this server is being migrated at the same moment
            END
            $$
        """)
    for schema in ("core", "audit"):
        op.execute(f"CREATE SCHEMA {schema}")
        op.execute(f"GRANT USAGE ON SCHEMA {schema} TO parley_app")
    op.execute("GRANT USAGE ON SCHEMA core TO parley_lookup")


def downgrade() -> None:
    """Undo it; fails while anything is left in the schemas."""
    op.execute("DROP SCHEMA audit")
    op.execute("DROP SCHEMA core")
