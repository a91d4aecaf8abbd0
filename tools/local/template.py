"""template.yaml as the laptop cloud deploys it: the same, with its code where it was uploaded."""

from pathlib import Path
from typing import Any

import yaml

from parley.domain.json import JsonObject

_PLAIN = {"Ref", "Condition"}


class _CloudFormationLoader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms: `!Sub x` is `{"Fn::Sub": x}`."""


def _short_form(loader: _CloudFormationLoader, tag: str, node: yaml.Node) -> JsonObject:
    name = tag if tag in _PLAIN else f"Fn::{tag}"
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if tag == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        raise TypeError(f"!{tag} of {node!r}")
    return {name: value}


_CloudFormationLoader.add_multi_constructor("!", _short_form)


def read_template(file: Path) -> JsonObject:
    """The template with every short form written out."""
    template: JsonObject = yaml.load(file.read_text(), _CloudFormationLoader)  # noqa: S506 -- a SafeLoader
    return template


def handlers(template: JsonObject) -> dict[str, str]:
    """Each function's file below functions/, by logical id: its Handler says where."""
    return {
        name: resource["Properties"]["Handler"].rpartition(".")[0].replace(".", "/") + ".py"
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def with_code(template: JsonObject, *, functions: str, layers: dict[str, str]) -> JsonObject:
    """The template with its code uploaded: all functions at `functions`, each layer by folder."""
    settings = template["Globals"]["Function"] | {"CodeUri": functions}
    resources = {
        name: _with_content(resource, layers)
        if resource["Type"] == "AWS::Serverless::LayerVersion"
        else resource
        for name, resource in template["Resources"].items()
    }
    return template | {
        "Globals": template["Globals"] | {"Function": settings},
        "Resources": resources,
    }


def _with_content(resource: JsonObject, layers: dict[str, str]) -> JsonObject:
    properties = resource["Properties"]
    uploaded = properties | {"ContentUri": layers[properties["ContentUri"]]}
    return {"Type": resource["Type"], "Properties": uploaded}
