"""The one entry: ``python -m emr_jobs ingest orders --bootstrap-servers ...``."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from importlib import import_module

import psycopg
from pyspark.sql import SparkSession

from contracts.applications import EXIT_STOPPED, ORDER_ANSWERS, Application
from contracts.question_files import stopped_where_broken

with stopped_where_broken():
    import_module("emr_jobs.questions")

from emr_jobs.apps.arguments import Arguments, parse
from emr_jobs.apps.assembly import Clients, background_tasks, batch_application, max_offsets
from emr_jobs.apps.preview import Preview, preview_stream
from emr_jobs.kernel.batches import BatchRunner, StreamIdentity
from emr_jobs.kernel.crash_points import CrashPoints
from emr_jobs.kernel.errors import Stopped
from emr_jobs.kernel.lease import Lease, take
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.kernel.progress import ProgressStore
from emr_jobs.kernel.question import Settings
from emr_jobs.spark.checkpoint import HadoopFiles, folder_of
from emr_jobs.spark.listener import ProgressListener, listen
from emr_jobs.spark.planner import turns_at_once
from emr_jobs.spark.queries import QueryPlan, RunningQuery
from emr_jobs.spark.service import Periodic, Rehearsal, Running, watch
from emr_jobs.spark.session import start_session
from emr_jobs.spark.source import SparkSource
from emr_jobs.spark.turns import Turns
from emr_jobs.stores.endpoints import metric_lines, postgres_of, registry_of
from emr_jobs.stores.kafka import KafkaClient, KafkaEndpoint, stream
from emr_jobs.stores.lease import Heartbeat, PostgresDrivers
from emr_jobs.stores.postgres import Pg
from emr_jobs.stores.progress import PostgresProgress

logger = logging.getLogger("emr_jobs")

PACKAGE_VERSION = "0.1.0"

# How long a thread that computes may keep the interpreter to itself. A batch makes some hundred
# calls to the JVM, and by default each of them may wait 5 ms for a thread of another application.
SWITCH_SECONDS = 0.0005


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the clock every part is given


class _DriverLease:
    """An application's row, its heartbeat and its connection."""

    def __init__(self, connect: Callable[[], Pg], lease: Lease, heartbeat: Heartbeat) -> None:
        self._connect = connect
        self.connection = connect()
        self.lease = lease
        self._heartbeat = heartbeat

    def reconnect(self) -> None:
        """Take a new connection: the other may be broken."""
        self.connection.close()
        self.connection = self._connect()

    def report(self, state: str, detail: str = "") -> None:
        try:
            PostgresDrivers(self.connection).report(self.lease, state, detail)
        except psycopg.OperationalError:
            # Postgres has restarted since the application's last batch.
            self.reconnect()
            PostgresDrivers(self.connection).report(self.lease, state, detail)

    def superseded(self) -> bool:
        return self._heartbeat.superseded.is_set()

    def close(self) -> None:
        self._heartbeat.stop()
        self.connection.close()


def main(argv: Sequence[str]) -> int:
    """Run the applications; returns 0 when asked to stop or superseded, 20 when a person must
    decide. Anything else is raised, and a supervisor starts the process again."""
    words = "%(asctime)s %(levelname)s %(name)s %(message)s"
    logging.basicConfig(level=logging.INFO, format=words)
    logging.getLogger("kafka").setLevel(logging.WARNING)
    logging.getLogger("py4j").setLevel(logging.WARNING)
    arguments = parse(argv)
    sys.setswitchinterval(SWITCH_SECONDS)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        if arguments.sink == "console":
            return _preview(_connect(arguments, stack), stop)
        try:
            leases = {app.name: _take_lease(app, arguments) for app in arguments.applications}
        except Stopped as refused:
            logger.error("stopped: %s", refused)
            return EXIT_STOPPED
        clients = _connect(arguments, stack)
        return _run(clients, leases, stop, stack)


def _run(
    clients: Clients, leases: Mapping[str, _DriverLease], stop: threading.Event, stack: ExitStack
) -> int:
    listener_kafka = KafkaClient(clients.kafka_endpoint)
    stack.callback(listener_kafka.close)
    listener = ProgressListener(listener_kafka, clients.arguments.applications, clients.metrics)
    listen(clients.spark, listener)
    running: list[Running] = []
    periodic: list[Periodic] = []
    for app in clients.arguments.applications:
        lease = leases[app.name]
        try:
            plan = _plan(app, clients, lease)
            query = RunningQuery(clients.spark, plan, partial(_replan, app, clients, lease))
        except Stopped as reason:
            logger.error("stopped: %s: %s", app.name, reason)
            for each in leases.values():
                each.report("stopped", f"{app.name}: {reason}")
            return EXIT_STOPPED
        running.append(Running(query, lease, _rehearsal(plan, clients.spark)))
        periodic += background_tasks(app, clients, stack)
    for task in periodic:
        task.start()
    outcome = watch(running, periodic, stop)
    listener.close()
    for line in outcome.stopped:
        logger.error("stopped: %s", line)
    return outcome.code


