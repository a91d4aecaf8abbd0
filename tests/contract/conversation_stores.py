"""The ports of conversations, twice: in memory and in MongoDB's wire protocol."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from parley.repositories.memory.conversations import MemoryConversations
from parley.repositories.memory.messages import MemoryMessages
from parley.repositories.mongo.conversations import MongoConversations
from parley.repositories.mongo.database import connect, create_indexes
from parley.repositories.mongo.messages import MongoMessages
from parley.services.ports.conversations import Conversations, Messages

KINDS = ("memory", "mongo")


@dataclass(frozen=True)
class ConversationStores:
    conversations: Conversations
    messages: Messages


def opened(request: pytest.FixtureRequest) -> Iterator[ConversationStores]:
    """The stores that a fixture's parameter, one of `KINDS`, names; empty."""
    if request.param == "memory":
        yield ConversationStores(MemoryConversations(), MemoryMessages())
        return
    uri = request.getfixturevalue("mongodb_uri")
    database = connect(uri, database=f"contract-{uuid4().hex[:12]}")
    create_indexes(database)
    yield ConversationStores(MongoConversations(database), MongoMessages(database))
    database.client.close()
