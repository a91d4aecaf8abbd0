"""One small engine per process, one tenant per transaction.

Row-level security shows a transaction only the rows of the tenant it was opened for: every table
has a policy on the setting `parley.tenant_id`, and the role the functions use owns no table. A
transaction opened for nobody sees nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from parley.domain.errors import Conflict, Invalid, Unavailable
from parley.domain.ids import TenantId

STATEMENT_TIMEOUT = timedelta(seconds=5)
_NETWORK_TIMEOUT_S = 10
"""Above the statement's: what PostgreSQL can end itself, it shall."""
_POOL_TIMEOUT_S = 5
_RECYCLE_S = 1_800
_SET_TENANT = sa.text("SELECT set_config('parley.tenant_id', :tenant_id, true)")


class Database:
    """Connects when first asked. A sandbox serves one request at a time, so two connections do."""

    def __init__(self, url: str, *, statement_timeout: timedelta = STATEMENT_TIMEOUT) -> None:
        self._url = url
        self._statement_timeout = statement_timeout

    @cached_property
    def _engine(self) -> sa.Engine:
        milliseconds = int(self._statement_timeout.total_seconds() * 1_000)
        engine = sa.create_engine(
            driver_url(self._url),
            pool_size=1,
            max_overflow=1,
            pool_timeout=_POOL_TIMEOUT_S,
            pool_pre_ping=True,
            pool_recycle=_RECYCLE_S,
            connect_args={
                "timeout": _NETWORK_TIMEOUT_S,
                "application_name": "parley",
                "startup_params": {"statement_timeout": str(milliseconds), "TimeZone": "UTC"},
            },
        )
        sa.event.listen(engine, "handle_error", _drop_connection_unless_server_spoke)
        sa.event.listen(engine, "invalidate", _close_streams)
        return engine

    @contextmanager
    def transaction(self, tenant_id: TenantId | None) -> Iterator[sa.Connection]:
        """All or nothing, for one tenant; None only for look-ups that precede knowing it.

        Raises Unavailable, Conflict and Invalid for what PostgreSQL and the network raise.
        """
        try:
            with self._engine.begin() as connection:
                connection.execute(_SET_TENANT, {"tenant_id": tenant_id or ""})
                yield connection
        except SQLAlchemyError as error:
            raise _translated(error) from error
        except OSError as error:
            raise Unavailable("the database did not answer") from error
        except UnicodeEncodeError as error:
            raise Invalid("a text is not made of whole characters") from error

    def ping(self) -> None:
        """Raises Unavailable when no answer comes."""
        with self.transaction(None):
            return

    def close(self) -> None:
        """Let go of every connection; the next transaction opens one anew."""
        self._engine.dispose()


def _drop_connection_unless_server_spoke(context: sa.ExceptionContext) -> None:
    """Never use a connection again on which a statement broke off on our side of it.

    The driver sends before it has encoded every value; an answer not read yet would be taken for
    the next statement's, which may be another tenant's.
    """
    if context.sqlalchemy_exception is None:
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False


def _close_streams(connection: Any, *_record_and_reason: object) -> None:  # noqa: ANN401 -- pg8000's
    """Close a broken connection's buffers, which pg8000 would leave to the garbage collector.

    They fail to send what they still hold: that is why the connection is given up.
    """
    streams = connection._sock  # noqa: SLF001 -- it has no public name
    if streams is not None:
        with suppress(OSError):
            streams.close()


def driver_url(url: str) -> str:
    """The address with the driver in it, for those who write `postgresql://` or `postgres://`."""
    scheme, separator, rest = url.partition("://")
    if scheme in {"postgres", "postgresql"}:
        return f"postgresql+pg8000{separator}{rest}"
    return url


def sqlstate(error: SQLAlchemyError) -> str | None:
    """PostgreSQL's five characters for what went wrong; None when it was not PostgreSQL."""
    original = error.orig if isinstance(error, DBAPIError) else None
    fields = original.args[0] if original is not None and original.args else None
    return fields.get("C") if isinstance(fields, dict) else None


def _translated(error: SQLAlchemyError) -> Exception:
    """PostgreSQL 18, appendix A: class 22 is data it cannot hold, 23 a constraint, 42 our mistake.

    A mistake of ours is no PlatformError: trying it again would not help.
    """
    state = sqlstate(error)
    match state[:2] if state else None:
        case "22":
            return Invalid("a value cannot be stored")
        case "23":
            return Conflict("it is there already, or was changed in between")
        case "42" | "0A":
            return RuntimeError(f"PostgreSQL refused a statement: {state}")
        case _ if isinstance(error, DBAPIError | PoolTimeout):
            return Unavailable("the database did not answer")
        case _:
            return RuntimeError(f"a statement could not be made: {type(error).__name__}")
