"""`doctor --aws`: each known reason for a first deployment to fail is found before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.stub import Stubber
from typer.testing import CliRunner

from contracts.releases import EMR_RELEASE, KAFKA_VERSION
from ops.aws_account import SERVICE_ROLES, examine_account
from ops.diagnosis import BAD, GOOD, NOTE, Finding
from ops.main import command_line

REGION = "eu-central-1"
CELL = f"aws.api.{REGION}.emr-service-cell01"
ARN = "arn:aws:iam::111122223333:role/deployer"


@dataclass
class Account:
    """What an account answers; an error code stands for an answer."""

    zones: tuple[str, ...] = ("available",) * 3
    quota: float = 5
    vpcs: tuple[str, ...] = ("172.31.0.0/16",)
    releases: tuple[str, ...] = (EMR_RELEASE,)
    kafka: tuple[tuple[str, str], ...] = ((KAFKA_VERSION, "ACTIVE"),)
    missing_roles: frozenset[str] = frozenset()
    errors: dict[str, str] = field(default_factory=dict)

    def answers(self, cidr: str | None) -> dict[str, list[tuple[str, dict[str, Any]]]]:
        """By service, in the order in which they are asked for."""
        vpcs = {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": each} for each in self.vpcs]}
        zones = {"AvailabilityZones": [{"State": state} for state in self.zones]}
        ec2: list[tuple[str, dict[str, Any]]] = [
            ("describe_availability_zones", zones),
            ("describe_vpcs", vpcs),
            ("describe_vpc_endpoint_services", {}),
            *([("describe_vpcs", vpcs)] if cidr else []),
        ]
        kafka = {"KafkaVersions": [{"Version": v, "Status": s} for v, s in self.kafka]}
        role = {
            "Path": "/",
            "RoleName": "r",
            "RoleId": "A" * 16,
            "Arn": ARN,
            "CreateDate": "2026-01-01",
        }
        return {
            "sts": [("get_caller_identity", {"Arn": ARN})],
            "ec2": ec2,
            "service-quotas": [("get_service_quota", {"Quota": {"Value": self.quota}})],
            "emr": [("list_release_labels", {"ReleaseLabels": list(self.releases)})],
            "kafka": [("list_kafka_versions", kafka)],
            "iam": [("get_role", {"Role": role})] * len(SERVICE_ROLES),
        }


def examined(account: Account, cidr: str | None = None) -> list[Finding]:
    made: dict[str, Any] = {}
    for service, answers in account.answers(cidr).items():
        client = boto3.client(service, REGION, config=Config(signature_version=UNSIGNED))
        stub = Stubber(client)
        for number, (operation, answer) in enumerate(answers):
            code = account.errors.get(operation)
            if operation == "get_role" and list(SERVICE_ROLES)[number] in account.missing_roles:
                code = "NoSuchEntity"
            if code:
                stub.add_client_error(operation, code)
            else:
                stub.add_response(operation, answer)
        stub.activate()
        made[service] = client
    return examine_account(made.__getitem__, cidr)


def test_a_good_account_is_good_throughout() -> None:
    found = examined(Account(), cidr="10.42.0.0/16")
    assert {each.verdict for each in found} == {GOOD}
    assert [each.check for each in found] == [
        "credentials",
        "zones",
        "vpc quota",
        "EMR release",
        "Kafka version",
        "EMR endpoint service",
        *["service-linked role"] * len(SERVICE_ROLES),
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
            Account(errors={"describe_vpc_endpoint_services": "InvalidServiceName"}),
            "EMR endpoint service",
            BAD,
            f"{CELL} does not exist",
            id="no way from private subnets to EMR",
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


def test_credentials_that_expired_end_the_questions() -> None:
    (only,) = examined(Account(errors={"get_caller_identity": "ExpiredToken"}))
    assert (only.check, only.verdict) == ("credentials", BAD)
    assert "ExpiredToken" in only.found


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.usefixtures("no_credentials")
@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        pytest.param(["--region", REGION], 4, "no credentials were found", id="no credentials"),
        pytest.param(["--region", REGION], 4, "aws sso login", id="what to do about it"),
    ],
)
def test_the_command_without_credentials(words: list[str], code: int, says: str) -> None:
    result = CliRunner().invoke(command_line(), ["doctor", "--aws", "--json", *words])
    assert result.exit_code == code
    assert says in result.output


@pytest.mark.usefixtures("no_credentials")
def test_a_region_alone_is_about_no_account() -> None:
    result = CliRunner().invoke(command_line(), ["doctor", "--region", REGION])
    assert result.exit_code != 0
