"""What the environment says: the only module that reads it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from parley.domain.json import JsonObject
from parley.domain.tokens import TokenKey, TokenKeys

LOCAL = "local"


class SettingsMissing(Exception):
    """The function was deployed without something it cannot do without."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where everything is.

    `secret_id` names the JSON in Secrets Manager with `mongodb_uri`, `postgres_url`, `redis_url`
    and `token_keys`; `overrides` take the place of its fields, and then it is not asked.
    `queue_url` is the queue this function consumes, if it does. `integration_hosts` is
    `id=http://host:port,...`: servers on this machine that tenants' flows may call. `public_url` is
    where the world finds the API, its `/v1` included; empty if nobody has said.
    """

    stage: str
    secret_id: str
    mongodb_database: str
    inbound_queue_url: str
    outbound_queue_url: str
    events_queue_url: str
    queue_url: str
    dead_letter_queue_url: str
    live_endpoint: str
    public_url: str
    integration_hosts: str
    customer_calls_per_minute: int
    overrides: Mapping[str, str] = field(repr=False)

    @property
    def is_local(self) -> bool:
        return self.stage == LOCAL

    @property
    def mongodb_uri(self) -> str:
        return str(self._secret("mongodb_uri"))

    @property
    def postgres_url(self) -> str:
        return str(self._secret("postgres_url"))

    @property
    def redis_url(self) -> str:
        return str(self._secret("redis_url"))

    @property
    def token_keys(self) -> TokenKeys:
        """The first signs, all of them verify."""
        found = self._secret("token_keys")
        keys = json.loads(found) if isinstance(found, str) else found
        return TokenKeys(tuple(TokenKey(key["kid"], key["pem"]) for key in keys))

    @property
    def local_bases(self) -> Mapping[str, str]:
        """Integrations on this machine by id: anywhere but in the laptop cloud there are none."""
        pairs = (pair.split("=", 1) for pair in self.integration_hosts.split(",") if pair)
        return {name.strip(): base.strip() for name, base in pairs}

    def _secret(self, name: str) -> Any:  # noqa: ANN401 -- text or JSON, as the secret has it
        if override := self.overrides.get(name):
            return override
        if not self.secret_id:
            raise SettingsMissing(f"set PARLEY_SECRET_ID, or PARLEY_{name.upper()}")
        return _secret_fields(self.secret_id)[name]


def settings_from(environment: Mapping[str, str]) -> Settings:
    """The settings that an environment holds. Raises SettingsMissing, naming what must be set."""

    def required(name: str) -> str:
        if not environment.get(name):
            raise SettingsMissing(f"set {name}")
        return environment[name]

    stage = required("PARLEY_STAGE")
    integration_hosts = environment.get("PARLEY_INTEGRATION_HOSTS", "")
    if integration_hosts and stage != LOCAL:
        raise SettingsMissing("PARLEY_INTEGRATION_HOSTS is for PARLEY_STAGE=local alone: unset it")
    return Settings(
        stage=stage,
        secret_id=environment.get("PARLEY_SECRET_ID", ""),
        mongodb_database=environment.get("PARLEY_MONGODB_DATABASE", "parley"),
        inbound_queue_url=environment.get("INBOUND_QUEUE_URL", ""),
        outbound_queue_url=environment.get("OUTBOUND_QUEUE_URL", ""),
        events_queue_url=environment.get("EVENTS_QUEUE_URL", ""),
        queue_url=environment.get("QUEUE_URL", ""),
        dead_letter_queue_url=environment.get("DEAD_LETTER_QUEUE_URL", ""),
        live_endpoint=environment.get("LIVE_ENDPOINT", ""),
        public_url=environment.get("PARLEY_PUBLIC_URL", "").rstrip("/"),
        integration_hosts=integration_hosts,
        customer_calls_per_minute=int(environment.get("PARLEY_CUSTOMER_CALLS_PER_MINUTE", "120")),
        overrides={
            name: value
            for name in ("mongodb_uri", "postgres_url", "redis_url", "token_keys")
            if (value := environment.get(f"PARLEY_{name.upper()}"))
        },
    )


def settings() -> Settings:
    """The settings of this process."""
    return settings_from(os.environ)


def allow_origin() -> str:
    """The origin that browsers may call from; needed before anything else is."""
    return os.environ.get("PARLEY_ALLOW_ORIGIN", "*")


@cache
def _secret_fields(secret_id: str) -> JsonObject:
    """The secret's fields, asked for once a process. Raises Powertools' GetParameterError."""
    from aws_lambda_powertools.utilities import parameters  # noqa: PLC0415 -- cold start

    return cast("JsonObject", parameters.get_secret(secret_id, transform="json"))
