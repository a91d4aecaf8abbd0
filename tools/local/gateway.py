"""What MiniStack leaves out of a REST API's definition: API Gateway's own answers, and CORS.

On AWS both come with the template; here they are put in afterwards, from the same template.
"""

from collections.abc import Mapping

from parley.domain.json import JsonObject
from tools.local.aws import Client, client

_API = "Api"
_CORS = {"AllowOrigin": "Origin", "AllowMethods": "Methods", "AllowHeaders": "Headers"}


def complete(template: JsonObject, api_id: str, parameters: Mapping[str, str], port: int) -> None:
    """Give the API of this id the answers that `template` says; repeating it changes nothing."""
    api: JsonObject = template["Resources"].get(_API, {}).get("Properties", {})
    known = _values(template, parameters)
    gateway = client("apigateway", port)
    for kind, response in api.get("GatewayResponses", {}).items():
        headers = response["ResponseParameters"]["Headers"]
        status = {"statusCode": str(response["StatusCode"])} if "StatusCode" in response else {}
        gateway.put_gateway_response(
            restApiId=api_id,
            responseType=kind,
            responseParameters={
                f"gatewayresponse.header.{name}": _text(value, known)
                for name, value in headers.items()
            },
            responseTemplates=response["ResponseTemplates"],
            **status,
        )
    if "Cors" in api:
        _answer_preflights(gateway, api_id, api["Cors"], known)
    gateway.create_deployment(restApiId=api_id, stageName=api["StageName"])


def _answer_preflights(
    gateway: Client, api_id: str, cors: JsonObject, known: Mapping[str, str]
) -> None:
    headers = {
        f"method.response.header.Access-Control-Allow-{header}": _text(cors[name], known)
        for name, header in _CORS.items()
    }
    for resource in gateway.get_resources(restApiId=api_id, limit=500)["items"]:
        if "OPTIONS" not in resource.get("resourceMethods", {}):
            continue
        answer = {
            "restApiId": api_id,
            "resourceId": resource["id"],
            "httpMethod": "OPTIONS",
            "statusCode": "200",
        }
        declared = dict.fromkeys(headers, False)
        gateway.put_method_response(**answer, responseParameters=declared)
        gateway.put_integration_response(**answer, responseParameters=headers)


def _values(template: JsonObject, parameters: Mapping[str, str]) -> dict[str, str]:
    """What each parameter of the stack has come to."""
    declared: JsonObject = template.get("Parameters", {})
    defaults = {name: str(p["Default"]) for name, p in declared.items() if "Default" in p}
    return defaults | dict(parameters)


def _text(value: str | JsonObject, known: Mapping[str, str]) -> str:
    """A text of the template, or what `Fn::Sub` makes of one."""
    if isinstance(value, str):
        return value
    text: str = value["Fn::Sub"]
    for name, given in known.items():
        text = text.replace(f"${{{name}}}", given)
    return text
