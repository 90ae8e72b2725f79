"""Meters of what has a size: brokers, databases, nodes of Valkey, machines and workers of Spark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any

from contracts.applications import APPLICATIONS, ORDER_ANSWERS
from contracts.aws.serverless_workers import worker_gb
from contracts.topics import ALERTS, ORDERS, TOPICS
from ops.commands.cost import assumptions as given
from ops.commands.cost.month import DAYS, GB, HOURS, MILLION, SECONDS, Load, MeteredUsage, Month

_LEVELS = ("DEFAULT", "PER_BROKER", "PER_TOPIC_PER_BROKER", "PER_TOPIC_PER_PARTITION")
_ACU_STEP = Decimal("0.5")


def kafka(month: Month) -> Iterator[MeteredUsage]:
    """Brokers, what is written and kept, and metrics beyond the free ones."""
    load = month.load
    for cluster in month.all("AWS::MSK::Cluster"):
        count = Decimal(cluster["NumberOfBrokerNodes"])
        kind = cluster["BrokerNodeGroupInfo"]["InstanceType"]
        yield MeteredUsage(f"{count} brokers {kind}", count * HOURS, f"msk.{kind}.hour")
        yield MeteredUsage("written", load.gigabytes(*TOPICS), "msk.express.in")
        kept = sum(load.gigabytes(topic) / DAYS * topic.retention.days for topic in TOPICS)
        copies = given.KAFKA_COPIES
        yield MeteredUsage(f"kept, {copies} copies", kept * copies, "msk.express.storage")
        level = cluster.get("EnhancedMonitoring", "DEFAULT")
        metrics = _broker_metrics(month, count)[: _LEVELS.index(level)]
        yield MeteredUsage(f"Kafka metrics, {level}", Decimal(sum(metrics)), "cloudwatch.metric")
        yield from _between_zones(load)


def _broker_metrics(month: Month, brokers: Decimal) -> tuple[Decimal, ...]:
    """Metrics that each level adds to DEFAULT, whose metrics are free."""
    partitions = sum(topic.cloud_partitions for app in APPLICATIONS for topic in app.reads)
    return (
        brokers * given.BROKER_METRICS,
        brokers * month.count("AWS::MSK::Topic") * given.TOPIC_METRICS,
        partitions * given.PARTITION_METRICS,
    )


def _between_zones(load: Load) -> Iterator[MeteredUsage]:
    """A GB between zones is billed on its way out of one and into the other. Brokers replicate free
    of charge, but their clients pay, and so do those of Aurora and Valkey."""
    traffic = {"producers to brokers, other zone": load.gigabytes(*TOPICS)}
    for app in APPLICATIONS:
        traffic[f"brokers to {app.name}, other zone"] = load.gigabytes(*app.reads)
    traffic["brokers to functions, other zone"] = load.gigabytes(ALERTS)
    traffic["stores and their clients"] = load.gigabytes(ORDERS) * given.STORE_BYTES
    for what, gigabytes in traffic.items():
        yield MeteredUsage(what, gigabytes * (2 * given.OTHER_ZONE), "zones.data")


def aurora(month: Month) -> Iterator[MeteredUsage]:
    """Writer and readers scale together. I/O is the writer's and is billed once, not per copy."""
    instances = sum(
        each["DBInstanceClass"] == "db.serverless" for each in month.all("AWS::RDS::DBInstance")
    )
    for cluster in month.all("AWS::RDS::DBCluster"):
        optimized = cluster.get("StorageType") == "aurora-iopt1"
        prefix = "aurora.iopt1" if optimized else "aurora"
        scaling = cluster["ServerlessV2ScalingConfiguration"]
        least, most = (Decimal(str(scaling[name])) for name in ("MinCapacity", "MaxCapacity"))
        units = capacity(month.load, least, most)
        what = f"{instances} Aurora instances of {units} ACU"
        yield MeteredUsage(what, instances * units * HOURS, f"{prefix}.acu")
        if not optimized:
            yield MeteredUsage("Aurora I/O", _requests(month) / MILLION, "aurora.io")
        orders = month.load.rate(ORDERS) * SECONDS * given.MONTHS_KEPT
        stored = given.ANSWER_GB + orders * given.ORDER_ROW_BYTES / GB
        yield MeteredUsage("Aurora storage", stored, f"{prefix}.storage")
        yield MeteredUsage("Aurora backups", stored, "aurora.backup")
        if cluster.get("ManageMasterUserPassword"):
            yield MeteredUsage("secret of the database", Decimal(1), "secret")


