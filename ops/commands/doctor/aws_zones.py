"""Zones of a region: three are needed, and not every service is in every zone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from cdk.settings import Compute, EnvironmentSettings
from cdk.settings.parts import ZONES
from ops.commands.doctor.aws_clients import Clients, code_of
from ops.commands.doctor.diagnosis import BAD, Diagnosis, judged

# Endpoint services that not every region has. Machines reach EMR only by its cell, even with NAT.
CELL = "aws.api.{region}.emr-service-cell01"
KAFKA_API = "aws.api.{region}.kafka-api"
COMPUTE_SERVICES: dict[Compute, str] = {
    "ec2": "com.amazonaws.{region}.elasticmapreduce",
    "serverless": "com.amazonaws.{region}.emr-serverless",
}


def available(clients: Clients) -> list[str]:
    """The names of the region's zones that take resources, in the order in which CloudFormation
    counts them."""
    only = [{"Name": "zone-type", "Values": ["availability-zone"]}]
    answer = clients("ec2").describe_availability_zones(Filters=only)
    return sorted(
        zone["ZoneName"] for zone in answer["AvailabilityZones"] if zone["State"] == "available"
    )


def chosen(clients: Clients, settings: EnvironmentSettings | None) -> list[str]:
    """The zones that a deployment would take."""
    named = settings.zones if settings else ()
    return list(named) or available(clients)[:ZONES]


def zones_offered(clients: Clients, settings: EnvironmentSettings | None) -> Iterator[Diagnosis]:
    """Whether the region has three zones, and those that are set."""
    there = available(clients)
    advice = "choose a region with three zones: Express brokers span three"
    yield judged("zones", len(there) >= ZONES, f"{len(there)} available", advice)
    missing = [zone for zone in (settings.zones if settings else ()) if zone not in there]
    if missing:
        found = f"{', '.join(missing)} not available here"
        yield Diagnosis("zones", BAD, found, f"set zones to three of {', '.join(there)}")


def endpoint_services(
    clients: Clients, services: dict[str, str], settings: EnvironmentSettings | None
) -> Iterator[Diagnosis]:
    """Whether each endpoint service exists, and in each zone of a deployment. A service that has no
    endpoint in a zone has no part there either: MSK has no other call that names its zones."""
    ec2 = clients("ec2")
    zones = chosen(clients, settings)
    for pattern, otherwise in services.items():
        name = pattern.format(region=ec2.meta.region_name)
        detail = _detail(ec2, name)
        if detail is None:
            yield Diagnosis(
                "endpoint service", otherwise, f"{name} does not exist", _instead(pattern)
            )
            continue
        offered = detail["AvailabilityZones"]
        missing = [zone for zone in zones if zone not in offered]
        found = f"{name} is not in {', '.join(missing)}" if missing else name
        advice = f"set zones to three of {', '.join(sorted(offered))}"
        yield judged("endpoint service", not missing, found, advice, otherwise)


def _detail(ec2: Any, name: str) -> dict[str, Any] | None:
    try:
        answer = ec2.describe_vpc_endpoint_services(ServiceNames=[name])
    except ClientError as problem:
        if code_of(problem) != "InvalidServiceName":
            raise
        return None
    detail: dict[str, Any] = answer["ServiceDetails"][0]
    return detail


def _instead(pattern: str) -> str:
    """What to do without the service."""
    if pattern == CELL:
        return "EMR on EC2 cannot start in private subnets here: use compute=serverless"
    return "use internet=nat, or choose a region that has it"
