"""`make build` and `make deploy`: the layer fits the functions, and every parameter comes whole."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from parley.domain.json import JsonObject
from tests.deployment.stack import ROOT, template

SAM_PYTHON = ROOT / ".venv-sam" / "bin" / "python"
UNDERSTOOD = """
import json, sys
from samcli.cli.types import CfnParameterOverridesType
print(json.dumps(CfnParameterOverridesType().convert(tuple(json.load(sys.stdin)), None, None)))
"""
KEYS = json.dumps([{"kid": "2026-11", "pem": "-----BEGIN PRIVATE KEY-----\nMIG+/ A=\n"}])


def would_run(*arguments: str) -> str:
    """The commands that make would run."""
    made = subprocess.run(  # noqa: S603 -- our own arguments
        ["make", "--dry-run", "--no-print-directory", *arguments],  # noqa: S607 -- whichever there is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout


@pytest.mark.parametrize("target", ["build", "deploy"])
@pytest.mark.parametrize("asked", ["arm64", "x86_64", None])
def test_the_layer_is_built_for_what_the_functions_run_on(target: str, asked: str | None) -> None:
    expected = asked or template()["Parameters"]["Architecture"]["Default"]

    commands = would_run(target, *([f"ARCHITECTURE={asked}"] if asked else []))

    assert f"PARLEY_ARCHITECTURE={expected} sam build" in commands
    assert f"--parameter-overrides Architecture={expected}" in commands
    if target == "deploy":
        assert f"tools/deploy.sh dev {expected}" in commands


def test_what_is_deployed_is_built_and_its_stores_migrated_first() -> None:
    commands = would_run("deploy", "STAGE=staging")

    order = ["sam build", "parley migrate", "tools/deploy.sh staging"]
    assert [commands.index(step) for step in order] == sorted(commands.index(s) for s in order)
    assert "parley migrate" not in would_run("deploy", "MIGRATE=no")


def deployed(folder: Path, environment: dict[str, str], *more: str) -> JsonObject:
    """The parameters that SAM understands, of what `tools/deploy.sh` hands to it."""
    said = folder / "arguments.json"
    sam = folder / "sam"
    sam.write_text(
        "#!/usr/bin/env python3\nimport json, sys\n"
        f"json.dump(sys.argv[1:], open({str(said)!r}, 'w'))\n"
    )
    sam.chmod(0o755)
    subprocess.run(  # noqa: S603 -- our own script
        [ROOT / "tools" / "deploy.sh", "prod", "arm64", *more],
        env={"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", **environment},
        check=True,
    )
    arguments = json.loads(said.read_text())
    assert arguments[:4] == ["deploy", "--config-env", "prod", "--parameter-overrides"]
    understood = subprocess.run(  # noqa: S603 -- our own program
        [SAM_PYTHON, "-c", UNDERSTOOD],
        input=json.dumps(arguments[4:]),
        capture_output=True,
        text=True,
        check=True,
    )
    parameters: JsonObject = json.loads(understood.stdout)
    return parameters


def test_addresses_and_keys_come_whole_from_the_environment(tmp_path: Path) -> None:
    environment = {
        "PARLEY_MONGODB_URI": "mongodb://u:p%40$x'y@h:27017/?w=majority&tls=true",
        "PARLEY_POSTGRES_URL": "postgresql://parley_app:a\\b c@h/parley",
        "PARLEY_REDIS_URL": "rediss://h:6379/0",
        "PARLEY_TOKEN_KEYS": KEYS,
    }

    parameters = deployed(tmp_path, environment, "SubnetIds=subnet-1,subnet-2")

    assert parameters == {
        "Stage": "prod",
        "Architecture": "arm64",
        "SubnetIds": "subnet-1,subnet-2",
        "MongodbUri": environment["PARLEY_MONGODB_URI"],
        "PostgresUrl": environment["PARLEY_POSTGRES_URL"],
        "RedisUrl": environment["PARLEY_REDIS_URL"],
        "TokenKeys": KEYS,
    }


def test_what_the_environment_does_not_say_is_left_as_it_was(tmp_path: Path) -> None:
    assert deployed(tmp_path, {}) == {"Stage": "prod", "Architecture": "arm64"}