def _rehearsal(plan: QueryPlan, spark: SparkSession) -> Rehearsal | None:
    """With nothing to read there is time; after a crash there is none."""

    def rehearse() -> None:
        spark.sparkContext.setLocalProperty("spark.scheduler.pool", plan.name)
        plan.runner.rehearse()

    return Rehearsal(plan.name, rehearse) if plan.nothing_unread else None


def _preview(clients: Clients, stop: threading.Event) -> int:
    """Show what each batch of orders would answer until told to stop; store nothing."""
    preview = Preview(clients.registry, clients.kafka, Settings(), _write_line)
    most = max_offsets(ORDER_ANSWERS, clients.arguments, clients.kafka)
    frame = preview_stream(clients.spark, clients.kafka_endpoint, clients.kafka, most)
    # No checkpoint is given, so Spark takes a temporary one and deletes it at the end.
    query = frame.writeStream.foreachBatch(preview).start()
    while query.isActive and not stop.wait(0.2):
        pass
    query.stop()
    return 0 if query.exception() is None else 1


def _take_lease(app: Application, arguments: Arguments) -> _DriverLease:
    postgres = postgres_of(arguments.endpoints)
    heart = postgres.connect()
    lease = take(PostgresDrivers(heart), app.name, _identity(), take_over=arguments.take_over)
    heartbeat = Heartbeat(postgres.connect, lease, heart)
    heartbeat.start()
    return _DriverLease(postgres.connect, lease, heartbeat)


def _connect(arguments: Arguments, stack: ExitStack) -> Clients:
    endpoints = arguments.endpoints
    spark = start_session(endpoints)
    stack.callback(spark.stop)
    kafka = KafkaClient(KafkaEndpoint(endpoints.bootstrap_servers, endpoints.kafka_auth))
    stack.callback(kafka.close)
    writer = f"{'-'.join(arguments.triggers)}/{_identity()}"
    write = metric_lines(endpoints, writer, _now, _write_line, stack)
    return Clients(
        arguments,
        spark,
        kafka,
        registry_of(endpoints),
        CrashPoints(arguments.crash_order),
        {app.name: Metrics(app.name, write, _now) for app in arguments.applications},
        Turns(turns_at_once(spark.sparkContext.defaultParallelism)),
        _now,
        PACKAGE_VERSION,
    )


def _plan(app: Application, clients: Clients, driver: _DriverLease) -> QueryPlan:
    """The query of an application, from the offsets its answers stand at."""
    arguments = clients.arguments
    names = [topic.name for topic in app.reads]
    identity = StreamIdentity(clients.kafka.cluster_id(), clients.kafka.topic_ids(names))
    progress = ProgressStore(
        PostgresProgress(driver.connection),
        driver.lease,
        clients.crash.visit,
        clients.metrics[app.name],
    )
    earliest = clients.kafka.earliest_offsets(names)
    offsets = progress.begin(
        identity.topic_ids, earliest, accept_new_topic=arguments.accept_new_topic
    )
    gaps = progress.accepted_gaps()
    checkpoint = f"{arguments.endpoints.checkpoint}/{app.name}/{folder_of(identity, gaps)}"
    context = clients.spark.sparkContext
    most = max_offsets(app, arguments, clients.kafka)
    runner = BatchRunner(
        batch_application(app, clients, driver.connection, progress),
        files=HadoopFiles(context._jvm, context._jsc.hadoopConfiguration(), checkpoint),
        progress=progress,
        source=SparkSource(clients.spark, clients.kafka, identity),
        identity=identity,
        max_offsets=most,
        visit=clients.crash.visit,
        metrics=clients.metrics[app.name],
        clock=_now,
    )
    runner.resume(earliest)
    load = partial(
        stream,
        clients.spark,
        clients.kafka_endpoint,
        starting_offsets=offsets,
        group_prefix=app.group,
        max_offsets=most,
    )
    return QueryPlan(
        app.name,
        load,
        runner,
        checkpoint,
        arguments.triggers[app.name],
        nothing_unread=offsets == clients.kafka.stable_offsets(names),
    )


def _replan(app: Application, clients: Clients, driver: _DriverLease) -> QueryPlan:
    """The same after a part of the stack did not answer: the epoch is still the driver's, or the
    first transaction says otherwise."""
    driver.reconnect()
    return _plan(app, clients, driver)


def _identity() -> str:
    return f"{socket.gethostname()}/{os.getpid()}"


def _write_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
