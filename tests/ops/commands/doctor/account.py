"""An account of AWS that gives the answers it was told to give."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.stub import Stubber

from cdk.settings import EnvironmentSettings
from contracts.aws.releases import EMR_RELEASE, KAFKA_VERSION
from ops.commands.doctor.aws_account import COMPUTE_ROLES, SERVICE_ROLES, examine_account
from ops.commands.doctor.diagnosis import Diagnosis

REGION = "eu-central-1"
CELL = f"aws.api.{REGION}.emr-service-cell01"
KAFKA_API = f"aws.api.{REGION}.kafka-api"
EMR = {
    "ec2": f"com.amazonaws.{REGION}.elasticmapreduce",
    "serverless": f"com.amazonaws.{REGION}.emr-serverless",
}
ARN = "arn:aws:iam::111122223333:role/deployer"


@dataclass
class Account:
    """What an account answers; an error code stands for an answer."""

    settings: EnvironmentSettings | None = None
    zones: tuple[str, ...] = ("available",) * 3
    # Zones by their letters.
    endpoints_in: str = "abc"
    aurora_in: str = "abc"
    valkey: tuple[str, ...] = ("8.2.1", "9.0.1")
    uploads_key: str | None = None
    quota: float = 5
    cores: float = 1000
    machine_cores: int = 4
    vpcs: tuple[str, ...] = ("172.31.0.0/16",)
    releases: tuple[str, ...] = (EMR_RELEASE,)
    kafka: tuple[tuple[str, str], ...] = ((KAFKA_VERSION, "ACTIVE"),)
    missing_roles: frozenset[str] = frozenset()
    missing_services: frozenset[str] = frozenset()
    errors: dict[str, str] = field(default_factory=dict)

    def answers(self, cidr: str | None) -> dict[str, list[tuple[str, dict[str, Any]]]]:
        """By service, in the order in which they are asked for."""
        quotas = [self.quota, *([self.cores] if self.settings else [])]
        kafka = {"KafkaVersions": [{"Version": v, "Status": s} for v, s in self.kafka]}
        role = {
            "Path": "/",
            "RoleName": "r",
            "RoleId": "A" * 16,
            "Arn": ARN,
            "CreateDate": "2026-01-01",
        }
        return {
            "sts": [("get_caller_identity", {"Arn": ARN, "Account": "111122223333"})] * 2,
            "s3": [("get_bucket_encryption", self._uploads())],
            "ec2": self._ec2(cidr),
            "service-quotas": [("get_service_quota", {"Quota": {"Value": one}}) for one in quotas],
            "emr": [("list_release_labels", {"ReleaseLabels": list(self.releases)})],
            "kafka": [("list_kafka_versions", kafka)],
            "iam": [("get_role", {"Role": role})] * len(self.roles),
            "rds": [("describe_orderable_db_instance_options", self._aurora())],
            "elasticache": [
                (
                    "describe_cache_engine_versions",
                    {"CacheEngineVersions": [{"EngineVersion": each} for each in self.valkey]},
                )
            ],
        }

    def _ec2(self, cidr: str | None) -> list[tuple[str, dict[str, Any]]]:
        vpcs = {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": each} for each in self.vpcs]}
        zones = {
            "AvailabilityZones": [
                {"State": state, "ZoneName": f"{REGION}{letter}"}
                for state, letter in zip(self.zones, "abcdef", strict=False)
            ]
        }
        detail = {"AvailabilityZones": [f"{REGION}{each}" for each in self.endpoints_in]}
        service = ("describe_vpc_endpoint_services", {"ServiceDetails": [detail]})
        machines = (
            [self.settings.emr.primary_type, *self.settings.emr.core_types] if self.settings else []
        )
        types = {
            "InstanceTypes": [
                {"InstanceType": each, "VCpuInfo": {"DefaultVCpus": self.machine_cores}}
                for each in machines
            ]
        }
        chosen = [] if self._zones_are_set else [("describe_availability_zones", zones)]
        return [
            ("describe_availability_zones", zones),
            ("describe_vpcs", vpcs),
            *chosen,
            *[service] * len(self.services),
            *([("describe_instance_types", types)] if self.compute == "ec2" else []),
            *(chosen if self.settings else []),
            *([("describe_vpcs", vpcs)] if cidr else []),
        ]

    def _aurora(self) -> dict[str, Any]:
        """An offer has its zones; a version that is not offered has no offer."""
        zones = [{"Name": f"{REGION}{letter}"} for letter in self.aurora_in]
        return {"OrderableDBInstanceOptions": [{"AvailabilityZones": zones}] if zones else []}

    def _uploads(self) -> dict[str, Any]:
        sealed = {"SSEAlgorithm": "aws:kms" if self.uploads_key else "AES256"}
        if self.uploads_key:
            sealed["KMSMasterKeyID"] = self.uploads_key
        rule = {"ApplyServerSideEncryptionByDefault": sealed}
        return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}

    @property
    def _zones_are_set(self) -> bool:
        return bool(self.settings and self.settings.zones)

    @property
    def compute(self) -> str | None:
        return self.settings.compute if self.settings else None

    @property
    def roles(self) -> list[str]:
        """Those that are asked about."""
        return [
            *SERVICE_ROLES,
            *(
                role
                for name, roles in COMPUTE_ROLES.items()
                for role in roles
                if self.compute in (None, name)
            ),
        ]

    @property
    def services(self) -> list[str]:
        """The endpoint services that are asked about."""
        if self.settings is None:
            return [KAFKA_API, CELL]
        inside = (
            [KAFKA_API, EMR[self.settings.compute]] if self.settings.internet == "endpoints" else []
        )
        return [*inside, *([CELL] if self.compute == "ec2" else [])]


def examined(account: Account, cidr: str | None = None) -> list[Diagnosis]:
    return examine_account(stubbed(account, cidr).__getitem__, cidr, account.settings)


def stubbed(account: Account, cidr: str | None) -> dict[str, Any]:
    """A client of each service that gives the account's answers once."""
    made: dict[str, Any] = {}
    for service, answers in account.answers(cidr).items():
        client = boto3.client(service, REGION, config=Config(signature_version=UNSIGNED))
        stub = Stubber(client)
        roles, services = iter(account.roles), iter(account.services)
        for operation, answer in answers:
            code = account.errors.get(operation)
            if operation == "get_role" and next(roles) in account.missing_roles:
                code = "NoSuchEntity"
            if operation == "describe_vpc_endpoint_services":
                asked = next(services)
                code = "InvalidServiceName" if asked in account.missing_services else code
            if code:
                stub.add_client_error(operation, code)
            else:
                stub.add_response(operation, answer)
        stub.activate()
        made[service] = client
    return made
