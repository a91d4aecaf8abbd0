"""PostgreSQL's two faces: the owner, who migrates, and the role the functions log in as."""

from urllib.parse import quote, urlsplit, urlunsplit

APP_ROLE = "parley_app"


def migrate(owner_url: str, *, app_password: str) -> None:
    """Run every migration not yet run, and let the functions' role log in with `app_password`."""
    from parley.repositories.postgres.migrate import upgrade  # noqa: PLC0415 -- a second to import

    upgrade(owner_url, app_password)


def app_url(owner_url: str, *, app_password: str) -> str:
    """The same database for the functions: as a role that owns nothing."""
    parts = urlsplit(owner_url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{APP_ROLE}:{quote(app_password)}@{place}"))
