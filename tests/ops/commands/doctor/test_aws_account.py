"""`doctor --aws`: each known reason for a first deployment to fail is found before it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from cdk.settings import EnvironmentSettings, settings
from cdk.settings.parts import TokenIssuer
from contracts.aws.releases import EMR_RELEASE, KAFKA_VERSION
from ops.commands.doctor.aws_account import examine_account
from ops.commands.doctor.aws_clients import quota
from ops.commands.doctor.diagnosis import BAD, GOOD, NOTE
from tests.ops.commands.doctor.account import (
    CELL,
    EMR,
    KAFKA_API,
    REGION,
    Account,
    examined,
    stubbed,
)

EXAMPLE = settings("dev").tokens
SERVERLESS = replace(
    settings("dev"),
    api="jwt",
    tokens=TokenIssuer(issuer="https://login.our-shop.eu/", audience="api"),
    alarm_email="operator@our-shop.eu",
)
ON_EC2 = replace(SERVERLESS, compute="ec2")


def test_a_good_account_is_good_throughout() -> None:
    found = examined(Account(), cidr="10.42.0.0/16")
    assert {each.verdict for each in found} == {GOOD}
    assert [each.check for each in found] == [
        "credentials",
        "zones",
        "vpc quota",
        "EMR release",
        "Kafka version",
        *["endpoint service"] * 2,
        *["service-linked role"] * 5,
        "address range",
    ]


@pytest.mark.parametrize(
    ("account", "check", "verdict", "says"),
    [
        pytest.param(
            Account(zones=("available", "available", "impaired")),
            "zones",
            BAD,
            "2 available",
            id="a region of two zones",
        ),
        pytest.param(
            Account(quota=1), "vpc quota", BAD, "1 of 1 used", id="no network left to make"
        ),
        pytest.param(
            Account(releases=("emr-spark-8.0.0",)),
            "EMR release",
            BAD,
            f"{EMR_RELEASE} is not offered",
            id="a region without the EMR release",
        ),
        pytest.param(
            Account(kafka=(("3.8.x", "ACTIVE"),)),
            "Kafka version",
            BAD,
            f"{KAFKA_VERSION} is not offered",
            id="a region without the Kafka version",
        ),
        pytest.param(
            Account(kafka=((KAFKA_VERSION, "DEPRECATED"),)),
            "Kafka version",
            BAD,
            f"{KAFKA_VERSION} is deprecated",
            id="a Kafka version that is going",
        ),
        pytest.param(
            Account(missing_services=frozenset({CELL})),
            "endpoint service",
            NOTE,
            f"{CELL} does not exist",
            id="no way from private subnets to EMR, where it may not be needed",
        ),
        pytest.param(
            Account(missing_services=frozenset({KAFKA_API})),
            "endpoint service",
            BAD,
            f"{KAFKA_API} does not exist",
            id="no way from private subnets to MSK",
        ),
        pytest.param(
            Account(SERVERLESS, missing_services=frozenset({EMR["serverless"]})),
            "endpoint service",
            BAD,
            f"{EMR['serverless']} does not exist",
            id="no way from private subnets to EMR Serverless",
        ),
        pytest.param(
            Account(ON_EC2, missing_services=frozenset({CELL})),
            "endpoint service",
            BAD,
            f"{CELL} does not exist",
            id="no way from private subnets to EMR, which is needed",
        ),
        pytest.param(
            Account(SERVERLESS, missing_roles=frozenset({"AWSServiceRoleForAmazonEMRServerless"})),
            "service-linked role",
            NOTE,
            "AWSServiceRoleForAmazonEMRServerless is not there yet",
            id="EMR Serverless was never used",
        ),
        pytest.param(
            Account(SERVERLESS, cores=12),
            "EMR Serverless vCPU",
            BAD,
            "12 allowed, 13 wanted, 26 while an upgrade hands over",
            id="applications that cannot all run",
        ),
        pytest.param(
            Account(SERVERLESS, cores=16),
            "EMR Serverless vCPU",
            NOTE,
            "16 allowed, 13 wanted, 26 while an upgrade hands over",
            id="what EMR Serverless gives a new account",
        ),
        pytest.param(
            Account(ON_EC2, cores=5),
            "EC2 vCPU",
            BAD,
            "5 allowed, 12 wanted, 24 while an upgrade hands over",
            id="what EC2 gives a new account",
        ),
        pytest.param(
            Account(ON_EC2, cores=24, machine_cores=8),
            "EC2 vCPU",
            NOTE,
            "24 allowed, 24 wanted, 48 while an upgrade hands over",
            id="machines that cannot be replaced",
        ),
        pytest.param(
            Account(replace(SERVERLESS, tokens=EXAMPLE)),
            "token issuer",
            BAD,
            "https://identity.example.com/ is an example: set your issuer and audience, "
            "or api='cognito'",
            id="the issuer of the file",
        ),
        pytest.param(
            Account(replace(SERVERLESS, alarm_email=None)),
            "alarm address",
            NOTE,
            "nobody is told of an alarm",
            id="alarms that nobody hears",
        ),
        pytest.param(
            Account(missing_roles=frozenset({"AWSServiceRoleForElastiCache"})),
            "service-linked role",
            NOTE,
            "AWSServiceRoleForElastiCache is not there yet",
            id="a service that was never used",
        ),
        pytest.param(
            Account(vpcs=("10.42.128.0/20",)),
            "address range",
            NOTE,
            "10.42.0.0/16 overlaps vpc-1",
            id="addresses that are taken",
        ),
        pytest.param(
            Account(vpcs=("10.0.0.0/8",)),
            "address range",
            NOTE,
            "10.42.0.0/16 overlaps vpc-1",
            id="addresses inside a larger range",
        ),
        pytest.param(
            Account(errors={"get_service_quota": "AccessDeniedException"}),
            "vpc quota",
            NOTE,
            "may not be looked at (AccessDeniedException)",
            id="a quota that may not be read",
        ),
    ],
)
def test_what_would_fail_is_named(account: Account, check: str, verdict: str, says: str) -> None:
    others = [each for each in examined(account, "10.42.0.0/16") if each.verdict != GOOD]
    assert [(each.check, each.verdict, each.found) for each in others] == [(check, verdict, says)]
    assert others[0].advice


@pytest.mark.parametrize("settings", [SERVERLESS, ON_EC2, replace(ON_EC2, internet="nat")])
def test_an_account_with_room_for_an_environment_is_good(settings: EnvironmentSettings) -> None:
    assert {each.verdict for each in examined(Account(settings))} == {GOOD}


@pytest.mark.parametrize(
    ("cores", "verdict"), [(13, NOTE), (25, NOTE), (26, GOOD)], ids=["run", "nearly", "hand over"]
)
def test_room_is_for_both_during_a_hand_over(cores: int, verdict: str) -> None:
    (found,) = [
        each
        for each in examined(Account(SERVERLESS, cores=cores))
        if each.check == "EMR Serverless vCPU"
    ]
    assert found.verdict == verdict


def test_a_type_of_machine_that_the_region_lacks_is_named() -> None:
    account = Account(ON_EC2, errors={"describe_instance_types": "InvalidInstanceType"})
    (found,) = [each for each in examined(account) if each.verdict != GOOD]
    assert (found.check, found.verdict) == ("EC2 vCPU", BAD)
    assert "m7g.xlarge" in found.found


def test_a_quota_without_a_value_of_the_account_is_that_of_aws() -> None:
    client = boto3.client("service-quotas", REGION, config=Config(signature_version=UNSIGNED))
    stub = Stubber(client)
    stub.add_client_error("get_service_quota", "NoSuchResourceException")
    stub.add_response("get_aws_default_service_quota", {"Quota": {"Value": 16.0}})
    stub.activate()
    assert quota(lambda _: client, "emr-serverless", "L-D05C8A75") == 16


def test_a_region_that_is_not_there_is_not_blamed_on_the_credentials() -> None:
    def nowhere(service: str) -> Any:
        raise EndpointConnectionError(endpoint_url=f"https://{service}.xx-nowhere-9.amazonaws.com")

    (only,) = examine_account(nowhere, None)
    assert (only.check, only.verdict) == ("region", BAD)
    assert "xx-nowhere-9" in only.found


def test_a_service_that_the_region_lacks_stops_no_other_check() -> None:
    def without_kafka(service: str) -> Any:
        if service == "kafka":
            raise EndpointConnectionError(endpoint_url="https://kafka.example")
        return made[service]

    made = stubbed(Account(), None)
    found = {each.check: each.verdict for each in examine_account(without_kafka, None)}
    assert found["Kafka version"] == BAD
    assert found["service-linked role"] == GOOD


def test_credentials_that_expired_end_the_questions() -> None:
    (only,) = examined(Account(errors={"get_caller_identity": "ExpiredToken"}))
    assert (only.check, only.verdict) == ("credentials", BAD)
    assert "ExpiredToken" in only.found
