"""`parley migrate`: bring a deployment's stores to what this code expects."""

import argparse
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from tools.local.errors import CloudError
from tools.local.migrate import APP_ROLE, MONGODB_DATABASE, app_url, index, migrate

OWNER = "PARLEY_POSTGRES_OWNER_URL"
APP = "PARLEY_POSTGRES_URL"
MONGODB = "PARLEY_MONGODB_URI"
DATABASE = "PARLEY_MONGODB_DATABASE"
_NEEDED = {
    OWNER: "PostgreSQL, as the role that owns the database and may create roles",
    APP: f"PostgreSQL as the functions reach it: as {APP_ROLE}, with the password it shall have",
    MONGODB: "MongoDB, as a user that may create indexes",
}


@dataclass(frozen=True, slots=True)
class Stores:
    """Where a deployment's stores are, and what `parley_app` logs in with."""

    owner_url: str
    app_password: str
    mongodb_uri: str
    mongodb_database: str

    @classmethod
    def named_by(cls, environment: Mapping[str, str]) -> Self:
        """Raises CloudError with all that is missing, not the first of it."""
        missing = [f"{name}: {what}" for name, what in _NEEDED.items() if not environment.get(name)]
        if missing:
            raise CloudError(
                "\n  ".join(["the environment does not say where to migrate", *missing])
            )
        functions = urlsplit(environment[APP])
        if functions.username != APP_ROLE or not functions.password:
            raise CloudError(
                f"{APP} must name the role {APP_ROLE} and its password",
                remedy=f"write it as postgresql://{APP_ROLE}:PASSWORD@HOST/DATABASE",
            )
        return cls(
            owner_url=environment[OWNER],
            app_password=unquote(functions.password),
            mongodb_uri=environment[MONGODB],
            mongodb_database=environment.get(DATABASE) or MONGODB_DATABASE,
        )


def run(_: argparse.Namespace) -> int:
    """Migrate PostgreSQL, then index MongoDB; done again, it changes nothing."""
    stores = Stores.named_by(os.environ)
    print(f"PostgreSQL: {_migrated(stores)}, {APP_ROLE} can log in")
    print(f"MongoDB: {_indexed(stores)} indexes")
    return 0


def _migrated(stores: Stores) -> str:
    from parley.repositories.postgres.migrate import (  # noqa: PLC0415 -- a second to import
        log_in,
        revision_of,
    )

    with _postgres_errors("the owner", OWNER):
        before = revision_of(stores.owner_url)
        migrate(stores.owner_url, app_password=stores.app_password)
        after = revision_of(stores.owner_url)
    with _postgres_errors(APP_ROLE, APP):
        log_in(app_url(stores.owner_url, app_password=stores.app_password))
    return f"at {after}, as before" if before == after else f"from {before or 'nothing'} to {after}"


def _indexed(stores: Stores) -> int:
    from pymongo.errors import PyMongoError  # noqa: PLC0415 -- pymongo takes its time

    from parley.repositories.mongo.database import WeakWrites  # noqa: PLC0415 -- as above

    try:
        return index(stores.mongodb_uri, database=stores.mongodb_database)
    except (PyMongoError, WeakWrites) as error:
        raise CloudError(f"MongoDB cannot be used: {error}", remedy=f"see {MONGODB}") from None
    except ValueError:  # its words quote the address, password and all
        raise CloudError("MongoDB's address cannot be read", remedy=f"see {MONGODB}") from None


@contextmanager
def _postgres_errors(role: str, name: str) -> Iterator[None]:
    """CloudError for what PostgreSQL and the network say; never a statement: one has a password."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 -- a second to import

    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        what = _said(getattr(error, "orig", None) or error)
        raise CloudError(f"PostgreSQL refused {role}: {what}", remedy=f"see {name}") from None


def _said(error: Any) -> str:  # noqa: ANN401 -- whatever the driver raised
    """PostgreSQL's own words, where it spoke; else what kind of error it was."""
    fields = error.args[0] if error.args else None
    if isinstance(fields, dict):
        return str(fields.get("M", "it gave no reason"))
    return str(fields or type(error).__name__)
