"""The template after the SAM transform: what CloudFormation is asked for."""

import copy

import pytest
from samtranslator.translator.transform import transform  # type: ignore[import-untyped]  # it has none

from parley.domain.json import JsonObject
from tests.deployment.stack import functions, resources, template
from tools.local.template import with_code

MAX_RESOURCES = 450
"""CloudFormation takes 500; before that, queues and alarms move into a nested stack."""


class NoManagedPolicies:
    """Every managed policy the template attaches is its own: none is looked up."""

    def load(self) -> dict[str, str]:
        return {}


@pytest.fixture(scope="module")
def transformed() -> JsonObject:
    bucket = "s3://code/"
    layers = {layer["ContentUri"]: bucket + name for name, layer in layers_by_name().items()}
    stack = with_code(copy.deepcopy(template()), functions=f"{bucket}functions", layers=layers)
    parameters = {"MongodbUri": "m", "PostgresUrl": "p", "RedisUrl": "r", "TokenKeys": "[]"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        result: JsonObject = transform(stack, parameters, NoManagedPolicies())
    return result


def layers_by_name() -> dict[str, JsonObject]:
    return resources("AWS::Serverless::LayerVersion")


def test_the_stack_stays_below_cloudformation_s_limit(transformed: JsonObject) -> None:
    assert len(transformed["Resources"]) < MAX_RESOURCES


def test_every_function_has_a_role_of_its_own(transformed: JsonObject) -> None:
    roles = [
        resource["Properties"]["Role"]["Fn::GetAtt"][0]
        for resource in transformed["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function"
    ]

    assert sorted(roles) == sorted(f"{name}Role" for name in functions())


def test_every_route_but_the_open_ones_is_behind_the_authorizer(transformed: JsonObject) -> None:
    api = transformed["Resources"]["Api"]["Properties"]["Body"]

    open_routes = {
        f"{method.upper()} {path}"
        for path, operations in api["paths"].items()
        for method, operation in operations.items()
        if method != "options" and operation.get("security") != [{"Authorizer": []}]
    }
    assert open_routes == {
        "GET /docs",
        "GET /health",
        "GET /health/ready",
        "GET /openapi.json",
        "POST /auth/guest",
        "POST /auth/logout",
        "POST /auth/refresh",
        "POST /auth/token",
        "POST /callbacks/{token}",
        "POST /organizations",
    }


def test_every_function_is_in_the_network_it_is_given_and_may_be(transformed: JsonObject) -> None:
    given = {"SubnetIds": {"Ref": "SubnetIds"}, "SecurityGroupIds": {"Ref": "SecurityGroupIds"}}
    resources_of = transformed["Resources"]

    for name in functions():
        function = resources_of[name]["Properties"]
        assert function["VpcConfig"] == {"Fn::If": ["InVpc", given, {"Ref": "AWS::NoValue"}]}
        policies = str(resources_of[f"{name}Role"]["Properties"]["ManagedPolicyArns"])
        assert "AWSLambdaVPCAccessExecutionRole" in policies


def test_without_subnets_there_is_no_network(transformed: JsonObject) -> None:
    parameters = transformed["Parameters"]

    assert [parameters[name]["Default"] for name in ("SubnetIds", "SecurityGroupIds")] == ["", ""]
    assert transformed["Conditions"]["InVpc"] == {
        "Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": "SubnetIds"}]}, ""]}]
    }


def test_only_connecting_to_the_websocket_is_authorized(
    transformed: JsonObject,
) -> None:
    proven = {
        resource["Properties"]["RouteKey"]: resource["Properties"].get("AuthorizationType")
        for resource in transformed["Resources"].values()
        if resource["Type"] == "AWS::ApiGatewayV2::Route"
    }

    assert proven == {"$connect": "CUSTOM", "$disconnect": None, "$default": None}
