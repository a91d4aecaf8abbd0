"""What `sam build` makes is what is deployed: it is valid, small enough, and lacks nothing."""

import json
import os
import platform
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from tests.deployment.stack import ROOT, functions, handlers, resources

pytestmark = pytest.mark.xdist_group("sam")  # one build for all of them

SAM = ROOT / ".venv-sam" / "bin" / "sam"
ARCHITECTURE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
"""This machine's, so that what was built can be imported here."""
MAX_UNZIPPED_BYTES = 150 * 1024 * 1024
"""Of a function with its layers; Lambda takes 250 MB."""
RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3")
"""What Lambda's Python has beside the standard library."""

MIGRATIONS = [f"parley.repositories.postgres.{name}" for name in ("migrat", "tenancy")]
"""How the names begin of what is run from outside, with Alembic, and never by a function."""

IMPORT_ALL = """
import importlib, json, pkgutil, sys
sys.path[:0] = json.loads(sys.argv[1])
for name in json.loads(sys.argv[2]):
    importlib.import_module(name)
import parley
for module in pkgutil.walk_packages(parley.__path__, "parley."):
    if not module.name.startswith(tuple(json.loads(sys.argv[3]))):
        importlib.import_module(module.name)
"""


def sam(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert SAM.is_file(), "there is no .venv-sam: run `make setup-sam`"
    environment = os.environ | {
        "AWS_DEFAULT_REGION": "eu-central-1",
        "PARLEY_ARCHITECTURE": ARCHITECTURE,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "SAM_CLI_TELEMETRY": "0",
    }
    return subprocess.run(  # noqa: S603 -- our own arguments
        [SAM, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `sam build` filled."""
    folder = tmp_path_factory.mktemp("sam")
    built = sam(
        "build",
        *("--build-dir", str(folder / "build")),
        *("--cached", "--cache-dir", str(ROOT / ".aws-sam" / "cache")),
        *("--parameter-overrides", f"Architecture={ARCHITECTURE}"),
    )
    assert built.returncode == 0, built.stderr
    return folder / "build"


def test_the_template_is_valid_and_lints_clean() -> None:
    checked = sam("validate", "--lint")

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_stages_are_those_the_template_knows() -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    deployed = {
        name: stage["deploy"]["parameters"]["parameter_overrides"]
        for name, stage in config.items()
        if name not in ("version", "default")
    }
    assert deployed == {name: [f"Stage={name}"] for name in ("dev", "staging", "prod")}


@pytest.mark.parametrize("name", functions())
def test_a_function_with_its_layers_is_small_enough(name: str, build: Path) -> None:
    parts = [build / name, *(build / layer for layer in resources("AWS::Serverless::LayerVersion"))]

    assert all(part.is_dir() for part in parts)
    assert sum(size_bytes(part) for part in parts) < MAX_UNZIPPED_BYTES


def test_every_handler_is_in_its_function(build: Path) -> None:
    for handler in handlers():
        built = build / handler.logical_id / f"{handler.name}.py"
        assert built.read_text() == handler.source


def test_the_layers_lack_nothing_that_any_handler_or_adapter_imports(
    build: Path, tmp_path: Path
) -> None:
    runtime = lambda_s_own(tmp_path / "runtime")
    layers = [build / name / "python" for name in resources("AWS::Serverless::LayerVersion")]
    code = build / "SendMessage"

    done = imported([code, *layers, runtime], [h.name.replace("/", ".") for h in handlers()])

    assert done.returncode == 0, done.stderr


def test_what_was_left_out_is_what_nothing_imports(build: Path) -> None:
    layer = build / "DependenciesLayer" / "python"

    left_out = ["boto3", "botocore", "alembic", "cel_expr_python/ext", "sqlalchemy/dialects/mysql"]
    assert [name for name in left_out if (layer / name).exists()] == []
    languages = {path.stem.partition("_")[0] for path in layer.glob("babel/locale-data/*.dat")}
    assert languages == {"root", "en", "de", "fr", "es", "ja", "ar"}


def test_the_layer_is_for_the_processor_it_was_asked_for(build: Path) -> None:
    machines = {"x86_64": 0x3E, "arm64": 0xB7}  # e_machine, ELF
    (library,) = (build / "DependenciesLayer" / "python" / "cel_expr_python").glob("cel.*.so")

    assert int.from_bytes(library.read_bytes()[18:20], "little") == machines[ARCHITECTURE]


def test_the_built_template_has_the_code_of_every_function(build: Path) -> None:
    class Loader(yaml.SafeLoader):
        """Reads past CloudFormation's short forms."""

    Loader.add_multi_constructor("!", lambda _loader, _tag, node: node.value)
    template = yaml.load((build / "template.yaml").read_text(), Loader)  # noqa: S506 -- a SafeLoader

    codes = {name: template["Resources"][name]["Properties"]["CodeUri"] for name in functions()}
    assert codes == {name: name for name in functions()}


def lambda_s_own(folder: Path) -> Path:
    """The packages that Lambda has already, taken from this environment."""
    site = Path(yaml.__file__).parents[1]
    folder.mkdir()
    for name in RUNTIME:
        (folder / name).symlink_to(site / name)
    return folder


def imported(path: Sequence[Path], modules: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Import these, and all of parley, with nothing but `path` and the standard library."""
    return subprocess.run(  # noqa: S603 -- as above
        [
            *(sys.executable, "-I", "-S", "-c", IMPORT_ALL),
            json.dumps([str(folder) for folder in path]),
            json.dumps(modules),
            json.dumps(MIGRATIONS),
        ],
        env={"PARLEY_STAGE": "local"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


def size_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
