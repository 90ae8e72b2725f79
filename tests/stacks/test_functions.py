"""The functions: private, traced, kept to what they are for; one public door, which is locked."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from cdk_nag import AwsSolutionsChecks

from cdk.settings import ENVIRONMENTS, settings
from contracts.topics import ALERTS
from lambdas.alert_notifier.logic import CLAIM_LASTS
from tests.stacks.templates import Template, linted, resources, synthesized, template

ALL = sorted(ENVIRONMENTS)
OURS = ("alert_notifier", "canary", "migrations", "operations", "query_api")


def functions(name: str, stack: str = "functions") -> dict[str, Template]:
    """Properties of our functions by the name of their folder."""
    return {
        each["Properties"]["Handler"].split(".")[1]: each["Properties"]
        for _, each in resources(template(name, stack), "AWS::Lambda::Function")
        if each["Properties"]["Handler"].startswith("lambdas.")
    }


def only(name: str, kind: str) -> Template:
    ((_, resource),) = resources(template(name, "functions"), kind)
    properties: Template = resource["Properties"]
    return properties


@pytest.mark.parametrize("name", ALL)
def test_every_function_is_private_traced_encrypted_and_on_graviton(name: str) -> None:
    found = functions(name)
    assert set(OURS) <= set(found)
    for folder, function in found.items():
        assert len(function["VpcConfig"]["SubnetIds"]) == 3, folder
        assert function["TracingConfig"] == {"Mode": "Active"}, folder
        assert "KmsKeyArn" in function, folder
        assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"]), folder
        assert "LoggingConfig" in function, folder


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("stack", ["functions", "processing"])
def test_logs_are_encrypted_and_end(name: str, stack: str) -> None:
    groups = dict(resources(template(name, stack), "AWS::Logs::LogGroup"))
    assert groups
    for logical_id, group in groups.items():
        assert "KmsKeyId" in group["Properties"], logical_id
        assert group["Properties"]["RetentionInDays"] == settings(name).log_days, logical_id


def environment(folder: str) -> dict[str, Any]:
    variables: dict[str, Any] = functions("dev")[folder]["Environment"]["Variables"]
    return variables


WANTED = {
    "alert_notifier": {"POSTGRES_URL", "REGISTRY", "NOTIFICATIONS_TOPIC"},
    "canary": {"KAFKA", "REGISTRY", "POSTGRES_URL", "PATIENCE_SECONDS"},
    "migrations": {"POSTGRES_URL", "POSTGRES_SECRET", "SIGN_IN_ROLE"},
    "operations": {"POSTGRES_URL", "OPERATOR_URL", "KAFKA", "REGISTRY"},
    "query_api": {"POSTGRES_URL"},
}


@pytest.mark.parametrize(("folder", "names"), WANTED.items(), ids=WANTED)
def test_a_function_is_told_what_its_wiring_reads(folder: str, names: set[str]) -> None:
    assert set(environment(folder)) == names


USERS = {
    "alert_notifier": "shopstream_notifier",
    "canary": "shopstream_reader",
    "migrations": "shopstream_admin",
    "operations": "shopstream_reader",
    "query_api": "shopstream_reader",
}


@pytest.mark.parametrize(("folder", "user"), USERS.items(), ids=USERS)
def test_each_connects_to_postgres_as_a_user_of_its_own_and_checks_who_answers(
    folder: str, user: str
) -> None:
    url = json.dumps(environment(folder)["POSTGRES_URL"])
    assert f"postgresql://{user}@" in url
    assert "sslmode=verify-full&sslrootcert=rds-roots.pem" in url


@pytest.mark.parametrize("name", ALL)
def test_alerts_are_polled_by_pollers_that_count_tries_and_keep_what_failed(name: str) -> None:
    source = only(name, "AWS::Lambda::EventSourceMapping")
    assert source["Topics"] == [ALERTS.name]
    assert source["ProvisionedPollerConfig"]["MinimumPollers"] == 1
    assert source["ProvisionedPollerConfig"]["MaximumPollers"] == ALERTS.cloud_partitions
    assert source["MaximumRetryAttempts"] == 10
    assert source["BisectBatchOnFunctionError"] is True
    assert "LakeBucket" in json.dumps(source["DestinationConfig"]["OnFailure"]["Destination"])
    group = source["AmazonManagedKafkaEventSourceConfig"]["ConsumerGroupId"]
    assert group == f"shopstream-{name}-alert-notifier"


def test_the_event_source_waits_for_the_rights_it_needs() -> None:
    found = template("dev", "functions")
    ((_, source),) = resources(found, "AWS::Lambda::EventSourceMapping")
    policies = {
        logical_id
        for logical_id, policy in resources(found, "AWS::IAM::Policy")
        if "AlertNotifier" in logical_id
    }
    assert policies
    assert policies <= set(source["DependsOn"])


def test_a_notifier_ends_before_its_claims_do() -> None:
    assert functions("dev")["alert_notifier"]["Timeout"] < CLAIM_LASTS.total_seconds()


@pytest.mark.parametrize("name", ALL)
def test_every_route_asks_for_a_token_of_the_issuer_that_was_set(name: str) -> None:
    chosen = settings(name)
    authorizer = only(name, "AWS::ApiGatewayV2::Authorizer")
    assert authorizer["AuthorizerType"] == "JWT"
    trusted = authorizer["JwtConfiguration"]
    if chosen.api == "jwt":
        assert trusted == {"Audience": [chosen.tokens.audience], "Issuer": chosen.tokens.issuer}
    else:
        found = template(name, "functions")
        ((pool, _),) = resources(found, "AWS::Cognito::UserPool")
        ((client, _),) = resources(found, "AWS::Cognito::UserPoolClient")
        assert trusted["Audience"] == [{"Ref": client}]
        assert {"Ref": pool} in trusted["Issuer"]["Fn::Join"][1]
    routes = [r["Properties"] for _, r in resources(template(name, "functions"), ROUTE)]
    assert [(r["RouteKey"], r["AuthorizationType"]) for r in routes] == [
        ("GET /{path+}", "JWT"),
    ]


def test_without_an_api_nothing_is_public_and_nothing_asks_about_it() -> None:
    chosen = replace(settings("dev"), api="none")
    written = synthesized(chosen, AwsSolutionsChecks())
    assert linted(written) == []
    for stack, text in written.items():
        for trace in ("ApiGateway", "Cognito", "query_api", "api-errors"):
            assert trace not in text, stack


@pytest.mark.parametrize("name", [name for name in ALL if settings(name).api == "cognito"])
def test_a_token_of_the_user_pool_takes_rights_of_iam(name: str) -> None:
    assert only(name, "AWS::Cognito::UserPool")["AdminCreateUserConfig"] == {
        "AllowAdminCreateUserOnly": True
    }
    flows = only(name, "AWS::Cognito::UserPoolClient")["ExplicitAuthFlows"]
    assert set(flows) == {"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}


ROUTE = "AWS::ApiGatewayV2::Route"


@pytest.mark.parametrize("name", ALL)
def test_requests_are_logged_and_throttled(name: str) -> None:
    stage = only(name, "AWS::ApiGatewayV2::Stage")
    logged = json.loads(stage["AccessLogSettings"]["Format"])
    assert {"requestId", "status", "subject", "sourceIp"} <= set(logged)
    assert "DestinationArn" in stage["AccessLogSettings"]
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0


@pytest.mark.parametrize("name", ALL)
def test_notifications_are_encrypted_and_refuse_plain_http(name: str) -> None:
    assert "KmsMasterKeyId" in only(name, "AWS::SNS::Topic")
    (statement,) = only(name, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_address_that_was_set_is_told() -> None:
    chosen = replace(settings("dev"), alarm_email="shop@example.com")
    found = json.loads(synthesized(chosen)["functions"])
    ((_, subscription),) = resources(found, "AWS::SNS::Subscription")
    assert subscription["Properties"]["Endpoint"] == "shop@example.com"
    assert list(resources(template("dev", "functions"), "AWS::SNS::Subscription")) == []


def test_the_canary_flies_on_a_schedule_and_never_twice() -> None:
    found = template("dev", "functions")
    (rule,) = (
        r["Properties"]
        for _, r in resources(found, "AWS::Events::Rule")
        if "Canary" in json.dumps(r["Properties"]["Targets"])
    )
    assert rule["ScheduleExpression"] == "rate(5 minutes)"
    assert rule["Targets"][0]["RetryPolicy"] == {"MaximumRetryAttempts": 0}


def test_migrations_run_on_a_deployment_once_they_can_reach_postgres() -> None:
    found = template("dev", "functions")
    ((_, step),) = resources(found, "Custom::Tables")
    assert len(step["Properties"]["Statements"]) == 64
    ways = {
        logical_id
        for kind in ("AWS::EC2::SecurityGroupEgress", "AWS::EC2::SecurityGroupIngress")
        for logical_id, _ in resources(found, kind)
        if logical_id.startswith("Migrations")
    }
    assert len(ways) == 2
    assert ways <= set(step["DependsOn"])
