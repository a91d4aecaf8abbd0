"""The connection to MongoDB: durable writes, and what its absence means."""

import socket
from uuid import uuid4

import pytest

from parley.domain.errors import Unavailable
from parley.repositories.mongo.conversations import MongoConversations
from parley.repositories.mongo.database import WeakWrites, connect, create_indexes
from parley.repositories.mongo.messages import MongoMessages
from tests.builders import A_TENANT, a_conversation, a_row, a_world, an_arrival, an_inbound


def separated(uri: str) -> str:
    return "&" if "?" in uri else "?"


@pytest.mark.parametrize("options", ["w=1", "w=0", "journal=false", "w=majority&journal=false"])
def test_an_address_that_asks_for_weak_writes_is_refused(mongodb_uri: str, options: str) -> None:
    with pytest.raises(WeakWrites):
        connect(f"{mongodb_uri}{separated(mongodb_uri)}{options}", database="any")


def test_writes_wait_for_a_majority_and_its_journals(mongodb_uri: str) -> None:
    database = connect(mongodb_uri, database="any")

    assert database.write_concern.document == {"w": "majority", "j": True}
    database.client.close()


def test_a_server_that_is_away_is_unavailable() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        database = connect(
            f"mongodb://127.0.0.1:{port}/?directConnection=true&serverSelectionTimeoutMS=50",
            database="any",
        )
        one = a_conversation()
        store, messages = MongoConversations(database), MongoMessages(database)

        with pytest.raises(Unavailable):
            store.find(A_TENANT, one.id)
        with pytest.raises(Unavailable):
            store.replace(one, one, an_arrival())
        with pytest.raises(Unavailable):
            messages.project(A_TENANT, one.id, [a_row(1)])
        database.client.close()


@pytest.mark.parametrize("retry_writes", [True, False])
def test_turns_are_taken_with_and_without_the_drivers_retries(
    mongodb_uri: str, *, retry_writes: bool
) -> None:
    database = connect(
        mongodb_uri, database=f"retries-{uuid4().hex[:8]}", retry_writes=retry_writes
    )
    create_indexes(database)
    create_indexes(database)
    world = a_world(conversations=MongoConversations(database), messages=MongoMessages(database))
    begun = world.starts()

    taken = world.turns.take(an_inbound("hi", conversation_id=begun.id))

    assert [message.content["text"] for message in taken.messages] == ["You said hi"]
    database.client.close()
