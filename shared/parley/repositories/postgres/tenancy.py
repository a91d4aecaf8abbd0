"""The tenant wall, for migrations to raise around a table."""

from alembic import op


def wall_off(table: str) -> None:
    """Show a role only the rows of the tenant its transaction was opened for, the owner included.

    Without the setting nothing is shown and nothing can be written.
    """
    tenant = "tenant_id = nullif(current_setting('parley.tenant_id', true), '')::uuid"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON {table} USING ({tenant}) WITH CHECK ({tenant})")


def let_look_up(table: str, columns: str) -> None:
    """Let the look-ups that precede knowing the tenant read some columns of every tenant."""
    op.execute(f"GRANT SELECT ({columns}) ON {table} TO parley_lookup")
    op.execute(f"CREATE POLICY lookup ON {table} FOR SELECT TO parley_lookup USING (true)")


def give_to_lookup(*functions: str) -> None:
    """Have functions run as the role that may look up, and nobody but the app call them.

    An owner that is no superuser must be a member, and the new owner able to create, for the
    moment in which a function changes hands.
    """
    op.execute("GRANT parley_lookup TO CURRENT_USER WITH INHERIT FALSE, SET TRUE")
    op.execute("GRANT CREATE ON SCHEMA core TO parley_lookup")
    for function in functions:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO parley_app")
        op.execute(f"ALTER FUNCTION {function} OWNER TO parley_lookup")
    op.execute("REVOKE CREATE ON SCHEMA core FROM parley_lookup")
