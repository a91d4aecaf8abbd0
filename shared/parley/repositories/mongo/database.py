"""The connection to MongoDB, its indexes, and what its errors mean to us.

Only what MongoDB, Amazon DocumentDB and the laptop's server all do is used: single-document
`findOneAndUpdate` with `$set $unset $inc $push/$each/$slice $pull`, upserts, plain filters and
sparse indexes; no pipelines, no `$expr`, no transactions.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import Any

import pymongo
from bson.codec_options import CodecOptions
from pymongo import ASCENDING, DESCENDING, IndexModel, MongoClient
from pymongo.database import Database
from pymongo.errors import PyMongoError

from parley.domain.errors import Unavailable

type Document = dict[str, Any]
type MongoDatabase = Database[Document]

CONVERSATIONS = "conversations"
MESSAGES = "messages"

_TIMEOUT_MS = 5_000
"""For one operation as a whole, retries of the driver included."""
_CONNECT_TIMEOUT_MS = 2_000
_INDEXING_TIMEOUT_S = 10 * 60

_CONVERSATION_INDEXES = [
    IndexModel([("tenant", ASCENDING), ("last_activity_at", DESCENDING), ("id", ASCENDING)]),
    IndexModel(
        [
            ("tenant", ASCENDING),
            ("status", ASCENDING),
            ("last_activity_at", DESCENDING),
            ("id", ASCENDING),
        ]
    ),
    IndexModel(
        [
            ("tenant", ASCENDING),
            ("user_id", ASCENDING),
            ("last_activity_at", DESCENDING),
            ("id", ASCENDING),
        ]
    ),
    IndexModel(
        [
            ("tenant", ASCENDING),
            ("flow.id", ASCENDING),
            ("status", ASCENDING),
            ("id", ASCENDING),
            ("flow.version", ASCENDING),
        ]
    ),
    IndexModel([("due_at", ASCENDING)], sparse=True),
    IndexModel([("timer_at", ASCENDING)], sparse=True),
    IndexModel([("idle_at", ASCENDING)], sparse=True),
]
_MESSAGE_INDEXES = [
    IndexModel([("tenant", ASCENDING), ("conversation", ASCENDING), ("n", ASCENDING)]),
    IndexModel([("tenant", ASCENDING), ("conversation", ASCENDING), ("turn_no", ASCENDING)]),
]


class WeakWrites(Exception):
    """The address asks for writes that a crash of the server could undo."""


def connect(uri: str, *, database: str, retry_writes: bool = True) -> MongoDatabase:
    """The database, not yet spoken to. Writes wait for a majority and its journals.

    `retry_writes` is for engines that know retryable writes: not Amazon DocumentDB before 8.0.2.
    Turns are safe either way. Raises WeakWrites if the address itself asks for less.
    """
    client: MongoClient[Document] = MongoClient(
        uri,
        retryWrites=retry_writes,
        timeoutMS=_TIMEOUT_MS,
        connectTimeoutMS=_CONNECT_TIMEOUT_MS,
        serverSelectionTimeoutMS=_CONNECT_TIMEOUT_MS,
        maxPoolSize=20,
        appname="parley",
    )
    return require_durable(client[database])


def require_durable(database: MongoDatabase) -> MongoDatabase:
    """The database with majority, journaled writes: its own, or set here where it has none."""
    wanted = {"w": "majority", "j": True}
    asked = database.write_concern.document
    if any(asked.get(key, value) != value for key, value in wanted.items()):
        database.client.close()
        raise WeakWrites(f"write concern {asked!r}: only w=majority with journal=true will do")
    codec = CodecOptions(document_class=dict, tz_aware=True, tzinfo=UTC)
    concern = type(database.write_concern)(w="majority", j=True, wtimeout=asked.get("wtimeout"))
    return database.with_options(codec_options=codec, write_concern=concern)


def create_indexes(database: MongoDatabase) -> int:
    """Create what is missing, and say how many there are then, those of `_id` among them.

    Safe to repeat. Takes as long as the server needs for what it holds already, ten minutes at
    most. Raises Unavailable: within seconds if the server is not there.
    """
    ping(database)
    with answering(), pymongo.timeout(_INDEXING_TIMEOUT_S):
        database[CONVERSATIONS].create_indexes(_CONVERSATION_INDEXES)
        database[MESSAGES].create_indexes(_MESSAGE_INDEXES)
        return sum(len(list(database[name].list_indexes())) for name in (CONVERSATIONS, MESSAGES))


@contextmanager
def answering() -> Iterator[None]:
    """Turns the driver's errors into Unavailable: the work may or may not have been done."""
    try:
        yield
    except PyMongoError as error:
        raise Unavailable("the conversation store did not answer: try again") from error


def ping(database: MongoDatabase) -> None:
    """Asks the least there is to ask. Raises Unavailable."""
    with answering():
        database.command("ping")
