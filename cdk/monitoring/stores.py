"""Alarms and metrics of Kafka, Valkey and Postgres, as AWS publishes them."""

from __future__ import annotations

from collections.abc import Iterator

from cdk.monitoring.alarms import AlarmDefinition, Formula, MetricSource, Statistic
from cdk.settings import EnvironmentSettings
from cdk.settings.parts import KafkaSettings, PostgresSettings

# MB/s in and out that an Express broker sustains (AWS, "Amazon MSK Express broker quota").
_SUSTAINED = {
    "large": (15.6, 31.2),
    "xlarge": (31.2, 62.5),
    "2xlarge": (62.5, 125.0),
    "4xlarge": (124.9, 249.8),
    "8xlarge": (250.0, 500.0),
    "16xlarge": (500.0, 1000.0),
}
# AWS's own limit ("Best practices for Express brokers"): the rest takes over for a failed broker.
_BROKER_CPU_PERCENT = 60
_BROKER_THROUGHPUT_PERCENT = 80
_VALKEY_CPU_PERCENT = 80
_VALKEY_MEMORY_PERCENT = 80
_VALKEY_LAG_SECONDS = 5
_MEMORY_METRIC = "DatabaseMemoryUsagePercentage"
_POSTGRES_CAPACITY_PERCENT = 90
_CONNECTIONS_PERCENT = 80
_MEMORY_PERCENT = 10
_GIB = 1024**3
# A capacity unit has 2 GiB. The default of max_connections grows with the largest capacity by a
# little over 200 per unit. Where the smallest capacity is 0.5 units or less, it is at most 2,000.
# (AWS, "Performance and scaling for Aurora Serverless v2". The figures are recalled from memory;
# `SHOW max_connections` gives the real one.)
_UNIT_GIB = 2
_CONNECTIONS_PER_UNIT = 200
_MOST_CONNECTIONS = 2000


def kafka(
    settings: EnvironmentSettings, metric: str, statistic: Statistic, broker: int | None = None
) -> MetricSource:
    """A metric of the cluster or of one broker. Dimensions and names: AWS, "Amazon MSK metrics for
    monitoring Express brokers with CloudWatch"."""
    dimensions = {"Cluster Name": settings.name("kafka")}
    if broker is not None:
        dimensions["Broker ID"] = str(broker)
    return MetricSource("AWS/Kafka", metric, dimensions, statistic)


def brokers(settings: EnvironmentSettings) -> range:
    return range(1, settings.kafka.brokers + 1)


def broker_cpu(settings: EnvironmentSettings, broker: int) -> Formula:
    user = kafka(settings, "CpuUser", "Average", broker)
    system = kafka(settings, "CpuSystem", "Average", broker)
    return Formula("{user} + {system}", {"user": user, "system": system})


def broker_throughput(settings: EnvironmentSettings, broker: int) -> Formula:
    """The fuller of both directions, in percent of what the broker sustains."""
    received, sent = _bytes_sustained(settings.kafka)
    return Formula(
        f"100 * MAX([{{received}} / {received}, {{sent}} / {sent}])",
        {
            "received": kafka(settings, "BytesInPerSec", "Average", broker),
            "sent": kafka(settings, "BytesOutPerSec", "Average", broker),
        },
    )


def broker_throttling(settings: EnvironmentSettings, broker: int) -> dict[str, MetricSource]:
    """Milliseconds by which writers and readers are held back. They are published only while it
    happens."""
    return {
        "produce": kafka(settings, "ProduceThrottleTime", "Average", broker),
        "fetch": kafka(settings, "FetchThrottleTime", "Average", broker),
    }


def kafka_alarms(settings: EnvironmentSettings) -> Iterator[AlarmDefinition]:
    """Express publishes neither OfflinePartitionsCount nor UnderReplicatedPartitions, because it
    replicates below the brokers. The canary tells whether partitions can be written and read."""
    yield AlarmDefinition(
        name="kafka-controller",
        meaning="Kafka has no controller.",
        value=kafka(settings, "ActiveControllerCount", "Maximum"),
        comparison="below",
        threshold=1,
        # MSK lists it for Express brokers, and nobody here has seen it without ZooKeeper. A cluster
        # that is silent is noticed by the brokers' alarms and by the canary.
        absent="missing",
        serving=True,
    )
    for broker in brokers(settings):
        yield AlarmDefinition(
            name=f"kafka-{broker}-cpu",
            section="broker cpu",
            meaning=f"Broker {broker} has no processor time left to take over from another.",
            value=broker_cpu(settings, broker),
            threshold=_BROKER_CPU_PERCENT,
            # Every living broker publishes it.
            absent="breaching",
        )
        yield AlarmDefinition(
            name=f"kafka-{broker}-throughput",
            section="broker throughput",
            meaning=f"Broker {broker} is near what it sustains.",
            value=broker_throughput(settings, broker),
            threshold=_BROKER_THROUGHPUT_PERCENT,
        )
        for what, held_back in broker_throttling(settings, broker).items():
            yield AlarmDefinition(
                name=f"kafka-{broker}-{what}-throttling",
                section="broker throughput",
                meaning=f"Broker {broker} holds clients back that {what}.",
                value=held_back,
                threshold=0,
            )


