"""The checks of `doctor --aws`: what in an account would make a first deployment fail.

Every check only reads. A client that cannot be asked for want of a permission is a note, not a
failure: who deploys may have other rights than who looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Any

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
)

from contracts.releases import EMR_RELEASE, KAFKA_VERSION
from ops.diagnosis import BAD, GOOD, NOTE, Finding

ZONES = 3
# The roles that services make for themselves; a deployment without the right to make them stops.
SERVICE_ROLES = {
    "AWSServiceRoleForRDS": "rds.amazonaws.com",
    "AWSServiceRoleForElastiCache": "elasticache.amazonaws.com",
    "AWSServiceRoleForKafka": "kafka.amazonaws.com",
    "AWSServiceRoleForEMRCleanup": "elasticmapreduce.amazonaws.com",
}
_VPC_QUOTA = "L-F678F1CE"
_REFUSED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}

# A client of a service by its name.
Clients = Callable[[str], Any]


def clients(region: str | None) -> Clients:
    """Clients of the usual credentials and profile; AWS_ENDPOINT_URL aims them elsewhere."""
    made: Clients = boto3.Session(region_name=region).client
    return made


def examine_account(clients: Clients, cidr: str | None) -> list[Finding]:
    """Every finding; without credentials or a region there is only that one."""
    try:
        identity = clients("sts").get_caller_identity()
    except NoCredentialsError:
        return [_no_credentials("no credentials were found")]
    except NoRegionError:
        advice = "export AWS_REGION=eu-central-1 (the region to deploy to), or pass --region"
        return [Finding("region", BAD, "no region is chosen", advice)]
    except (BotoCoreError, ClientError) as problem:
        return [_no_credentials(f"AWS does not take the credentials: {problem}")]
    found = [Finding("credentials", GOOD, str(identity["Arn"]), "")]
    checks: dict[str, Callable[[Clients], Iterator[Finding]]] = {
        "zones": _zones,
        "vpc quota": _vpcs,
        "EMR release": _release,
        "Kafka version": _kafka,
        "EMR endpoint service": _endpoint_service,
        "service-linked role": _service_roles,
    }
    if cidr is not None:
        checks["address range"] = lambda each: _overlap(each, cidr)
    for name, check in checks.items():
        try:
            found += check(clients)
        except ClientError as problem:
            found.append(_not_seen(name, problem))
    return found


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
    quota = clients("service-quotas").get_service_quota(ServiceCode="vpc", QuotaCode=_VPC_QUOTA)[
        "Quota"
    ]["Value"]
    good = used < quota
    advice = "" if good else "raise the quota 'VPCs per Region', or remove a VPC"
    yield Finding("vpc quota", GOOD if good else BAD, f"{used} of {quota:.0f} used", advice)


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


def _endpoint_service(clients: Clients) -> Iterator[Finding]:
    ec2 = clients("ec2")
    name = f"aws.api.{ec2.meta.region_name}.emr-service-cell01"
    try:
        ec2.describe_vpc_endpoint_services(ServiceNames=[name])
    except ClientError as problem:
        if problem.response["Error"]["Code"] != "InvalidServiceName":
            raise
        advice = "EMR on EC2 cannot start in private subnets here: use compute=serverless"
        yield Finding("EMR endpoint service", BAD, f"{name} does not exist", advice)
    else:
        yield Finding("EMR endpoint service", GOOD, name, "")


def _service_roles(clients: Clients) -> Iterator[Finding]:
    iam = clients("iam")
    for role, service in SERVICE_ROLES.items():
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
