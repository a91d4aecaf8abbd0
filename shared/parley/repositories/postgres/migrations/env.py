"""How Alembic reaches the database: `sqlalchemy.url` of its configuration, nothing else."""

import sqlalchemy as sa
from alembic import context

from parley.repositories.postgres.database import driver_url
from parley.repositories.postgres.tables import METADATA

_LOCK = 7_022_010_845_221_966_337
"""Any fixed number: two deployments at once migrate one after the other."""


def run() -> None:
    """Run the migrations that were asked for, all in one transaction."""
    url = context.config.get_main_option("sqlalchemy.url")
    if url is None:
        raise RuntimeError("sqlalchemy.url names no database")
    engine = sa.create_engine(driver_url(url), poolclass=sa.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=METADATA, transactional_ddl=True)
        with context.begin_transaction():
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            context.run_migrations()
    engine.dispose()


run()
