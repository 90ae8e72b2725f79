"""The dashboard of the operators: from what a shop notices down to the machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from aws_cdk import aws_lambda as lambda_

from cdk.monitoring import stores
from cdk.monitoring.alarms import Formula, MetricSource, Statistic
from cdk.monitoring.applications import (
    batch_time,
    drivers,
    freshness,
    lag,
    of_application,
    of_each_topic,
    of_writers,
    quality,
    quarantine_rate,
)
from cdk.monitoring.dashboards import Graph, Row, Search
from cdk.monitoring.functions import canary, function, http_api, of_notifier
from cdk.settings import EnvironmentSettings
from contracts.applications import APPLICATIONS, INGEST
from contracts.metrics import MetricName
from contracts.topics import Topic

_EMR = "AWS/EMRServerless"


def operator_rows(
    settings: EnvironmentSettings,
    *,
    functions: Mapping[str, lambda_.IFunction],
    api_id: str | None,
    cluster_id: str | None,
) -> Iterator[Row]:
    """`cluster_id` is None where EMR Serverless runs the applications, `api_id` without an API."""
    yield _answers()
    yield _batches(settings)
    yield _records()
    yield _alerts()
    yield _machines(settings, cluster_id)
    yield _kafka(settings)
    yield _valkey(settings)
    yield _postgres(settings)
    yield _functions(functions)
    if api_id is not None:
        yield _api(api_id)


def _each(metric: MetricName, statistic: Statistic) -> dict[str, MetricSource]:
    return {app.name: of_application(metric, statistic, app) for app in APPLICATIONS}


def _shares(of_records: Callable[[Topic], Formula]) -> dict[str, Formula]:
    return {topic.name: of_records(topic) for topic in INGEST.reads}


def _answers() -> Row:
    behind = {
        f"{app.name} {topic.name}": lag(app, topic) for app in APPLICATIONS for topic in app.reads
    }
    return Row(
        "Are the answers there, and how old are they?",
        "Lag is what a whole batch could not take. It is published also while nothing happens.",
        [
            Graph("Lag, offsets", behind),
            Graph("Freshness, seconds", {app.name: freshness(app) for app in APPLICATIONS}),
            Graph("Canary: an order to Postgres, seconds", {"canary": canary()}, 5),
        ],
    )


def _batches(settings: EnvironmentSettings) -> Row:
    triggers = ", ".join(f"{name} {seconds} s" for name, seconds in settings.triggers)
    return Row(
        "Do batches keep their pace?",
        f"A batch should take less than its trigger: {triggers}.",
        [
            Graph("Batch, seconds", {app.name: batch_time(app) for app in APPLICATIONS}),
            Graph("Records a second", _each("rows_per_second", "Average")),
            Graph("Records in a batch", _each("batch_rows", "Maximum")),
            Graph("Postgres commit, seconds", _each("postgres_commit_seconds", "Average")),
            Graph("Lake commit, seconds", _each("lake_commit_seconds", "Average")),
            Graph("Batches shown again", _each("repeated_batches", "Sum"), 5),
        ],
    )


def _records() -> Row:
    return Row(
        "What comes in?",
        "Every record is new, a duplicate or in the quarantine; late ones are in every total.",
        [
            Graph("New events", of_each_topic("valid_rows"), 5),
            Graph("Duplicates", of_each_topic("duplicate_rows"), 5),
            Graph("Late", of_each_topic("late_rows"), 5),
            Graph("Quarantine, % of records", _shares(quarantine_rate), 5),
            Graph("Quality, % of new events", _shares(quality), 5),
        ],
    )


def _alerts() -> Row:
    return Row(
        "Do alerts get out?",
        "From Postgres through the outbox to Kafka, from there by the notifier to people.",
        [
            Graph("Raised", of_writers("alerts_raised", "Sum"), 5),
            Graph("Oldest in the outbox, seconds", of_writers("outbox_oldest_seconds", "Maximum")),
            Graph(
                "Notifications",
                {
                    "sent": of_notifier("notifications_sent"),
                    "failed": of_notifier("notifications_failed"),
                },
                5,
            ),
        ],
    )


def _machines(settings: EnvironmentSettings, cluster_id: str | None) -> Row:
    graphs = [
        Graph("Drivers", {app.name: drivers(app) for app in APPLICATIONS}),
        Graph("Failed runs, last hour", _each("failed_runs", "Maximum")),
    ]
    return Row(
        "Does something run them?",
        "What the job controller sees each minute, and what EMR says of itself.",
        [*graphs, *(_cluster(cluster_id) if cluster_id else _serverless(settings))],
    )


def _cluster(cluster_id: str) -> list[Graph]:
    """AWS, "Monitoring Amazon EMR metrics with CloudWatch": all by JobFlowId."""

    def emr(metric: str, statistic: Statistic) -> MetricSource:
        return MetricSource("AWS/ElasticMapReduce", metric, {"JobFlowId": cluster_id}, statistic)

    return [
        Graph(
            "YARN applications",
            {"running": emr("AppsRunning", "Maximum"), "pending": emr("AppsPending", "Maximum")},
            5,
        ),
        Graph(
            "Nodes",
            {
                "active": emr("MRActiveNodes", "Maximum"),
                "unhealthy": emr("MRUnhealthyNodes", "Maximum"),
                "lost": emr("MRLostNodes", "Maximum"),
            },
            5,
        ),
        Graph("YARN memory free, %", {"free": emr("YARNMemoryAvailablePercentage", "Minimum")}, 5),
    ]


def _serverless(settings: EnvironmentSettings) -> list[Graph]:
    """They are found by the application's name, which is a dimension since release 7.10 (AWS,
    "Monitoring EMR Serverless applications and jobs")."""
    application = {"ApplicationName": settings.name("jobs")}
    return [
        Graph("Workers", {"": Search(_EMR, "RunningWorkerCount", application)}),
        Graph("vCPU allocated", {"": Search(_EMR, "CPUAllocated", application)}),
    ]


def _kafka(settings: EnvironmentSettings) -> Row:
    def each_broker(metric: str, statistic: Statistic = "Average") -> dict[str, MetricSource]:
        return {
            f"broker {broker}": stores.kafka(settings, metric, statistic, broker)
            for broker in stores.brokers(settings)
        }

    brokers = stores.brokers(settings)
    return Row(
        "Kafka",
        "Express brokers replicate below Kafka: there is no metric of partitions that are offline.",
        [
            Graph("CPU, %", {f"broker {n}": stores.broker_cpu(settings, n) for n in brokers}),
            Graph("Bytes in a second", each_broker("BytesInPerSec")),
            Graph("Bytes out a second", each_broker("BytesOutPerSec")),
            Graph(
                "Clients held back, ms",
                {
                    f"broker {n} {what}": held_back
                    for n in brokers
                    for what, held_back in stores.broker_throttling(settings, n).items()
                },
            ),
            Graph("Connections", each_broker("ConnectionCount", "Maximum")),
            Graph("Storage, bytes", {"used": stores.kafka(settings, "StorageUsed", "Maximum")}, 60),
        ],
    )


def _valkey(settings: EnvironmentSettings) -> Row:
    def each_node(metric: str, statistic: Statistic) -> dict[str, MetricSource]:
        return {
            name: stores.valkey(node, metric, statistic)
            for name, node in stores.valkey_nodes(settings)
        }

    return Row(
        "Valkey",
        "One line per node, named shard-node. Its content can be made again from Postgres.",
        [
            Graph("Engine CPU, %", each_node("EngineCPUUtilization", "Average")),
            # A node of two processors has little left for what runs beside the engine.
            Graph("CPU, %", each_node("CPUUtilization", "Average")),
            Graph("Memory, %", each_node("DatabaseMemoryUsagePercentage", "Maximum")),
            Graph("Evictions", each_node("Evictions", "Sum")),
            Graph("Replication lag, seconds", each_node("ReplicationLag", "Maximum")),
            Graph("Connections", each_node("CurrConnections", "Maximum")),
        ],
    )


def _postgres(settings: EnvironmentSettings) -> Row:
    def writer(metric: str, statistic: Statistic) -> dict[str, MetricSource]:
        return {"writer": stores.postgres(settings, metric, statistic)}

    return Row(
        "Postgres",
        "The instance that writes, whichever it is at the time.",
        [
            Graph("Capacity used, %", writer("ACUUtilization", "Average")),
            Graph("Connections", writer("DatabaseConnections", "Maximum")),
            Graph("Memory left to the largest size, bytes", writer("FreeableMemory", "Minimum")),
            Graph("Commit, ms", writer("CommitLatency", "Average")),
            Graph("Deadlocks a second", writer("Deadlocks", "Maximum")),
            Graph("Capacity units", writer("ServerlessDatabaseCapacity", "Maximum")),
        ],
    )


def _functions(functions: Mapping[str, lambda_.IFunction]) -> Row:
    def each_function(metric: str, statistic: Statistic) -> dict[str, MetricSource]:
        return {name: function(each, metric, statistic) for name, each in functions.items()}

    return Row(
        "Functions",
        "What keeps the applications running, and what tells people.",
        [
            Graph("Errors", each_function("Errors", "Sum"), 5),
            Graph("Throttles", each_function("Throttles", "Sum"), 5),
            Graph("Duration, ms", each_function("Duration", "Maximum"), 5),
        ],
    )


def _api(api_id: str) -> Row:
    errors = {kind: http_api(api_id, kind, "Sum") for kind in ("4xx", "5xx")}
    return Row(
        "The query API",
        "4xx are the callers' own, most often a token that is missing or has ended.",
        [
            Graph("API requests", {"all": http_api(api_id, "Count", "Sum")}, 5),
            Graph("API errors", errors, 5),
            Graph("API latency, ms", {"mean": http_api(api_id, "Latency", "Average")}, 5),
        ],
    )
