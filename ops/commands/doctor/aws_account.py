"""The checks of `doctor --aws`: what in an account would make a first deployment fail.

Every check only reads. A client that cannot be asked for want of a permission is a note, not a
failure: who deploys may have other rights than who looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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

from cdk.settings import Compute, Settings
from contracts.aws.releases import EMR_RELEASE, KAFKA_VERSION
from ops.commands.doctor.aws_clients import Clients, quota
from ops.commands.doctor.aws_environment import cores, examples
from ops.commands.doctor.diagnosis import BAD, GOOD, NOTE, Finding

ZONES = 3
# The roles that services make for themselves; a deployment without the right to make them stops.
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
# Endpoint services that not every region has. Machines reach EMR by its cell alone, NAT or not.
_CELL = "aws.api.{region}.emr-service-cell01"
_KAFKA_API = "aws.api.{region}.kafka-api"
_COMPUTE_SERVICES: dict[Compute, str] = {
    "ec2": "com.amazonaws.{region}.elasticmapreduce",
    "serverless": "com.amazonaws.{region}.emr-serverless",
}
_REFUSED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


def examine_account(
    clients: Clients, cidr: str | None, settings: Settings | None = None
) -> list[Finding]:
    """Every finding; without credentials or a region there is only that one. With the `settings` of
    an environment there is also what they ask for, and not what they do without."""
    try:
        identity = clients("sts").get_caller_identity()
    except NoCredentialsError:
        return [_no_credentials("no credentials were found")]
    except NoRegionError:
        advice = "export AWS_REGION=eu-central-1 (the region to deploy to), or pass --region"
        return [Finding("region", BAD, "no region is chosen", advice)]
    except (ConnectionError, HTTPClientError, InvalidRegionError) as problem:
        advice = "name a region of AWS, such as eu-central-1, and look at the network or its proxy"
        return [Finding("region", BAD, f"nobody answers: {problem}", advice)]
    except (BotoCoreError, ClientError) as problem:
        return [_no_credentials(f"AWS does not take the credentials: {problem}")]
    found = [Finding("credentials", GOOD, str(identity["Arn"]), "")]
    if settings is not None:
        found += examples(settings)
    for name, check in _checks(cidr, settings).items():
        try:
            found += check(clients)
        except ClientError as problem:
            found.append(_not_seen(name, problem))
        except (ConnectionError, HTTPClientError) as problem:
            found.append(Finding(name, BAD, f"nobody answers: {problem}", "choose another region"))
    return found


def _checks(
    cidr: str | None, settings: Settings | None
) -> dict[str, Callable[[Clients], Iterator[Finding]]]:
    roles, services = _needed(settings)
    checks: dict[str, Callable[[Clients], Iterator[Finding]]] = {
        "zones": _zones,
        "vpc quota": _vpcs,
        "EMR release": _release,
        "Kafka version": _kafka,
        "endpoint service": lambda each: _endpoint_services(each, services),
        "service-linked role": lambda each: _service_roles(each, roles),
    }
    if settings is not None:
        checks["vCPU quota"] = lambda each: cores(each, settings)
    if cidr is not None:
        checks["address range"] = lambda each: _overlap(each, cidr)
    return checks


def _needed(settings: Settings | None) -> tuple[dict[str, str], dict[str, str]]:
    """Service-linked roles with their services, and endpoint services with the verdict where there
    is none: without settings nobody knows whether EMR's cell is asked for."""
    if settings is None:
        every = COMPUTE_ROLES["ec2"] | COMPUTE_ROLES["serverless"]
        return SERVICE_ROLES | every, {_KAFKA_API: BAD, _CELL: NOTE}
    services = {}
    if settings.internet == "endpoints":
        services = {_KAFKA_API: BAD, _COMPUTE_SERVICES[settings.compute]: BAD}
    if settings.compute == "ec2":
        services[_CELL] = BAD
    return SERVICE_ROLES | COMPUTE_ROLES[settings.compute], services


def _no_credentials(found: str) -> Finding:
    advice = "aws sso login, or export AWS_PROFILE; then `aws sts get-caller-identity` must answer"
    return Finding("credentials", BAD, found, advice)


