"""What every test may ask for."""

from tests.cloud import (
    mongodb_server,
    mongodb_uri,
    postgres_owner_url,
    postgres_server,
    postgres_url,
    redis_url,
    servers_folder,
    valkey_server,
)

__all__ = [
    "mongodb_server",
    "mongodb_uri",
    "postgres_owner_url",
    "postgres_server",
    "postgres_url",
    "redis_url",
    "servers_folder",
    "valkey_server",
]
