"""The preconditions of `doctor --aws`: what in an account would make a first deployment fail.

Every look only reads. A missing permission is a note and not a failure, because whoever deploys may
have other rights than whoever looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from ipaddress import ip_network

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
)

from cdk.settings import Compute, EnvironmentSettings
from contracts.aws.releases import EMR_RELEASE, KAFKA_VERSION
from ops.commands.doctor.aws_clients import Clients, answers, code_of, quota
from ops.commands.doctor.aws_environment import cores, examples, place, uploads
from ops.commands.doctor.aws_versions import postgres_version, valkey_version
from ops.commands.doctor.aws_zones import (
    CELL,
    COMPUTE_SERVICES,
    KAFKA_API,
    endpoint_services,
    zones_offered,
)
from ops.commands.doctor.diagnosis import BAD, GOOD, NOTE, Diagnosis, judged

# Services make these roles for themselves. A deployment without the right to make them fails.
SERVICE_ROLES = {
    "AWSServiceRoleForRDS": "rds.amazonaws.com",
    "AWSServiceRoleForElastiCache": "elasticache.amazonaws.com",
    "AWSServiceRoleForKafka": "kafka.amazonaws.com",
}
COMPUTE_ROLES: dict[Compute, dict[str, str]] = {
    "ec2": {"AWSServiceRoleForEMRCleanup": "elasticmapreduce.amazonaws.com"},
    "serverless": {"AWSServiceRoleForAmazonEMRServerless": "ops.emr-serverless.amazonaws.com"},
}
_VPC_QUOTA = ("vpc", "L-F678F1CE")
_REFUSED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


def examine_account(
    clients: Clients, cidr: str | None, settings: EnvironmentSettings | None = None
) -> list[Diagnosis]:
    """Every diagnosis, or only that of missing credentials or of a missing region. With the
    settings of an environment, they decide what is needed."""
    try:
        identity = clients("sts").get_caller_identity()
    except NoCredentialsError:
        return [_no_credentials("no credentials were found")]
    except NoRegionError:
        advice = "export AWS_REGION=eu-central-1 (the region to deploy to), or pass --region"
        return [Diagnosis("region", BAD, "no region is chosen", advice)]
    except (ConnectionError, HTTPClientError, InvalidRegionError) as problem:
        advice = "name a region of AWS, such as eu-central-1, and look at the network or its proxy"
        return [Diagnosis("region", BAD, f"nobody answers: {problem}", advice)]
    except (BotoCoreError, ClientError) as problem:
        return [_no_credentials(f"AWS does not take the credentials: {problem}")]
    found = [Diagnosis("credentials", GOOD, str(identity["Arn"]), "")]
    if settings is not None:
        found += examples(settings)
        found += place(settings, identity["Account"], clients("sts").meta.region_name)
    for name, look in _preconditions(cidr, settings).items():
        try:
            found += look(clients)
        except ClientError as problem:
            found.append(_not_seen(name, problem))
        except (ConnectionError, HTTPClientError) as problem:
            found.append(
                Diagnosis(name, BAD, f"nobody answers: {problem}", "choose another region")
            )
    return found


def _preconditions(
    cidr: str | None, settings: EnvironmentSettings | None
) -> dict[str, Callable[[Clients], Iterator[Diagnosis]]]:
    roles, services = _needed(settings)
    looks: dict[str, Callable[[Clients], Iterator[Diagnosis]]] = {
        "zones": lambda each: zones_offered(each, settings),
        "vpc quota": _vpcs,
        "EMR release": _release,
        "Kafka version": _kafka,
        "endpoint service": lambda each: endpoint_services(each, services, settings),
        "service-linked role": lambda each: _service_roles(each, roles),
    }
    if settings is not None:
        looks["vCPU quota"] = lambda each: cores(each, settings)
        looks["uploads"] = lambda each: uploads(each, settings)
        looks["Postgres version"] = lambda each: postgres_version(each, settings)
        looks["Valkey version"] = lambda each: valkey_version(each, settings)
    if cidr is not None:
        looks["address range"] = lambda each: _overlap(each, cidr)
    return looks


def _needed(settings: EnvironmentSettings | None) -> tuple[dict[str, str], dict[str, str]]:
    """The service-linked roles with their services, and the endpoint services with the verdict
    where one is missing. Without settings nobody knows whether EMR's cell is needed."""
    if settings is None:
        every = COMPUTE_ROLES["ec2"] | COMPUTE_ROLES["serverless"]
        return SERVICE_ROLES | every, {KAFKA_API: BAD, CELL: NOTE}
    services = {}
    if settings.internet == "endpoints":
        services = {KAFKA_API: BAD, COMPUTE_SERVICES[settings.compute]: BAD}
    if settings.compute == "ec2":
        services[CELL] = BAD
    return SERVICE_ROLES | COMPUTE_ROLES[settings.compute], services


def _no_credentials(found: str) -> Diagnosis:
    advice = "aws sso login, or export AWS_PROFILE; then `aws sts get-caller-identity` must answer"
    return Diagnosis("credentials", BAD, found, advice)


def _not_seen(check: str, problem: ClientError) -> Diagnosis:
    if code_of(problem) not in _REFUSED:
        raise problem
    return Diagnosis(
        check, NOTE, f"may not be looked at ({code_of(problem)})", "ask whoever deploys"
    )


def _vpcs(clients: Clients) -> Iterator[Diagnosis]:
    used = len(clients("ec2").describe_vpcs()["Vpcs"])
    most = quota(clients, *_VPC_QUOTA)
    advice = "raise the quota 'VPCs per Region', or remove a VPC"
    yield judged("vpc quota", used < most, f"{used} of {most:.0f} used", advice)


def _release(clients: Clients) -> Iterator[Diagnosis]:
    labels = clients("emr").list_release_labels(Filters={"Prefix": "emr-spark"})["ReleaseLabels"]
    good = EMR_RELEASE in labels
    found = f"{EMR_RELEASE} is {'offered' if good else 'not offered'}"
    yield judged("EMR release", good, found, "choose a region that has this release")


def _kafka(clients: Clients) -> Iterator[Diagnosis]:
    versions = {
        each["Version"]: each["Status"]
        for page in clients("kafka").get_paginator("list_kafka_versions").paginate()
        for each in page["KafkaVersions"]
    }
    status = versions.get(KAFKA_VERSION, "not offered")
    found = f"{KAFKA_VERSION} is {status.lower()}"
    advice = "choose a region where MSK offers this version"
    yield judged("Kafka version", status == "ACTIVE", found, advice)


def _service_roles(clients: Clients, roles: dict[str, str]) -> Iterator[Diagnosis]:
    for role, service in roles.items():
        there = answers("NoSuchEntity", partial(clients("iam").get_role, RoleName=role))
        found = role if there else f"{role} is not there yet"
        advice = f"aws iam create-service-linked-role --aws-service-name {service}"
        yield judged("service-linked role", there, found, advice, NOTE)


def _overlap(clients: Clients, cidr: str) -> Iterator[Diagnosis]:
    taken = [
        vpc["VpcId"]
        for vpc in clients("ec2").describe_vpcs()["Vpcs"]
        if ip_network(cidr).overlaps(ip_network(vpc["CidrBlock"]))
    ]
    found = f"{cidr} overlaps {', '.join(taken)}" if taken else f"{cidr} is free"
    advice = "choose another vpc_cidr in your settings before anything is to be peered"
    yield judged("address range", not taken, found, advice, NOTE)
