"""What is looked at in Kafka, Valkey and Postgres, by the metrics that AWS publishes for them."""

from __future__ import annotations

from collections.abc import Iterator

from cdk.monitoring.alarms import Check, Formula, Source, Statistic
from cdk.settings import KafkaSettings, PostgresSettings, Settings

# MB/s in and out that an Express broker sustains (AWS, "Amazon MSK Express broker quota").
_SUSTAINED = {
    "large": (15.6, 31.2),
    "xlarge": (31.2, 62.5),
    "2xlarge": (62.5, 125.0),
    "4xlarge": (124.9, 249.8),
    "8xlarge": (250.0, 500.0),
    "16xlarge": (500.0, 1000.0),
}
# AWS's own limit ("Best practices for Express brokers"): the rest is for a broker that fails.
_BROKER_CPU_PERCENT = 60
_BROKER_THROUGHPUT_PERCENT = 80
_VALKEY_CPU_PERCENT = 80
_VALKEY_MEMORY_PERCENT = 80
_VALKEY_LAG_SECONDS = 5
_POSTGRES_CAPACITY_PERCENT = 90
_CONNECTIONS_PERCENT = 80
_MEMORY_PERCENT = 10
_GIB = 1024**3
# A capacity unit has 2 GiB. The default max_connections grows with the largest capacity by a little
# over 200 a unit and is 2,000 at most where the smallest is 0.5 units or less. (AWS, "Performance
# and scaling for Aurora Serverless v2"; the figures are recalled, `SHOW max_connections` tells.)
_UNIT_GIB = 2
_CONNECTIONS_A_UNIT = 200
_MOST_CONNECTIONS = 2000


def kafka(
    settings: Settings, metric: str, statistic: Statistic, broker: int | None = None
) -> Source:
    """Of the cluster or of one broker. Dimensions and names: AWS, "Amazon MSK metrics for
    monitoring Express brokers with CloudWatch"."""
    dimensions = {"Cluster Name": settings.name("kafka")}
    if broker is not None:
        dimensions["Broker ID"] = str(broker)
    return Source(namespace="AWS/Kafka", metric=metric, dimensions=dimensions, statistic=statistic)


def brokers(settings: Settings) -> range:
    return range(1, settings.kafka.brokers + 1)


def broker_cpu(settings: Settings, broker: int) -> Formula:
    return Formula(
        expression="{user} + {system}",
        sources={
            "user": kafka(settings, "CpuUser", "Average", broker),
            "system": kafka(settings, "CpuSystem", "Average", broker),
        },
    )


def broker_throughput(settings: Settings, broker: int) -> Formula:
    """The fuller of both directions, in percent of what the broker sustains."""
    received, sent = _bytes_sustained(settings.kafka)
    return Formula(
        expression=f"100 * MAX([{{received}} / {received}, {{sent}} / {sent}])",
        sources={
            "received": kafka(settings, "BytesInPerSec", "Average", broker),
            "sent": kafka(settings, "BytesOutPerSec", "Average", broker),
        },
    )


def broker_throttling(settings: Settings, broker: int) -> dict[str, Source]:
    """Milliseconds that writers and readers are held back; each is told only while it happens."""
    return {
        "produce": kafka(settings, "ProduceThrottleTime", "Average", broker),
        "fetch": kafka(settings, "FetchThrottleTime", "Average", broker),
    }


def kafka_checks(settings: Settings) -> Iterator[Check]:
    """Express publishes neither OfflinePartitionsCount nor UnderReplicatedPartitions: it replicates
    below the brokers. That partitions can be written and read is what the canary tells."""
    yield Check(
        name="kafka-controller",
        section="kafka controller",
        meaning="Kafka has no controller, or says nothing.",
        value=kafka(settings, "ActiveControllerCount", "Maximum"),
        comparison="below",
        threshold=1,
        absent="breaching",
        serving=True,
    )
    for broker in brokers(settings):
        yield Check(
            name=f"kafka-{broker}-cpu",
            section="broker cpu",
            meaning=f"Broker {broker} has no processor time left to take over from another.",
            value=broker_cpu(settings, broker),
            threshold=_BROKER_CPU_PERCENT,
            # A broker that is there always tells it.
            absent="breaching",
        )
        yield Check(
            name=f"kafka-{broker}-throughput",
            section="broker throughput",
            meaning=f"Broker {broker} is near what it sustains.",
            value=broker_throughput(settings, broker),
            threshold=_BROKER_THROUGHPUT_PERCENT,
            absent="notBreaching",
        )
        for what, held_back in broker_throttling(settings, broker).items():
            yield Check(
                name=f"kafka-{broker}-{what}-throttling",
                section="broker throughput",
                meaning=f"Broker {broker} holds clients back that {what}.",
                value=held_back,
                threshold=0,
                absent="notBreaching",
            )


