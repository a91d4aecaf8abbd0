"""A small project in a MiniStack of its own: deployed, edited, killed, and deployed again."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cloud import running
from tools.local.aws import client
from tools.local.deploy import Change, Deployed, Deployer, Project
from tools.local.errors import CloudError
from tools.local.ministack import ministack
from tools.local.parts import Part
from tools.local.places import Places, read_json
from tools.local.ports import free_port

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String}
  Architecture: {Type: String}
  Greeting: {Type: String}
Globals:
  Function:
    Runtime: python3.13
    CodeUri: functions/
    Layers: [!Ref PlatformLayer, !Ref DependenciesLayer]
    Environment: {Variables: {GREETING: !Ref Greeting}}
Resources:
  Greet: {Type: AWS::Serverless::Function, Properties: {Handler: people.greet.handler}}
  Leave: {Type: AWS::Serverless::Function, Properties: {Handler: people.leave.handler}}
  Waiting: {Type: AWS::SQS::Queue}
  PlatformLayer:
    Type: AWS::Serverless::LayerVersion
    Metadata: {BuildMethod: python3.13}
    Properties: {ContentUri: shared/, LayerName: platform}
  DependenciesLayer:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: layers/dependencies/, LayerName: dependencies}
Outputs:
  WaitingQueueUrl: {Value: !Ref Waiting}
"""
GREET = """
import os
from small.words import NAME

def handler(event, context):
    return f"{os.environ['GREETING']}, {NAME}"
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Two functions and the package they share."""
    files = {
        "template.yaml": TEMPLATE,
        "functions/people/greet.py": GREET,
        "functions/people/leave.py": "def handler(event, context):\n    return 'bye'\n",
        "shared/small/__init__.py": "",
        "shared/small/words.py": "NAME = 'Ada'\n",
    }
    for name, text in files.items():
        file = tmp_path / "project" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return Project(tmp_path / "project")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "home")


@pytest.fixture
def emulator(places: Places) -> Part:
    """A MiniStack that is not started yet."""
    data, log = places.data("ministack"), places.log("ministack")
    return ministack(data, free_port(), log, temporary=places.temporary)


@pytest.fixture
def deployer(emulator: Part, places: Places, project: Project) -> Iterator[Deployer]:
    """Deploys the project to a MiniStack that runs."""
    with running(emulator):
        yield Deployer(places, emulator.port, {"Greeting": "Hello"}, project)


def says(deployer: Deployer, function: str) -> Any:
    """What the deployed function answers."""
    name = read_json(deployer.places.deployed)["names"][function]
    answer = client("lambda", deployer.port).invoke(FunctionName=name, Payload=b"{}")
    return json.loads(answer["Payload"].read())


def test_functions_run_with_the_layer_and_the_parameters(deployer: Deployer) -> None:
    done = deployer.deploy()

    assert done == Deployed(Change.STACK)
    assert (says(deployer, "Greet"), says(deployer, "Leave")) == ("Hello, Ada", "bye")


def test_without_an_edit_nothing_is_done(deployer: Deployer) -> None:
    deployer.deploy()

    assert deployer.deploy() == Deployed(Change.NOTHING)


def test_an_edited_handler_alone_is_replaced_and_live_within_2_s(
    deployer: Deployer, project: Project
) -> None:
    deployer.deploy()
    assert says(deployer, "Leave") == "bye"
    leave = project.functions / "people" / "leave.py"
    leave.write_text("def handler(event, context):\n    return 'see you'\n")
    began = time.monotonic()

    done = deployer.deploy()
    answer = says(deployer, "Leave")

    assert done == Deployed(Change.FUNCTIONS, ("Leave",))
    assert answer == "see you"
    assert time.monotonic() - began < 2


def test_an_edit_of_the_shared_package_reaches_every_function(
    deployer: Deployer, project: Project
) -> None:
    deployer.deploy()
    assert says(deployer, "Greet") == "Hello, Ada"
    (project.shared / "small" / "words.py").write_text("NAME = 'Grace'\n")

    done = deployer.deploy()

    assert (done.change, says(deployer, "Greet")) == (Change.STACK, "Hello, Grace")


def test_an_edit_that_is_taken_back_is_taken_back_in_the_cloud(
    deployer: Deployer, project: Project
) -> None:
    leave = project.functions / "people" / "leave.py"
    first = leave.read_text()
    deployer.deploy()
    leave.write_text("def handler(event, context):\n    return 'see you'\n")
    deployer.deploy()
    leave.write_text(first)
    (project.shared / "small" / "words.py").write_text("NAME = 'Grace'\n")

    deployer.deploy()

    assert says(deployer, "Leave") == "bye"


def test_a_template_that_cannot_be_deployed_says_why(deployer: Deployer, project: Project) -> None:
    project.template.write_text(TEMPLATE.replace("AWS::SQS::Queue", "AWS::SQS::Quay"))

    with pytest.raises(CloudError, match="AWS::SQS::Quay"):
        deployer.deploy()


def test_what_a_killed_emulator_forgot_is_deployed_again(
    emulator: Part, places: Places, project: Project
) -> None:
    deployer = Deployer(places, emulator.port, {"Greeting": "Hello"}, project)
    with running(emulator) as killed:
        deployer.deploy()
        killed.process.kill()
        killed.process.wait()

    with running(emulator):
        done = deployer.deploy()

        assert (done.change, says(deployer, "Greet")) == (Change.STACK, "Hello, Ada")


def test_what_a_stopped_emulator_kept_is_not_deployed_again(
    emulator: Part, places: Places, project: Project
) -> None:
    deployer = Deployer(places, emulator.port, {"Greeting": "Hello"}, project)
    with running(emulator):
        deployer.deploy()

    with running(emulator):
        done = deployer.deploy()

        assert (done, says(deployer, "Greet")) == (Deployed(Change.NOTHING), "Hello, Ada")
