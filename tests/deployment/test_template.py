"""The template as data: what a deployment would only show too late."""

import json
import re

import pytest

from parley.domain.errors import LimitExceeded, PlatformError, Unauthenticated, Unavailable
from parley.runtime.problems import problem_of
from parley.runtime.reading import BodyTooLarge, MediaTypeUnsupported
from tests.deployment.stack import (
    Handler,
    Route,
    consumers,
    functions,
    handlers,
    queues,
    resources,
    routes_of,
    strings_in,
    template,
    timeout_s,
)

ALL = pytest.mark.parametrize("handler", handlers(), ids=lambda handler: handler.name)


def test_every_file_is_one_function_and_every_function_one_file() -> None:
    files = {handler.logical_id: handler.name for handler in handlers()}
    deployed = {
        name: function["Handler"].removesuffix(".handler").replace(".", "/")
        for name, function in functions().items()
    }

    assert deployed == files


def test_functions_stand_in_the_order_of_their_files() -> None:
    assert list(functions()) == [handler.logical_id for handler in handlers()]


@ALL
def test_a_route_is_the_same_in_template_decorator_and_docstring(handler: Handler) -> None:
    deployed = [
        Route(route["Method"], route["Path"])
        for route in routes_of(functions()[handler.logical_id])
    ]

    assert deployed == ([handler.route] if handler.route else [])
    if handler.route:
        assert handler.docstring.startswith(f"{handler.route.method} {handler.route.path}: ")


@ALL
def test_a_route_is_open_exactly_if_its_handler_requires_no_permission(handler: Handler) -> None:
    open_routes = [
        route.get("Auth") == {"Authorizer": "NONE"}
        for route in routes_of(functions()[handler.logical_id])
    ]

    assert open_routes == ([handler.is_public] if handler.route else [])


@ALL
def test_a_public_handler_does_not_ask_who_calls(handler: Handler) -> None:
    asks = re.search(r"\b(CurrentCaller|MessageOrigin)\b", handler.source)

    assert not (handler.is_public and asks)


@ALL
def test_a_consumer_says_which_queue_it_empties(handler: Handler) -> None:
    queue, _ = consumers().get(handler.logical_id, (None, {}))

    says = re.match(r"Queue `(\w+)`: ", handler.docstring)
    assert (says[1].capitalize() if says else None) == queue


@ALL
def test_a_schedule_says_how_often_it_runs(handler: Handler) -> None:
    events = functions()[handler.logical_id].get("Events", {}).values()
    ticks = [e["Properties"]["Schedule"] for e in events if e["Type"] == "Schedule"]

    says = re.match(r"Every (minute|hour|day): ", handler.docstring)
    assert ticks == ([f"rate(1 {says[1]})"] if says else [])


@ALL
def test_every_function_has_a_sample_event(handler: Handler) -> None:
    assert handler.event_file.is_file()


def test_no_sample_event_outlives_its_function() -> None:
    samples = {handler.event_file for handler in handlers()}

    assert set(handlers()[0].event_file.parents[1].rglob("*.json")) == samples


@pytest.mark.parametrize("name", [name for name in queues() if not name.endswith("Dead")])
def test_a_queue_gives_up_into_a_dead_letter_queue_of_its_kind(name: str) -> None:
    queue, dead = queues()[name], queues()[f"{name}Dead"]

    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": [f"{name}Dead", "Arn"]}
    assert queue.get("FifoQueue") == dead.get("FifoQueue")
    assert dead["MessageRetentionPeriod"] == 14 * 24 * 60 * 60


@pytest.mark.parametrize("name", [name for name in queues() if name.endswith("Dead")])
def test_a_dead_letter_queue_has_an_alarm_that_somebody_hears(name: str) -> None:
    alarm = resources("AWS::CloudWatch::Alarm")[f"{name}Alarm"]

    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert alarm["Dimensions"] == [
        {"Name": "QueueName", "Value": {"Fn::GetAtt": [name, "QueueName"]}}
    ]
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")
    assert alarm["AlarmActions"] == [{"Ref": "Alarms"}]


def test_every_queue_but_the_dead_ones_has_one_consumer() -> None:
    consumed = sorted(queue for queue, _ in consumers().values())

    assert consumed == sorted(name for name in queues() if not name.endswith("Dead"))


@pytest.mark.parametrize("name", consumers())
def test_a_consumer_reports_each_failure_and_has_time_for_six_tries(name: str) -> None:
    queue, event = consumers()[name]

    assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert queues()[queue]["VisibilityTimeout"] >= 6 * timeout_s(functions()[name])
    assert event["BatchSize"] <= 10


@pytest.mark.parametrize("name", consumers())
def test_a_consumer_knows_its_queue_and_may_give_back_and_bury(name: str) -> None:
    queue, _ = consumers()[name]
    function = functions()[name]

    assert function["Environment"]["Variables"] == {
        "QUEUE_URL": {"Ref": queue},
        "DEAD_LETTER_QUEUE_URL": {"Ref": f"{queue}Dead"},
    }
    own = [policy for policy in function["Policies"] if "Statement" in policy]
    assert [(s["Action"], s["Resource"]) for s in own[0]["Statement"]] == [
        ("sqs:ChangeMessageVisibility", {"Fn::GetAtt": [queue, "Arn"]}),
        ("sqs:SendMessage", {"Fn::GetAtt": [f"{queue}Dead", "Arn"]}),
    ]