def capacity(load: Load, least: Decimal, most: Decimal) -> Decimal:
    """ACU of an instance under the load, in half steps within the limits."""
    wanted = given.ACU_BASE + load.rate(ORDERS) * given.ACU_FOR_ORDER
    steps = (wanted / _ACU_STEP).to_integral_value(ROUND_CEILING) * _ACU_STEP
    return max(least, min(most, steps))


def _requests(month: Month) -> Decimal:
    """I/O requests of a month: of every batch, and of the orders in a batch."""
    trigger = month.environment.jobs[ORDER_ANSWERS.name].trigger
    orders = month.load.rate(ORDERS) * trigger
    touched = min(orders * given.ANSWERS_OF_ORDER, given.MOST_ANSWERS)
    of_orders = orders * given.ORDER_IO + touched * given.ANSWER_IO
    return month.all_batches * given.BATCH_IO + month.batches[ORDER_ANSWERS.name] * of_orders


def valkey(month: Month) -> Iterator[MeteredUsage]:
    """Nodes of Valkey: replicas cost as much as primaries."""
    for group in month.all("AWS::ElastiCache::ReplicationGroup"):
        shards, kind = group["NumNodeGroups"], group["CacheNodeType"]
        nodes = shards * (1 + group.get("ReplicasPerNodeGroup", 0))
        what = f"{nodes} nodes {kind} in {shards} shards"
        yield MeteredUsage(what, nodes * HOURS, f"valkey.{kind}.hour")


def emr_clusters(month: Month) -> Iterator[MeteredUsage]:
    """Each unit costs the on-demand price of its fleet's first type, even where Spot may be had.

    Applications keep their size under any load, so no task unit is counted beyond those at rest.
    """
    for cluster in month.all("AWS::EMR::Cluster"):
        instances = cluster["Instances"]
        fleets = [("primary", instances.get("MasterInstanceFleet"))]
        fleets.append(("core", instances.get("CoreInstanceFleet")))
        fleets += [("task", fleet) for fleet in instances.get("TaskInstanceFleets", [])]
        for role, fleet in fleets:
            yield from _fleet(role, fleet or {}, cluster)


def _fleet(
    role: str, fleet: Mapping[str, Any], cluster: Mapping[str, Any]
) -> Iterator[MeteredUsage]:
    count = fleet.get("TargetOnDemandCapacity", 0) + fleet.get("TargetSpotCapacity", 0)
    if not count:
        return
    first = fleet["InstanceTypeConfigs"][0]
    kind = first["InstanceType"]
    what = f"{count} {role} {kind}"
    yield MeteredUsage(what, count * HOURS, f"ec2.{kind}.hour")
    yield MeteredUsage(f"{what}, EMR", count * HOURS, f"emr.{kind}.hour")
    root = cluster.get("EbsRootVolumeSize", given.EMR_ROOT_GB)
    volume = cluster.get("EbsRootVolumeType", "gp3")
    yield MeteredUsage(f"root volumes, {role}", Decimal(count * root), f"ebs.{volume}")
    disks = first.get("EbsConfiguration", {}).get("EbsBlockDeviceConfigs", [])
    if not disks:
        yield MeteredUsage(f"disks, {role}", count * given.EMR_DISK_GB, "ebs.gp2")
    for disk in disks:
        volume = disk["VolumeSpecification"]
        size = Decimal(volume["SizeInGB"] * disk.get("VolumesPerInstance", 1))
        yield MeteredUsage(f"disks, {role}", count * size, f"ebs.{volume['VolumeType']}")


def emr_serverless(month: Month) -> Iterator[MeteredUsage]:
    """Drivers and executors are billed by what they ask for; 20 GB of disk are free for each."""
    for application in month.all("AWS::EMRServerless::Application"):
        processor = application.get("Architecture", "X86_64").lower()
        cores = memory = 0
        for sizes in (job.sizes for job in month.environment.jobs.values()):
            cores += sizes.driver_cores + sizes.executors * sizes.executor_cores
            memory += worker_gb(sizes.driver_memory)
            memory += sizes.executors * worker_gb(sizes.executor_memory)
        for unit, count, key in (("vCPU", cores, "vcpu"), ("GB of memory", memory, "memory")):
            what = f"{count} {unit} of applications"
            yield MeteredUsage(what, count * HOURS, f"serverless.{processor}.{key}")