def valkey(node: str, metric: str, statistic: Statistic) -> MetricSource:
    """A metric of one node, where ElastiCache calculates it (AWS, "Metrics for Valkey and Redis
    OSS"). In a replication group each node is a cache cluster of its own with the one node 0001."""
    dimensions = {"CacheClusterId": node, "CacheNodeId": "0001"}
    return MetricSource("AWS/ElastiCache", metric, dimensions, statistic)


def valkey_nodes(settings: EnvironmentSettings) -> Iterator[tuple[str, str]]:
    """Each node's short name, and the id that AWS gives it: the group, four digits of the shard and
    three of the node."""
    group = settings.name("valkey")
    for shard in range(1, settings.valkey.shards + 1):
        for node in range(1, settings.valkey.replicas + 2):
            yield f"{shard}-{node}", f"{group}-{shard:04d}-{node:03d}"


def valkey_alarms(settings: EnvironmentSettings) -> Iterator[AlarmDefinition]:
    # When shards are added or removed, nodes may be replaced under other numbers. A silent node is
    # therefore neither good nor bad.
    for name, node in valkey_nodes(settings):
        rows: list[tuple[str, str, str, Statistic, float]] = [
            ("cpu", "is busy", "EngineCPUUtilization", "Average", _VALKEY_CPU_PERCENT),
            ("memory", "is nearly full", _MEMORY_METRIC, "Maximum", _VALKEY_MEMORY_PERCENT),
            ("evictions", "throws keys out", "Evictions", "Sum", 0),
        ]
        if settings.valkey.replicas:
            what = "is behind its primary"
            rows.append(("replication-lag", what, "ReplicationLag", "Maximum", _VALKEY_LAG_SECONDS))
        for part, what, metric, statistic, threshold in rows:
            yield AlarmDefinition(
                name=f"valkey-{name}-{part}",
                section=f"valkey {part.replace('-', ' ')}",
                meaning=f"Valkey node {name} {what}.",
                value=valkey(node, metric, statistic),
                threshold=threshold,
                # Only replicas publish how far behind they are.
                absent="notBreaching" if part == "replication-lag" else "missing",
            )


def postgres(settings: EnvironmentSettings, metric: str, statistic: Statistic) -> MetricSource:
    """A metric of the instance that writes at the time, as AWS advises for alarms ("Creating
    CloudWatch alarms to monitor Amazon Aurora", "Amazon CloudWatch dimensions")."""
    dimensions = {"DBClusterIdentifier": settings.name("postgres"), "Role": "WRITER"}
    return MetricSource("AWS/RDS", metric, dimensions, statistic)


def postgres_alarms(settings: EnvironmentSettings) -> Iterator[AlarmDefinition]:
    sizes = settings.postgres
    yield AlarmDefinition(
        name="postgres-capacity",
        meaning=f"Postgres is near its {sizes.max_capacity:g} capacity units, or says nothing.",
        value=postgres(settings, "ACUUtilization", "Average"),
        threshold=_POSTGRES_CAPACITY_PERCENT,
        absent="breaching",
    )
    yield AlarmDefinition(
        name="postgres-connections",
        meaning="Postgres has few connections left.",
        value=postgres(settings, "DatabaseConnections", "Maximum"),
        threshold=_connections(sizes) * _CONNECTIONS_PERCENT // 100,
    )
    yield AlarmDefinition(
        name="postgres-memory",
        meaning="Postgres is short of memory at its largest size.",
        # It is counted up to the largest size, so it is low only when the server can grow no more.
        value=postgres(settings, "FreeableMemory", "Minimum"),
        comparison="below",
        threshold=int(sizes.max_capacity * _UNIT_GIB * _GIB * _MEMORY_PERCENT / 100),
    )
    yield AlarmDefinition(
        name="postgres-deadlocks",
        meaning="Transactions lock one another out.",
        value=postgres(settings, "Deadlocks", "Maximum"),
        threshold=0,
    )


def _bytes_sustained(sizes: KafkaSettings) -> tuple[int, int]:
    received, sent = _SUSTAINED[sizes.broker_type.rpartition(".")[2]]
    return int(received * 1_000_000), int(sent * 1_000_000)


def _connections(sizes: PostgresSettings) -> int:
    allowed = int(sizes.max_capacity * _CONNECTIONS_PER_UNIT)
    return min(allowed, _MOST_CONNECTIONS) if sizes.min_capacity <= 0.5 else allowed
