"""Bringing stores to what the code expects.

PostgreSQL has two faces: its owner, who migrates, and the role the functions log in as.
"""

from urllib.parse import quote, urlsplit, urlunsplit

from tools.local.errors import CloudError

APP_ROLE = "parley_app"
MONGODB_DATABASE = "parley"
"""As the template has it."""


def migrate(owner_url: str, *, app_password: str) -> None:
    """Run every migration not yet run, and let the functions' role log in with `app_password`."""
    from parley.repositories.postgres.migrate import upgrade  # noqa: PLC0415 -- a second to import

    upgrade(owner_url, app_password)


def index(mongodb_uri: str, *, database: str = MONGODB_DATABASE) -> int:
    """Create the indexes that MongoDB lacks; how many there are then. Raises CloudError."""
    from parley.domain.errors import Unavailable  # noqa: PLC0415 -- with the next one
    from parley.repositories.mongo.database import (  # noqa: PLC0415 -- pymongo takes its time
        connect,
        create_indexes,
    )

    connected = connect(mongodb_uri, database=database)
    try:
        return create_indexes(connected)
    except Unavailable as error:
        raise CloudError(f"MongoDB made no indexes: {error.__cause__}") from None
    finally:
        connected.client.close()


def app_url(owner_url: str, *, app_password: str) -> str:
    """The same database for the functions: as a role that owns nothing."""
    parts = urlsplit(owner_url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{APP_ROLE}:{quote(app_password, safe='')}@{place}"))
