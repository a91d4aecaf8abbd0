"""Bringing a database to the tables that this code expects, and back."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext

from parley.repositories.postgres.database import driver_url

APP_ROLE = "parley_app"
"""The role that the functions log in as; it owns nothing."""
MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(owner_url: str, app_password: str, *, revision: str = "head") -> None:
    """Run every migration not yet run, then let the functions' role log in with `app_password`.

    Repeating it changes nothing. `owner_url` names a role that owns the database's schemas and may
    create roles; it need not be a superuser.
    """
    command.upgrade(_config(owner_url), revision)
    engine = sa.create_engine(driver_url(owner_url), poolclass=sa.NullPool)
    with engine.begin() as connection:
        # A role's password cannot be a bound parameter: PostgreSQL itself quotes it.
        statement = connection.scalar(
            sa.select(
                sa.func.format(
                    f"ALTER ROLE {APP_ROLE} LOGIN PASSWORD %L", sa.cast(app_password, sa.Text)
                )
            )
        )
        connection.exec_driver_sql(str(statement).replace("%", "%%"))
    engine.dispose()


def revision_of(url: str) -> str | None:
    """The last migration that was run there; None when there was none."""
    engine = sa.create_engine(driver_url(url), poolclass=sa.NullPool)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def log_in(url: str) -> None:
    """Raises what SQLAlchemy raises when one cannot."""
    engine = sa.create_engine(driver_url(url), poolclass=sa.NullPool)
    with engine.connect():
        return


def downgrade(owner_url: str, *, revision: str = "base") -> None:
    """Undo migrations down to `revision`; the roles stay, for they belong to the whole server."""
    command.downgrade(_config(owner_url), revision)


def _config(owner_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", owner_url.replace("%", "%%"))
    return config
