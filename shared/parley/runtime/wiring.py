"""Services and what they stand on: with `proofs`, all that knows both sides of every port.

Each member is made when it is first asked for, once a process, and imports what it needs then:
a function that queues a message loads neither SQLAlchemy nor the engine.
"""

# ruff: noqa: PLC0415 -- cold start: a function loads what it uses
import time
from functools import cache, cached_property
from typing import TYPE_CHECKING

from parley.runtime.chance import new_id, new_secret, now, stopwatch
from parley.runtime.proofs import Proofs
from parley.runtime.settings import Settings, settings

if TYPE_CHECKING:
    from redis import Redis

    from parley.repositories.mongo.conversations import MongoConversations
    from parley.repositories.mongo.database import MongoDatabase
    from parley.repositories.mongo.messages import MongoMessages
    from parley.repositories.postgres.database import Database
    from parley.runtime.aws import SqsEvents, SqsInbound, SqsOutbound
    from parley.runtime.limits import Limiter
    from parley.runtime.live import ApiGatewayLive
    from parley.runtime.passwords import ArgonPasswords
    from parley.runtime.proofs import Proofs
    from parley.services.access import AccessService
    from parley.services.callbacks import CallbackService
    from parley.services.conversations import ConversationService
    from parley.services.delivery import DeliveryService
    from parley.services.events import EventService
    from parley.services.flows import FlowService
    from parley.services.health import HealthService
    from parley.services.live import LiveService
    from parley.services.migrations import MigrationService
    from parley.services.organizations import OrganizationService
    from parley.services.outbox import OutboxService
    from parley.services.programs import FlowPrograms
    from parley.services.timers import TimerService
    from parley.services.turns import TurnService


