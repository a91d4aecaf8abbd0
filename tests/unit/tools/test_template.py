"""The template is read with CloudFormation's short forms; nothing but its code is replaced."""

from pathlib import Path

from tools.local.places import ROOT
from tools.local.template import handlers, read_template, with_code

A_TEMPLATE = """
Globals:
  Function: {Runtime: python3.13, CodeUri: functions/}
Resources:
  Greet:
    Type: AWS::Serverless::Function
    Properties:
      Handler: people.greet.handler
      Environment: {Variables: {QUEUE: !GetAtt Waiting.QueueName, NAME: !Sub "${Stage}-greet"}}
  Waiting: {Type: AWS::SQS::Queue}
  Platform:
    Type: AWS::Serverless::LayerVersion
    Metadata: {BuildMethod: python3.13}
    Properties: {ContentUri: shared/, LayerName: platform}
"""


def a_template(folder: Path) -> Path:
    file = folder / "template.yaml"
    file.write_text(A_TEMPLATE)
    return file


def test_short_forms_are_written_out(tmp_path: Path) -> None:
    variables = read_template(a_template(tmp_path))["Resources"]["Greet"]["Properties"][
        "Environment"
    ]["Variables"]

    assert variables == {
        "QUEUE": {"Fn::GetAtt": ["Waiting", "QueueName"]},
        "NAME": {"Fn::Sub": "${Stage}-greet"},
    }


def test_a_handler_says_where_its_file_is(tmp_path: Path) -> None:
    assert handlers(read_template(a_template(tmp_path))) == {"Greet": "people/greet.py"}


def test_every_handler_of_the_project_is_found_where_its_template_says() -> None:
    missing = [
        name
        for name, file in handlers(read_template(ROOT / "template.yaml")).items()
        if not (ROOT / "functions" / file).exists()
    ]

    assert missing == []


def test_code_is_taken_from_where_it_was_uploaded(tmp_path: Path) -> None:
    template = read_template(a_template(tmp_path))

    uploaded = with_code(template, functions="s3://b/f", layers={"shared/": "s3://b/l"})

    assert uploaded["Globals"]["Function"]["CodeUri"] == "s3://b/f"
    assert uploaded["Resources"]["Platform"] == {
        "Type": "AWS::Serverless::LayerVersion",
        "Properties": {"ContentUri": "s3://b/l", "LayerName": "platform"},
    }
    assert uploaded["Resources"]["Greet"] == template["Resources"]["Greet"]
