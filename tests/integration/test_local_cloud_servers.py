"""The servers that tests and the laptop cloud start are real ones and end when they are told to."""

from pathlib import Path

import psutil
import pymongo
import redis
from sqlalchemy import create_engine, text

from tests.cloud import running
from tools.local.parts import Running
from tools.local.ports import free_port
from tools.local.postgres import owner_url
from tools.local.valkey import redis_url as url_of_valkey
from tools.local.valkey import valkey


def test_postgresql_is_version_18_and_knows_vectors(postgres_server: Running) -> None:
    engine = create_engine(owner_url(postgres_server.part.port))

    with engine.begin() as connection:
        version = connection.execute(text("show server_version_num")).scalar_one()
        connection.execute(text("create extension if not exists vector"))
        distance = connection.execute(
            text("select '[1,2]'::vector <-> '[1,5]'::vector")
        ).scalar_one()
    engine.dispose()

    assert int(version) // 10_000 == 18
    assert distance == 3.0


def test_mongodb_wire_server_keeps_a_document(mongodb_uri: str) -> None:
    with pymongo.MongoClient[dict[str, object]](mongodb_uri) as client:
        client.example.things.insert_one({"_id": "a", "n": 1})

        assert client.example.things.find_one({"_id": "a"}) == {"_id": "a", "n": 1}


def test_valkey_keeps_what_it_was_told_over_a_kill(servers_folder: Path) -> None:
    folder = servers_folder / "killed-valkey"
    part = valkey(folder, free_port(), servers_folder / "killed-valkey.log")
    with running(part) as server, redis.Redis.from_url(url_of_valkey(part.port)) as client:
        client.set("kept", "yes")
        client.execute_command("WAITAOF", 1, 0, 1000)
        psutil.Process(server.pid).kill()
        server.process.wait()

    with running(part), redis.Redis.from_url(url_of_valkey(part.port)) as client:
        assert client.get("kept") == b"yes"
