"""Which parts one laptop cloud has, where they listen, and what the template is told about them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from tools.local.migrate import app_url
from tools.local.ministack import endpoint, ministack
from tools.local.mongodb import mongodb, mongodb_uri
from tools.local.orders import INTEGRATIONS, orders
from tools.local.page import page
from tools.local.parts import Part
from tools.local.places import Places, read_json, write_json
from tools.local.ports import HOST, free_port
from tools.local.postgres import owner_url, postgres
from tools.local.secrets import Secrets
from tools.local.state import State
from tools.local.valkey import redis_url, valkey

USUAL_PORTS = {
    "postgresql": 5432,
    "valkey": 6379,
    "mongodb": 27017,
    "ministack": 4566,
    "orders": 8401,
    "page": 8400,
}
STORES = {
    "postgresql": "PARLEY_POSTGRES_URL",
    "valkey": "PARLEY_REDIS_URL",
    "mongodb": "PARLEY_MONGODB_URI",
}
"""The variable that names a server of one's own instead of each store of ours."""


def choose_ports(places: Places) -> dict[str, int]:
    """The ports of last time, or the usual ones; a free one instead of each that is taken."""
    kept = read_json(places.ports)
    chosen: dict[str, int] = {}
    for part, usual in USUAL_PORTS.items():
        chosen[part] = free_port(wanted=kept.get(part, usual), taken=chosen.values())
    write_json(places.ports, dict(chosen))
    return chosen


@dataclass(frozen=True, slots=True)
class Plan:
    """One laptop cloud, before it runs. `own_servers` are URLs of stores that we do not start."""

    places: Places
    ports: Mapping[str, int]
    secrets: Secrets
    own_servers: Mapping[str, str]

    @classmethod
    def make(cls, places: Places) -> Self:
        """Chooses ports, so nothing of this cloud may be running."""
        own = {part: os.environ[name] for part, name in STORES.items() if os.environ.get(name)}
        return cls(places, choose_ports(places), Secrets.of(places), own)

    @classmethod
    def of_running(cls, places: Places) -> Self:
        """The plan that the running supervisor made: its ports, and the stores of its own."""
        state = State.read(places)
        running = {part.name for part in state.parts}
        own = {part: state.addresses[part] for part in STORES if part not in running}
        return cls(places, read_json(places.ports), Secrets.of(places), own)

    def parts(self) -> list[Part]:
        """What we start, in the order in which it is needed."""
        places, ports = self.places, self.ports
        stores = {
            "postgresql": postgres(
                places.data("postgresql"), ports["postgresql"], places.log("postgresql")
            ),
            "mongodb": mongodb(places.data("mongodb"), ports["mongodb"], places.log("mongodb")),
            "valkey": valkey(places.data("valkey"), ports["valkey"], places.log("valkey")),
        }
        emulator = ministack(
            places.data("ministack"),
            ports["ministack"],
            places.log("ministack"),
            temporary=places.temporary,
        )
        return [
            emulator,
            *(part for name, part in stores.items() if name not in self.own_servers),
            orders(ports["orders"], places.log("orders")),
            page(places, ports["page"], places.log("page"), ministack_port=ports["ministack"]),
        ]

    @property
    def postgres_owner_url(self) -> str:
        return self.own_servers.get("postgresql") or owner_url(self.ports["postgresql"])

    @property
    def addresses(self) -> dict[str, str]:
        """What people and programs are told."""
        origin = f"http://{HOST}:{self.ports['page']}"
        return {
            "page": origin,
            "api": f"{origin}/v1",
            "aws": endpoint(self.ports["ministack"]),
            "mongodb": self.mongodb_uri,
            "postgresql": self.postgres_owner_url,
            "valkey": self.redis_url,
            "orders": f"http://{HOST}:{self.ports['orders']}",
        }

    @property
    def mongodb_uri(self) -> str:
        return self.own_servers.get("mongodb") or mongodb_uri(self.ports["mongodb"])

    @property
    def redis_url(self) -> str:
        return self.own_servers.get("valkey") or redis_url(self.ports["valkey"])

    def parameters(self) -> dict[str, str]:
        """The template's parameters, less those that are alike on every laptop."""
        return {
            "MongodbUri": self.mongodb_uri,
            "PostgresUrl": app_url(self.postgres_owner_url, app_password=self.secrets.app_password),
            "RedisUrl": self.redis_url,
            "TokenKeys": self.secrets.token_keys,
            "LiveEndpoint": f"{endpoint(self.ports['ministack'])}/_aws/execute-api",
            "CustomerCallsPerMinute": "6000",  # a laptop is asked by nobody but its owner's tests
            "PublicUrl": self.addresses["api"],
            "IntegrationHosts": ",".join(
                f"{name}={self.addresses['orders']}" for name in INTEGRATIONS
            ),
        }
