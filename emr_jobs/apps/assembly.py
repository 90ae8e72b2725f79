"""What each application is made of, and what it publishes beside its batches."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from pyspark.sql import DataFrame, SparkSession

from contracts.applications import CLICK_ANSWERS, INGEST, Application
from contracts.registry import Registry
from contracts.tables.columns import Table
from contracts.tables.lake import GOLD_TABLES, RECORD_TABLES, SILVER
from contracts.topics import CLICKS
from emr_jobs.apps.arguments import Arguments
from emr_jobs.apps.clicks import ClickApplication
from emr_jobs.apps.ingest import Ingest
from emr_jobs.apps.orders import OrderApplication
from emr_jobs.kernel.batches import BatchApplication
from emr_jobs.kernel.crash_points import CrashPoints
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.kernel.question import Settings
from emr_jobs.publish.gold import GoldPublisher
from emr_jobs.publish.hot_store import HotAnswers
from emr_jobs.publish.lake_maintenance import LakeMaintenance, UpkeepRules
from emr_jobs.spark.service import Periodic
from emr_jobs.spark.turns import Turns
from emr_jobs.stores.endpoints import postgres_of, valkey_of
from emr_jobs.stores.kafka import KafkaClient, KafkaEndpoint
from emr_jobs.stores.lake import LakeTable
from emr_jobs.stores.postgres import Pg
from emr_jobs.stores.progress import ProgressStore

logger = logging.getLogger(__name__)

# Gold is written at most this often, and never more often than silver: each time whole files
# are written anew, and on AWS every request costs money.
_LEAST_GOLD_SECONDS = 10.0
_HOT_SECONDS = 1.0
_MAINTENANCE_SECONDS = 60.0
# How long a snapshot of the laptop's lake can be read. On AWS a setting says it.
_UPKEEP = UpkeepRules(snapshot_life=timedelta(hours=1))


@dataclass(frozen=True)
class Clients:
    """What the applications of one process share."""

    arguments: Arguments
    spark: SparkSession
    kafka: KafkaClient
    registry: Registry
    crash: CrashPoints
    metrics: Mapping[str, Metrics]
    turns: Turns
    clock: Callable[[], datetime]
    package_version: str

    @property
    def kafka_endpoint(self) -> KafkaEndpoint:
        endpoints = self.arguments.endpoints
        return KafkaEndpoint(endpoints.bootstrap_servers, endpoints.kafka_auth)


def max_offsets(app: Application, arguments: Arguments, kafka: KafkaClient) -> int:
    """The most records of one batch, by the size that the topics' records have now."""
    if arguments.max_offsets:
        return arguments.max_offsets
    bytes_each = kafka.bytes_per_offset([topic.name for topic in app.reads])
    most = app.max_offsets(arguments.triggers[app.name], bytes_each)
    logger.info("%s: %.0f bytes per offset, at most %s a batch", app.name, bytes_each, most)
    return most


def batch_application(
    app: Application, clients: Clients, connection: Pg, progress: ProgressStore
) -> BatchApplication[DataFrame]:
    """What an application does with a batch."""
    metrics = clients.metrics[app.name]
    if app == INGEST:
        return Ingest(
            clients.spark,
            progress=progress,
            registry=clients.registry,
            visit=clients.crash.visit,
            metrics=metrics,
            turns=clients.turns,
            package_version=clients.package_version,
        )
    if app == CLICK_ANSWERS:
        return ClickApplication(
            # It is read alone: `ingest` makes it.
            silver=LakeTable(clients.spark, SILVER[CLICKS.name], metrics),
            progress=progress,
            registry=clients.registry,
            kafka=clients.kafka,
            metrics=metrics,
            turns=clients.turns,
            clock=clients.clock,
        )
    return OrderApplication(
        connection=connection,
        progress=progress,
        registry=clients.registry,
        kafka=clients.kafka,
        metrics=metrics,
        settings=Settings(),
    )


def background_tasks(app: Application, clients: Clients, stack: ExitStack) -> Iterator[Periodic]:
    """What an application publishes in threads of its own; their connections close with `stack`."""
    metrics = clients.metrics[app.name]
    postgres = postgres_of(clients.arguments.endpoints)

    def connection() -> Pg:
        return stack.enter_context(closing(postgres.connect()))

    if app == INGEST:

        def gold() -> Callable[[datetime], object]:
            publisher = GoldPublisher(
                clients.spark, connection(), postgres.jdbc, metrics, clients.turns
            )
            return publisher.publish

        seconds = max(_LEAST_GOLD_SECONDS, clients.arguments.triggers[INGEST.name])
        yield Periodic("gold", seconds, clients.clock, gold)
        if clients.arguments.endpoints.catalog == "jdbc":
            yield Periodic(
                "lake maintenance",
                _MAINTENANCE_SECONDS,
                clients.clock,
                lambda: _lake_maintenance(clients, metrics).maintain,
            )
    valkey = valkey_of(clients.arguments.endpoints) if app == CLICK_ANSWERS else None
    if valkey is not None:
        stack.callback(valkey.close)
        cluster = valkey
        yield Periodic(
            "hot answers",
            _HOT_SECONDS,
            clients.clock,
            lambda: HotAnswers(connection(), cluster, metrics).publish,
        )


def _lake_maintenance(clients: Clients, metrics: Metrics) -> LakeMaintenance:
    def made(described: Table) -> LakeTable:
        table = LakeTable(clients.spark, described, metrics)
        table.create()
        return table

    records, published = map(made, RECORD_TABLES), map(made, GOLD_TABLES)
    return LakeMaintenance(clients.spark, records, published, _UPKEEP)
