"""Bring PostgreSQL's tables to the newest version, as the role that owns them."""

from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

ROOT = Path(__file__).parents[2]
MIGRATIONS = ROOT / "shared/parley/repositories/postgres/migrations"
APP_ROLE = "parley_app"


def migrate(owner_url: str, *, app_password: str) -> None:
    """Run every migration not yet run, and let the functions' role log in with `app_password`."""
    from alembic import command  # noqa: PLC0415 -- half a second that `parley status` need not pay
    from alembic.config import Config  # noqa: PLC0415 -- as above
    from sqlalchemy import create_engine, text  # noqa: PLC0415 -- as above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", owner_url.replace("%", "%%"))
    command.upgrade(config, "head")
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        quoted = app_password.replace("'", "''")
        connection.execute(text(f"ALTER ROLE {APP_ROLE} LOGIN PASSWORD '{quoted}'"))
    engine.dispose()


def app_url(owner_url: str, *, app_password: str) -> str:
    """The same database for the functions: as a role that owns nothing."""
    parts = urlsplit(owner_url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{APP_ROLE}:{quote(app_password)}@{place}"))