def valkey(node: str, metric: str, statistic: Statistic) -> Source:
    """Of one node: ElastiCache calculates each metric there (AWS, "Metrics for Valkey and Redis
    OSS"); in a replication group a node is a cache cluster of one, number 0001."""
    return Source(
        namespace="AWS/ElastiCache",
        metric=metric,
        dimensions={"CacheClusterId": node, "CacheNodeId": "0001"},
        statistic=statistic,
    )


def valkey_nodes(settings: Settings) -> Iterator[tuple[str, str]]:
    """A short name and the id AWS gives: group, four digits of the shard, three of the node."""
    group = settings.name("valkey")
    for shard in range(1, settings.valkey.shards + 1):
        for node in range(1, settings.valkey.replicas + 2):
            yield f"{shard}-{node}", f"{group}-{shard:04d}-{node:03d}"


def valkey_checks(settings: Settings) -> Iterator[Check]:
    # Nodes may be replaced under other numbers when shards are added or removed: a node that says
    # nothing is reported as such, neither good nor bad.
    for name, node in valkey_nodes(settings):
        rows: list[tuple[str, str, str, Statistic, float]] = [
            ("cpu", "is busy", "EngineCPUUtilization", "Average", _VALKEY_CPU_PERCENT),
            (
                "memory",
                "is nearly full",
                "DatabaseMemoryUsagePercentage",
                "Maximum",
                _VALKEY_MEMORY_PERCENT,
            ),
            ("evictions", "throws keys out", "Evictions", "Sum", 0),
        ]
        if settings.valkey.replicas:
            rows.append(
                (
                    "replication-lag",
                    "is behind its primary",
                    "ReplicationLag",
                    "Maximum",
                    _VALKEY_LAG_SECONDS,
                )
            )
        for part, what, metric, statistic, threshold in rows:
            yield Check(
                name=f"valkey-{name}-{part}",
                section=f"valkey {part.replace('-', ' ')}",
                meaning=f"Valkey node {name} {what}.",
                value=valkey(node, metric, statistic),
                threshold=threshold,
                # Only a node that is a replica tells how far behind it is.
                absent="notBreaching" if part == "replication-lag" else "missing",
            )


def postgres(settings: Settings, metric: str, statistic: Statistic) -> Source:
    """Of the instance that writes, whichever it is at the time, as AWS advises for alarms
    ("Creating CloudWatch alarms to monitor Amazon Aurora", "Amazon CloudWatch dimensions")."""
    return Source(
        namespace="AWS/RDS",
        metric=metric,
        dimensions={"DBClusterIdentifier": settings.name("postgres"), "Role": "WRITER"},
        statistic=statistic,
    )


def postgres_checks(settings: Settings) -> Iterator[Check]:
    sizes = settings.postgres
    yield Check(
        name="postgres-capacity",
        section="postgres capacity",
        meaning=f"Postgres is near its {sizes.max_capacity:g} capacity units, or says nothing.",
        value=postgres(settings, "ACUUtilization", "Average"),
        threshold=_POSTGRES_CAPACITY_PERCENT,
        absent="breaching",
    )
    yield Check(
        name="postgres-connections",
        section="postgres connections",
        meaning="Postgres has few connections left.",
        value=postgres(settings, "DatabaseConnections", "Maximum"),
        threshold=_connections(sizes) * _CONNECTIONS_PERCENT // 100,
        absent="notBreaching",
    )
    yield Check(
        name="postgres-memory",
        section="postgres memory",
        meaning="Postgres is short of memory at its largest size.",
        # Counted up to the largest size, so it is low only where the server cannot grow any more.
        value=postgres(settings, "FreeableMemory", "Minimum"),
        comparison="below",
        threshold=int(sizes.max_capacity * _UNIT_GIB * _GIB * _MEMORY_PERCENT / 100),
        absent="notBreaching",
    )
    yield Check(
        name="postgres-deadlocks",
        section="postgres deadlocks",
        meaning="Transactions lock one another out.",
        value=postgres(settings, "Deadlocks", "Maximum"),
        threshold=0,
        absent="notBreaching",
    )


def _bytes_sustained(sizes: KafkaSettings) -> tuple[int, int]:
    received, sent = _SUSTAINED[sizes.broker_type.rpartition(".")[2]]
    return int(received * 1_000_000), int(sent * 1_000_000)


def _connections(sizes: PostgresSettings) -> int:
    allowed = int(sizes.max_capacity * _CONNECTIONS_A_UNIT)
    return min(allowed, _MOST_CONNECTIONS) if sizes.min_capacity <= 0.5 else allowed
