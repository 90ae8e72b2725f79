"""Meters of MSK Express: brokers, what is written and kept, metrics beyond the free ones."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from contracts.applications import APPLICATIONS
from contracts.topics import TOPICS, Topic
from ops.commands.cost import assumptions as given
from ops.commands.cost.environment import Environment
from ops.commands.cost.usage import Usage
from ops.commands.cost.workload import DAYS, Load

_LEVELS = ("DEFAULT", "PER_BROKER", "PER_TOPIC_PER_BROKER", "PER_TOPIC_PER_PARTITION")


def brokers(environment: Environment, load: Load) -> Iterator[Usage]:
    for cluster in environment.of("AWS::MSK::Cluster"):
        count = Decimal(cluster.properties["NumberOfBrokerNodes"])
        kind = cluster.properties["BrokerNodeGroupInfo"]["InstanceType"]
        hours = count * given.HOURS.value
        yield Usage("kafka", f"{count} brokers {kind}", hours, f"msk.{kind}.hour")
        yield Usage("kafka", "written", load.gigabytes(*TOPICS), "msk.express.in")
        kept = sum((_kept(load, topic) for topic in TOPICS), Decimal(0))
        copies = given.KAFKA_COPIES.value
        yield Usage("kafka", f"kept, {copies} copies", kept * copies, "msk.express.storage")
        level = cluster.properties.get("EnhancedMonitoring", "DEFAULT")
        yield Usage(
            "observability",
            f"Kafka metrics, {level}",
            _metrics(environment, count, _LEVELS.index(level)),
            "cloudwatch.metric",
        )


def _kept(load: Load, topic: Topic) -> Decimal:
    return load.gigabytes(topic) / DAYS * topic.retention.days


def _metrics(environment: Environment, brokers: Decimal, level: int) -> Decimal:
    """Metrics beyond DEFAULT, which are free; a level includes those before it."""
    topics = len(environment.of("AWS::MSK::Topic"))
    partitions = sum(topic.cloud_partitions for app in APPLICATIONS for topic in app.reads)
    counted = (
        brokers * given.BROKER_METRICS.value,
        brokers * topics * given.TOPIC_METRICS.value,
        partitions * given.PARTITION_METRICS.value,
    )
    return sum(counted[:level], Decimal(0))
