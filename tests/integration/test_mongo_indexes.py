"""Whatever the repositories ask MongoDB for again and again, an index answers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from parley.domain.conversations import Channel, ConversationQuery, FlowPin, FlowVersion, Status
from parley.domain.ids import ConversationId, FlowId, MessageId, TenantId, TurnId, UserId
from parley.repositories.mongo.conversations import MongoConversations
from parley.repositories.mongo.database import (
    MongoDatabase,
    connect,
    create_indexes,
    require_durable,
)
from parley.repositories.mongo.messages import MongoMessages
from tests.cloud import Cloud

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TENANT, ID = TenantId("t"), ConversationId("c")
V11 = FlowPin(FlowId("f"), FlowVersion("1.1"))
type Keys = list[tuple[str, int]]


@dataclass
class Asked(CommandListener):
    """Notes every query that goes to the server."""

    finds: list[Mapping[str, Any]] = field(default_factory=list)

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name == "find":
            self.finds.append(event.command)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Not asked for."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Not asked for."""


@dataclass(frozen=True)
class Watched:
    """The repositories, and what they asked."""

    conversations: MongoConversations
    messages: MongoMessages
    asked: Asked
    indexes: Mapping[str, Sequence[Keys]]


@pytest.fixture(scope="module")
def watched(mongodb_uri: str) -> Iterator[Watched]:
    asked = Asked()
    client: MongoClient[dict[str, Any]] = MongoClient(mongodb_uri, event_listeners=[asked])
    database = require_durable(client[f"indexes-{uuid4().hex[:12]}"])
    create_indexes(database)
    yield Watched(
        MongoConversations(database), MongoMessages(database), asked, indexes_of(database)
    )
    client.close()


def indexes_of(database: MongoDatabase) -> dict[str, list[Keys]]:
    return {
        name: [list(index["key"].items()) for index in database[name].list_indexes()]
        for name in ("conversations", "messages")
    }


def is_answered(find: Mapping[str, Any], keys: Keys) -> bool:
    """Whether an index with these keys leads to what is looked for, and to nothing else.

    Either it begins with fields that are given, in any order, and goes on as is sorted (MongoDB
    manual, "The ESR guideline"); or all of its fields are given, and what is left is few.
    """
    given = {
        name
        for name, wanted in find["filter"].items()
        if not isinstance(wanted, Mapping) or "$eq" in wanted
    }
    sort = list(find.get("sort", {}).items())
    backwards = [(name, -direction) for name, direction in sort]
    names = [name for name, _ in keys]
    for length in range(len(names) + 1):
        rest = keys[length:][: len(sort)]
        if set(names[:length]) <= given and rest in (sort, backwards) and (length or sort):
            return True
    return set(names) <= given


QUERIES: dict[str, Callable[[Watched], object]] = {
    "a conversation": lambda w: w.conversations.find(TENANT, ID),
    "a turn's arrival": lambda w: w.conversations.find_arrival(TENANT, ID, TurnId("x")),
    "outboxes that are stuck": lambda w: w.conversations.list_unsent(NOW, limit=9),
    "timers that are due": lambda w: w.conversations.list_due(NOW, limit=9),
    "who is idle": lambda w: w.conversations.list_idle(NOW, limit=9),
    "who runs on another version": lambda w: w.conversations.list_on_other_versions(
        TENANT, V11, after=None, limit=9
    ),
    "who else does": lambda w: w.conversations.list_on_other_versions(
        TENANT, V11, after=ID, limit=9
    ),
    "history forwards": lambda w: w.messages.list(TENANT, ID, after=3, limit=9),
    "history backwards": lambda w: w.messages.list(TENANT, ID, before=3, limit=9),
    "traces": lambda w: w.messages.list_turns(TENANT, ID, limit=9),
    "one turn's messages": lambda w: w.messages.list_of_turn(TENANT, ID, 3),
    "one turn": lambda w: w.messages.find_turn(TENANT, ID, TurnId("x")),
    "one message": lambda w: w.messages.find(TENANT, ID, MessageId("x")),
    **{
        f"conversations by {query}": lambda w, query=query, after=after: w.conversations.list(  # type: ignore[misc]  # defaults bind them
            TENANT, query, after=after, limit=9
        )
        for after in (None, (NOW, ID))
        for query in (
            ConversationQuery(),
            ConversationQuery(status=Status.ACTIVE),
            ConversationQuery(user_id=UserId("u")),
            ConversationQuery(channel=Channel.WEB, flow_id=FlowId("f"), since=NOW),
        )
    },
}


@pytest.mark.parametrize("name", QUERIES)
def test_an_index_answers(watched: Watched, name: str) -> None:
    watched.asked.finds.clear()

    QUERIES[name](watched)

    assert watched.asked.finds
    for find in watched.asked.finds:
        assert any(is_answered(find, keys) for keys in watched.indexes[find["find"]]), find


def test_what_no_index_answers_is_seen() -> None:
    by_user: Keys = [("tenant", 1), ("user_id", 1), ("at", -1)]

    assert is_answered({"filter": {"user_id": "u", "tenant": "t"}, "sort": {"at": -1}}, by_user)
    assert not is_answered({"filter": {"tenant": "t"}, "sort": {"at": -1}}, by_user)
    assert not is_answered({"filter": {"user_id": {"$gt": "u"}}, "sort": {"at": -1}}, by_user)
    assert not is_answered({"filter": {}}, by_user)


def test_the_laptop_cloud_s_collections_have_every_index(cloud: Cloud, watched: Watched) -> None:
    database = connect(cloud.addresses["mongodb"], database="parley")

    found = indexes_of(database)

    database.client.close()
    assert found == watched.indexes
    assert sum(len(keys) for keys in found.values()) == 11
