"""What the environment says."""

import json

import pytest

from parley.domain.tokens import TokenKey, TokenKeys
from parley.runtime.settings import SettingsMissing, settings_from

LEAST = {"PARLEY_STAGE": "dev", "PARLEY_SECRET_ID": "parley/dev"}


def test_settings_are_what_the_environment_says() -> None:
    found = settings_from(
        {**LEAST, "INBOUND_QUEUE_URL": "https://q/in.fifo", "QUEUE_URL": "q", "LIVE_ENDPOINT": "l"}
    )

    assert (found.stage, found.secret_id, found.mongodb_database) == ("dev", "parley/dev", "parley")
    assert (found.inbound_queue_url, found.queue_url, found.live_endpoint) == (
        "https://q/in.fifo",
        "q",
        "l",
    )


def test_the_public_address_ends_where_routes_begin() -> None:
    assert settings_from(LEAST).public_url == ""
    told = {**LEAST, "PARLEY_PUBLIC_URL": "https://api.shop.example/v1/"}
    assert settings_from(told).public_url == "https://api.shop.example/v1"


def test_what_must_be_set_is_named() -> None:
    with pytest.raises(SettingsMissing, match="set PARLEY_STAGE"):
        settings_from({})


def test_an_override_takes_the_place_of_the_secrets_field() -> None:
    keys = [{"kid": "k1", "pem": "PEM"}]
    found = settings_from(
        {
            **LEAST,
            "PARLEY_POSTGRES_URL": "postgresql://p",
            "PARLEY_REDIS_URL": "redis://r",
            "PARLEY_MONGODB_URI": "mongodb://m",
            "PARLEY_TOKEN_KEYS": json.dumps(keys),
        }
    )

    assert (found.postgres_url, found.redis_url) == ("postgresql://p", "redis://r")
    assert found.mongodb_uri == "mongodb://m"
    assert found.token_keys == TokenKeys((TokenKey("k1", "PEM"),))


def test_without_secret_and_override_it_is_said_what_to_set() -> None:
    found = settings_from({"PARLEY_STAGE": "dev"})

    with pytest.raises(SettingsMissing, match="PARLEY_SECRET_ID, or PARLEY_REDIS_URL"):
        _ = found.redis_url


def test_integrations_on_this_machine_are_for_the_laptop_cloud_alone() -> None:
    hosts = {"PARLEY_INTEGRATION_HOSTS": "orders=http://127.0.0.1:7001, b=http://127.0.0.1:7002"}

    with pytest.raises(SettingsMissing, match="PARLEY_STAGE=local alone"):
        settings_from({**LEAST, **hosts})

    found = settings_from({**hosts, "PARLEY_STAGE": "local"})
    assert found.is_local
    assert found.local_bases == {"orders": "http://127.0.0.1:7001", "b": "http://127.0.0.1:7002"}


def test_settings_do_not_show_their_secrets() -> None:
    found = settings_from({**LEAST, "PARLEY_POSTGRES_URL": "postgresql://u:hush@h/d"})

    assert "hush" not in repr(found)


def test_what_is_not_overridden_comes_from_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for once a process."""
    secret: dict[str, object] = {
        "redis_url": "redis://s",
        "token_keys": [{"kid": "k1", "pem": "PEM"}],
    }
    asked: list[str] = []

    def get_secret(name: str, *, transform: str) -> dict[str, object]:
        asked.append(f"{name} as {transform}")
        return secret

    monkeypatch.setattr("aws_lambda_powertools.utilities.parameters.get_secret", get_secret)
    found = settings_from({**LEAST, "PARLEY_SECRET_ID": "parley/once"})

    assert found.redis_url == "redis://s"
    assert found.token_keys == TokenKeys((TokenKey("k1", "PEM"),))
    assert asked == ["parley/once as json"]
