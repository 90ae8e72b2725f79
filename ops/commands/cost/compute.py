"""Meters of the Spark applications: EMR on EC2, or EMR Serverless."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from contracts.aws.serverless_workers import worker_gb
from ops.commands.cost import assumptions as given
from ops.commands.cost.environment import Environment
from ops.commands.cost.usage import Usage
from ops.commands.cost.workload import Load

HOURS = given.HOURS.value
_FLEETS = {"MasterInstanceFleet": "primary", "CoreInstanceFleet": "core"}


def clusters(environment: Environment, _load: Load) -> Iterator[Usage]:
    """Each unit at the on-demand price of the first type of its fleet, also where Spot may be had.

    Applications keep their size whatever the load, so no task unit beyond those at rest is counted.
    """
    for cluster in environment.of("AWS::EMR::Cluster"):
        instances = cluster.properties["Instances"]
        for name, role in _FLEETS.items():
            if name in instances:
                yield from _fleet(role, instances[name], cluster.properties)
        for fleet in instances.get("TaskInstanceFleets", []):
            yield from _fleet("task", fleet, cluster.properties)


def applications(environment: Environment, _load: Load) -> Iterator[Usage]:
    """EMR Serverless bills what drivers and executors ask for; 20 GB of disk each are free."""
    for application in environment.of("AWS::EMRServerless::Application"):
        processor = application.properties.get("Architecture", "X86_64").lower()
        cores = memory = 0
        for job in environment.jobs.values():
            sizes = job.sizes
            cores += sizes.driver_cores + sizes.executors * sizes.executor_cores
            memory += worker_gb(sizes.driver_memory)
            memory += sizes.executors * worker_gb(sizes.executor_memory)
        for what, count, key in (("vCPU", cores, "vcpu"), ("GB of memory", memory, "memory")):
            price = f"serverless.{processor}.{key}"
            yield Usage("compute", f"{count} {what} of applications", count * HOURS, price)


def _fleet(role: str, fleet: Mapping[str, Any], cluster: Mapping[str, Any]) -> Iterator[Usage]:
    count = fleet.get("TargetOnDemandCapacity", 0) + fleet.get("TargetSpotCapacity", 0)
    if not count:
        return
    first = fleet["InstanceTypeConfigs"][0]
    kind = first["InstanceType"]
    what = f"{count} {role} {kind}"
    yield Usage("compute", what, count * HOURS, f"ec2.{kind}.hour")
    yield Usage("compute", f"{what}, EMR", count * HOURS, f"emr.{kind}.hour")
    root = cluster.get("EbsRootVolumeSize", given.EMR_ROOT_GB.value)
    root_kind = cluster.get("EbsRootVolumeType", "gp3")
    yield Usage("compute", f"root volumes, {role}", Decimal(count * root), f"ebs.{root_kind}")
    for kind, size in _disks(first):
        yield Usage("compute", f"disks, {role}", count * size, f"ebs.{kind}")


def _disks(instance: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    configured = instance.get("EbsConfiguration", {}).get("EbsBlockDeviceConfigs", [])
    if not configured:
        yield "gp2", given.EMR_DISK_GB.value
    for device in configured:
        volume = device["VolumeSpecification"]
        count = device.get("VolumesPerInstance", 1)
        yield volume["VolumeType"], Decimal(volume["SizeInGB"] * count)