class Stores:
    """The adapters: one connection pool to each store, one client for each queue."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def redis(self) -> "Redis":
        from parley.repositories.redis.client import redis_client

        return redis_client(self.settings.redis_url)

    @cached_property
    def database(self) -> "Database":
        from parley.repositories.postgres.database import Database

        return Database(self.settings.postgres_url)

    @cached_property
    def mongo(self) -> "MongoDatabase":
        from parley.repositories.mongo.database import connect

        return connect(self.settings.mongodb_uri, database=self.settings.mongodb_database)

    @cached_property
    def mongo_conversations(self) -> "MongoConversations":
        from parley.repositories.mongo.conversations import MongoConversations

        return MongoConversations(self.mongo)

    @cached_property
    def mongo_messages(self) -> "MongoMessages":
        from parley.repositories.mongo.messages import MongoMessages

        return MongoMessages(self.mongo)

    @cached_property
    def inbound(self) -> "SqsInbound":
        from parley.runtime.aws import SqsInbound

        return SqsInbound(self.settings.inbound_queue_url)

    @cached_property
    def outbound(self) -> "SqsOutbound":
        from parley.runtime.aws import SqsOutbound

        return SqsOutbound(self.settings.outbound_queue_url)

    @cached_property
    def event_queue(self) -> "SqsEvents":
        from parley.runtime.aws import SqsEvents

        return SqsEvents(self.settings.events_queue_url)

    @cached_property
    def connections(self) -> "ApiGatewayLive":
        from parley.repositories.redis.connections import RedisConnections
        from parley.runtime.live import ApiGatewayLive

        return ApiGatewayLive(self.settings.live_endpoint, RedisConnections(self.redis))

    @cached_property
    def passwords(self) -> "ArgonPasswords":
        from parley.runtime.passwords import ArgonPasswords

        return ArgonPasswords()

    @cached_property
    def proofs(self) -> "Proofs":
        from parley.runtime.proofs import Proofs

        return Proofs(self)


class Services(Stores):
    """The use cases, over those adapters."""

    @cached_property
    def limiter(self) -> "Limiter":
        from parley.repositories.redis.rates import RedisRates
        from parley.runtime.limits import Limiter, customers_at

        return Limiter(
            lambda tenant_id: RedisRates(self.redis, tenant_id),
            customers=customers_at(self.settings.customer_calls_per_minute),
        )

    @cached_property
    def access(self) -> "AccessService":
        from parley.services.access import AccessService

        return AccessService(self.proofs, clock=now, new_id=new_id, new_secret=new_secret)

    @cached_property
    def callbacks(self) -> "CallbackService":
        from parley.services.callbacks import CallbackService

        return CallbackService(tokens=lambda: self.proofs.tokens, inbound=self.inbound, clock=now)

    @cached_property
    def organizations(self) -> "OrganizationService":
        from parley.repositories.postgres.organizations import PostgresOrganizations
        from parley.services.organizations import OrganizationService

        return OrganizationService(
            PostgresOrganizations(self.database),
            self.access,
            self.passwords,
            clock=now,
            new_id=new_id,
        )

    @cached_property
    def flows(self) -> "FlowService":
        from parley.repositories.postgres.flows import PostgresFlows
        from parley.services.flows import FlowService

        return FlowService(PostgresFlows(self.database), clock=now, new_id=new_id)

    @cached_property
    def migrations(self) -> "MigrationService":
        from parley.services.migrations import MigrationService

        return MigrationService(
            self.flows,
            self.programs,
            conversations=self.mongo_conversations,
            inbound=self.inbound,
            clock=now,
        )

    @cached_property
    def programs(self) -> "FlowPrograms":
        from parley.repositories.postgres.flows import PostgresFlows
        from parley.repositories.redis.flows import RedisFlowCache
        from parley.services.programs import FlowPrograms

        return FlowPrograms(PostgresFlows(self.database), RedisFlowCache(self.redis))

    @cached_property
    def conversations(self) -> "ConversationService":
        from parley.services.conversations import ConversationService

        return ConversationService(
            conversations=self.mongo_conversations,
            messages=self.mongo_messages,
            programs=lambda: self.programs,
            turns=lambda: self.turns,
            inbound=self.inbound,
            clock=now,
            new_id=new_id,
        )

    @cached_property
    def turns(self) -> "TurnService":
        from parley.channels.transport import HttpIntegrations
        from parley.services.calls import RoutedIntegrations
        from parley.services.retries import RetryingIntegrations
        from parley.services.turns import TurnService

        outside = HttpIntegrations(local_bases=self.settings.local_bases)
        return TurnService(
            conversations=self.mongo_conversations,
            messages=self.mongo_messages,
            programs=self.programs,
            integrations=RoutedIntegrations(
                RetryingIntegrations(outside, clock=now, pause=time.sleep),
                built_ins={},
                public_url=self.settings.public_url,
                token_for=self.callbacks.token,
            ),
            outbox=self.outbox,
            clock=now,
        )

    @cached_property
    def outbox(self) -> "OutboxService":
        from parley.services.outbox import OutboxService

        return OutboxService(
            conversations=self.mongo_conversations,
            messages=self.mongo_messages,
            outbound=self.outbound,
            clock=now,
        )

    @cached_property
    def timers(self) -> "TimerService":
        from parley.services.timers import TimerService

        return TimerService(conversations=self.mongo_conversations, inbound=self.inbound, clock=now)

    @cached_property
    def delivery(self) -> "DeliveryService":
        from parley.services.delivery import DeliveryService

        return DeliveryService(
            messages=self.mongo_messages, live=self.connections, events=self.event_queue
        )

    @cached_property
    def live(self) -> "LiveService":
        from parley.services.live import LiveService

        return LiveService(self.conversations, self.connections)

    @cached_property
    def events(self) -> "EventService":
        from parley.repositories.postgres.events import PostgresEvents
        from parley.services.events import EventService

        return EventService(PostgresEvents(self.database))

    @cached_property
    def health(self) -> "HealthService":
        from parley.repositories.mongo.database import ping
        from parley.repositories.redis.client import probe
        from parley.services.health import HealthService, Probes

        return HealthService(
            Probes(
                required={
                    "mongodb": lambda: ping(self.mongo),
                    "postgresql": self.database.ping,
                },
                optional={"redis": lambda: probe(self.redis)},
            ),
            stopwatch=stopwatch,
        )


@cache
def services() -> Services:
    """The process's own."""
    return Services(settings())
