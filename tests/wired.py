"""The handlers on real stores: PostgreSQL, the MongoDB-wire server, Valkey; queues by moto.

`wired` is the process's own `Services`, made from an environment as the functions have it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from moto import mock_aws

from parley.domain.access import Caller
from parley.domain.json import JsonObject
from parley.repositories.mongo.database import create_indexes
from parley.runtime import wiring
from parley.runtime.aws import client
from parley.runtime.settings import settings_from
from parley.runtime.wiring import Services, services
from tests.http import Api

PASSWORD = "correct horse battery staple"
_QUEUES = {"INBOUND": "inbound.fifo", "OUTBOUND": "outbound.fifo", "EVENTS": "events"}


@dataclass(frozen=True)
class Tenant:
    """An organisation that has just signed up."""

    slug: str
    email: str
    signed_up: JsonObject
    admin: Caller

    @property
    def api(self) -> Api:
        return Api(self.admin)


def a_key_pem() -> str:
    """A new P-256 private key."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(scope="module")
def wired(postgres_url: str, redis_url: str, mongodb_uri: str) -> Iterator[Services]:
    """Services on real stores; every handler in this process uses them until the module's end.

    Of the environment only what boto3 reads is set: other tests start servers by it.
    """
    stores = {
        "PARLEY_STAGE": "local",
        "PARLEY_POSTGRES_URL": postgres_url,
        "PARLEY_REDIS_URL": redis_url,
        "PARLEY_MONGODB_URI": mongodb_uri,
        "PARLEY_TOKEN_KEYS": json.dumps([{"kid": "test", "pem": a_key_pem()}]),
    }
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        made = Services(settings_from({**stores, **_queues()}))
        # Other tests clear the cache: whoever asks anew gets these, and opens no more connections.
        patch.setattr(wiring, "settings", lambda: made.settings)
        patch.setattr(wiring, "Services", lambda _settings: made)
        services.cache_clear()
        create_indexes(made.mongo)
        yield made
        made.mongo.client.close()
        made.database.close()
        made.redis.close()
        client.cache_clear()
    services.cache_clear()


def _queues() -> dict[str, str]:
    """The three queues, made; where each is, as the environment says it."""
    sqs = boto3.client("sqs")
    made = {}
    for name, queue in _QUEUES.items():
        attributes = {"FifoQueue": "true"} if queue.endswith(".fifo") else {}
        created = sqs.create_queue(QueueName=queue, Attributes=attributes)
        made[f"{name}_QUEUE_URL"] = created["QueueUrl"]
    return made


def sign_up(slug: str, wired: Services) -> Tenant:
    """A new tenant, through the API."""
    email = f"admin@{slug}.example"
    body = {"organization": slug, "slug": slug, "email": email, "password": PASSWORD}
    answer = Api().post("/organizations", body)
    assert answer.status == 201, answer.body
    token = answer.json["tokens"]["access_token"]
    return Tenant(slug, email, answer.json, wired.access.authenticate(token))