def test_conversations_keep_their_order_and_nothing_is_deduplicated_by_content() -> None:
    ordered = {name: queue for name, queue in queues().items() if queue.get("FifoQueue")}

    assert sorted(ordered) == ["Inbound", "InboundDead", "Outbound", "OutboundDead"]
    assert not any(queue.get("ContentBasedDeduplication") for queue in ordered.values())


def test_a_policy_names_what_it_allows_and_where() -> None:
    policies = [
        *resources("AWS::IAM::ManagedPolicy").values(),
        *({"PolicyDocument": p} for f in functions().values() for p in f.get("Policies", [])),
    ]
    statements = [s for p in policies for s in p["PolicyDocument"].get("Statement", [])]

    allowed = [text for s in statements for text in strings_in([s["Action"], s["Resource"]])]
    wildcards = [text for text in allowed if "*" in text]
    assert statements
    # the ids of connections are made as they come, so no policy can name them
    assert [text.rpartition("}")[2] for text in wildcards] == ["/v1/POST/@connections/*"]


def test_a_policy_attached_is_one_of_the_template_s_own() -> None:
    attached = {
        policy["Ref"]
        for function in functions().values()
        for policy in function.get("Policies", [])
        if "Ref" in policy
    }

    assert attached == set(resources("AWS::IAM::ManagedPolicy"))


def test_a_function_may_send_to_the_queues_it_sends_to_and_no_other() -> None:
    may: dict[str, set[str]] = {
        name: set() for name in ("QueueInbound", "QueueOutbound", "QueueEvents", "PushLive")
    }
    for name, function in functions().items():
        for policy in function.get("Policies", []):
            if policy.get("Ref") in may:
                may[policy["Ref"]].add(name)

    assert may == {
        "QueueInbound": {
            "SendMessage",
            "Receive",
            "ReceiveCallback",
            "FireDueTimers",
            "CloseIdleConversations",
            "PublishFlow",
        },
        "QueueOutbound": {
            "StartConversation",
            "SendMessage",
            "CloseConversation",
            "TakeTurn",
            "FlushStuckOutboxes",
        },
        "QueueEvents": {"DeliverMessage"},
        "PushLive": {"DeliverMessage", "Receive"},
    }


def test_no_secret_stands_in_the_template() -> None:
    parameters = template()["Parameters"]

    secret = {name for name, parameter in parameters.items() if parameter.get("NoEcho")}
    assert secret == {"MongodbUri", "PostgresUrl", "RedisUrl", "TokenKeys"}
    assert not any("Default" in parameters[name] for name in secret)
    users = {
        name
        for name, resource in template()["Resources"].items()
        if any(f"${{{parameter}}}" in text for parameter in secret for text in strings_in(resource))
    }
    assert users == {"Secret"}


def test_api_gateway_s_own_answers_are_problems_too() -> None:
    answers = resources("AWS::Serverless::Api")["Api"]["GatewayResponses"]

    assert set(answers) == {
        "ACCESS_DENIED",
        "DEFAULT_4XX",
        "DEFAULT_5XX",
        "MISSING_AUTHENTICATION_TOKEN",
        "QUOTA_EXCEEDED",
        "REQUEST_TOO_LARGE",
        "THROTTLED",
        "UNAUTHORIZED",
        "UNSUPPORTED_MEDIA_TYPE",
    }
    for answer in answers.values():
        headers = answer["ResponseParameters"]["Headers"]
        assert headers["Content-Type"] == "'application/problem+json'"
        body = answer["ResponseTemplates"]["application/json"]
        status = re.search(r'"status":(\d+)', body)
        assert status is not None
        assert answer["StatusCode"] == int(status[1])


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("REQUEST_TOO_LARGE", BodyTooLarge()),
        ("UNSUPPORTED_MEDIA_TYPE", MediaTypeUnsupported()),
        ("THROTTLED", LimitExceeded("", limit="all", retry_after_s=1)),
        ("QUOTA_EXCEEDED", LimitExceeded("", limit="all", retry_after_s=1)),
        ("UNAUTHORIZED", Unauthenticated("send a valid access token or API key")),
        ("DEFAULT_5XX", Unavailable("")),
    ],
)
def test_api_gateway_says_of_an_error_what_a_handler_says(kind: str, error: PlatformError) -> None:
    answer = resources("AWS::Serverless::Api")["Api"]["GatewayResponses"][kind]
    said = json.loads(answer["ResponseTemplates"]["application/json"])
    ours = json.loads(problem_of(error, "r").body or "")

    assert {name: said[name] for name in ("type", "title", "status", "code")} == {
        name: ours[name] for name in ("type", "title", "status", "code")
    }
    assert said["detail"] == (error.detail or said["detail"])


def test_a_flood_is_stopped_before_it_costs_anything() -> None:
    (settings,) = resources("AWS::Serverless::Api")["Api"]["MethodSettings"]
    live = resources("AWS::Serverless::WebSocketApi")["LiveApi"]["DefaultRouteSettings"]

    assert (settings["HttpMethod"], settings["ResourcePath"]) == ("*", "/*")
    for limits in (settings, live):
        assert 0 < limits["ThrottlingRateLimit"] <= limits["ThrottlingBurstLimit"]