def _not_seen(check: str, problem: ClientError) -> Finding:
    code = problem.response["Error"]["Code"]
    if code not in _REFUSED:
        raise problem
    return Finding(check, NOTE, f"may not be looked at ({code})", "ask whoever deploys")


def _zones(clients: Clients) -> Iterator[Finding]:
    answer = clients("ec2").describe_availability_zones(
        Filters=[{"Name": "zone-type", "Values": ["availability-zone"]}]
    )
    count = sum(zone["State"] == "available" for zone in answer["AvailabilityZones"])
    good = count >= ZONES
    advice = "" if good else "choose a region with three zones: Express brokers span three"
    yield Finding("zones", GOOD if good else BAD, f"{count} available", advice)


def _vpcs(clients: Clients) -> Iterator[Finding]:
    used = len(clients("ec2").describe_vpcs()["Vpcs"])
    most = quota(clients, *_VPC_QUOTA)
    good = used < most
    advice = "" if good else "raise the quota 'VPCs per Region', or remove a VPC"
    yield Finding("vpc quota", GOOD if good else BAD, f"{used} of {most:.0f} used", advice)


def _release(clients: Clients) -> Iterator[Finding]:
    labels = clients("emr").list_release_labels(Filters={"Prefix": "emr-spark"})["ReleaseLabels"]
    good = EMR_RELEASE in labels
    advice = "" if good else "choose a region that has this release"
    says = f"{EMR_RELEASE} is {'offered' if good else 'not offered'}"
    yield Finding("EMR release", GOOD if good else BAD, says, advice)


def _kafka(clients: Clients) -> Iterator[Finding]:
    versions = {
        each["Version"]: each["Status"]
        for page in clients("kafka").get_paginator("list_kafka_versions").paginate()
        for each in page["KafkaVersions"]
    }
    good = versions.get(KAFKA_VERSION) == "ACTIVE"
    advice = "" if good else "choose a region where MSK offers this version"
    says = f"{KAFKA_VERSION} is {versions.get(KAFKA_VERSION, 'not offered').lower()}"
    yield Finding("Kafka version", GOOD if good else BAD, says, advice)


def _endpoint_services(clients: Clients, services: dict[str, str]) -> Iterator[Finding]:
    ec2 = clients("ec2")
    for pattern, verdict in services.items():
        name = pattern.format(region=ec2.meta.region_name)
        try:
            ec2.describe_vpc_endpoint_services(ServiceNames=[name])
        except ClientError as problem:
            if problem.response["Error"]["Code"] != "InvalidServiceName":
                raise
            yield Finding("endpoint service", verdict, f"{name} does not exist", _way(pattern))
        else:
            yield Finding("endpoint service", GOOD, name, "")


def _way(pattern: str) -> str:
    """What to do without the service."""
    if pattern == _CELL:
        return "EMR on EC2 cannot start in private subnets here: use compute=serverless"
    return "use internet=nat, or choose a region that has it"


def _service_roles(clients: Clients, roles: dict[str, str]) -> Iterator[Finding]:
    iam = clients("iam")
    for role, service in roles.items():
        try:
            iam.get_role(RoleName=role)
        except ClientError as problem:
            if problem.response["Error"]["Code"] != "NoSuchEntity":
                raise
            advice = f"aws iam create-service-linked-role --aws-service-name {service}"
            yield Finding("service-linked role", NOTE, f"{role} is not there yet", advice)
        else:
            yield Finding("service-linked role", GOOD, role, "")


def _overlap(clients: Clients, cidr: str) -> Iterator[Finding]:
    wanted = ip_network(cidr)
    taken = [
        vpc["VpcId"]
        for vpc in clients("ec2").describe_vpcs()["Vpcs"]
        if wanted.overlaps(ip_network(vpc["CidrBlock"]))
    ]
    if taken:
        advice = "choose another vpc_cidr in cdk/settings.py before anything is to be peered"
        yield Finding("address range", NOTE, f"{cidr} overlaps {', '.join(taken)}", advice)
    else:
        yield Finding("address range", GOOD, f"{cidr} is free", "")
