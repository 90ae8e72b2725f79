"""Meters of the network: ways out of it, and traffic between its zones."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from contracts.applications import APPLICATIONS
from contracts.topics import ALERTS, ORDERS, SOURCES, TOPICS
from ops.commands.cost import assumptions as given
from ops.commands.cost.environment import Environment
from ops.commands.cost.logs import ingested
from ops.commands.cost.usage import Usage
from ops.commands.cost.workload import Load

HOURS = given.HOURS.value


def endpoints(environment: Environment, load: Load) -> Iterator[Usage]:
    """Interface endpoints cost in each zone; gateway endpoints are free."""
    interfaces = [
        one
        for one in environment.of("AWS::EC2::VPCEndpoint")
        if one.properties["VpcEndpointType"] == "Interface"
    ]
    if not interfaces:
        return
    zones = sum(len(one.properties["SubnetIds"]) for one in interfaces)
    what = f"{len(interfaces)} interface endpoints, {zones} times a zone"
    yield Usage("network", what, zones * HOURS, "endpoint.hour")
    gigabytes = _to_services(environment, load, len(interfaces))
    yield Usage("network", "through interface endpoints", gigabytes, "endpoint.data")


def nat_gateways(environment: Environment, load: Load) -> Iterator[Usage]:
    count = len(environment.of("AWS::EC2::NatGateway"))
    yield Usage("network", "NAT gateways", count * HOURS, "nat.hour")
    # The same calls that would pass the endpoints of as many services.
    gigabytes = _to_services(environment, load, 12)
    yield Usage("network", "through NAT gateways", gigabytes, "nat.data")


def addresses(environment: Environment, _load: Load) -> Iterator[Usage]:
    count = len(environment.of("AWS::EC2::EIP"))
    yield Usage("network", "public addresses", count * HOURS, "address.hour")


def between_zones(_environment: Environment, load: Load) -> Iterator[Usage]:
    """Each GB between zones is billed on its way out of one and into the other. Brokers replicate
    free of charge; their clients pay, and so do those of Aurora and Valkey."""
    both_ways = 2 * given.OTHER_ZONE.value
    produced = load.gigabytes(*TOPICS)
    yield Usage("network", "producers to brokers, other zone", produced * both_ways, "zones.data")
    for application in APPLICATIONS:
        read = load.gigabytes(*application.reads)
        what = f"brokers to {application.name}, other zone"
        yield Usage("network", what, read * both_ways, "zones.data")
    polled = load.gigabytes(ALERTS)
    yield Usage("network", "brokers to functions, other zone", polled * both_ways, "zones.data")
    stored = load.gigabytes(ORDERS) * given.STORE_BYTES.value
    yield Usage("network", "stores and their clients", stored * both_ways, "zones.data")


def replication(environment: Environment, load: Load) -> Iterator[Usage]:
    """A second region's copy of the source topics."""
    count = len(environment.of("AWS::MSK::Replicator"))
    yield Usage("network", "Kafka replicators", count * HOURS, "msk.replicator.hour")
    gigabytes = load.gigabytes(*SOURCES) * count
    yield Usage("network", "replicated records", gigabytes, "msk.replicator.data")
    yield Usage("network", "out of the first region", gigabytes, "regions.data")


def _to_services(environment: Environment, load: Load, services: int) -> Decimal:
    logs = sum((gigabytes for _, gigabytes in ingested(environment, load)), Decimal(0))
    return logs + services * given.ENDPOINT_GB.value
