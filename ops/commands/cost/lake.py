"""Meters of the lake: what is stored, the requests of commits, look-ups and checkpoints, Glue."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from contracts.applications import INGEST
from contracts.tables.lake import BRONZE_EVENTS, GOLD_TABLES, LAKE_TABLES, SILVER
from contracts.topics import SOURCES
from ops.commands.cost import assumptions as given
from ops.commands.cost.environment import Environment
from ops.commands.cost.usage import Usage
from ops.commands.cost.workload import DAYS, GB, MILLION, Load, batches

_REGIONS = given.REGIONS.value
# Written by each batch of ingest, whatever the load: events, quarantine, duplicates, silver; gold
# is published as often.
_GOLD_TABLES = len(GOLD_TABLES)
_TABLES = len(LAKE_TABLES) - _GOLD_TABLES
# A setting of the function that gives the tables their optimizers.
_SNAPSHOT_HOURS = "SNAPSHOT_HOURS"
_DELETES_METADATA = "'write.metadata.delete-after-commit.enabled'='true'"


@dataclass(frozen=True)
class _Requests:
    puts: Decimal
    gets: Decimal

    def __add__(self, other: _Requests) -> _Requests:
        return _Requests(self.puts + other.puts, self.gets + other.gets)

    @property
    def total(self) -> Decimal:
        return self.puts + self.gets


def buckets(environment: Environment, load: Load) -> Iterator[Usage]:
    """S3 by bytes and by requests; most requests do not grow with the load."""
    requests = Decimal(0)
    parts = {
        "ingest's commits": _commits(environment),
        "publication of gold": _publications(environment),
        "look-ups of known events": _look_ups(environment),
        "checkpoints": _checkpoints(environment),
    }
    for what, part in parts.items():
        requests += part.total
        if part.puts:
            yield Usage("lake", f"S3 writes, {what}", part.puts / 1000, "s3.put")
        yield Usage("lake", f"S3 reads, {what}", part.gets / 1000, "s3.get")
    for what, gigabytes in _stored(environment, load, requests):
        yield Usage("lake", f"S3, {what}", gigabytes, "s3.storage")
    sealed = requests * given.KMS_SHARE.value
    yield Usage("lake", "KMS requests for objects", sealed / 10_000, "kms.requests")


def catalog(environment: Environment, _load: Load) -> Iterator[Usage]:
    made = _ingests(environment) * (_TABLES + _GOLD_TABLES) * given.CATALOG_REQUESTS.value
    yield Usage("lake", "Glue catalog requests", made / MILLION, "glue.requests")


def optimizers(environment: Environment, load: Load) -> Iterator[Usage]:
    """Glue bills compaction, expiry and orphan search by DPU; compaction reads all that is new."""
    if snapshot_days(environment) is None:
        return
    hours = _written(load) / given.GB_FOR_DPU.value
    yield Usage("lake", "Glue table optimizers", hours, "glue.dpu")


def analysts(environment: Environment, _load: Load) -> Iterator[Usage]:
    count = len(environment.of("AWS::Athena::WorkGroup"))
    yield Usage("lake", "scanned by analysts", count * given.ATHENA_TB.value, "athena.scanned")


def monthly_growth(load: Load) -> Decimal:
    """GB that a further month of events adds to the lake."""
    return _written(load)


def _ingests(environment: Environment) -> Decimal:
    """Batches of ingest in a month."""
    return batches(environment.jobs[INGEST.name].trigger)


def snapshot_days(environment: Environment) -> int | None:
    """Days of snapshots that Glue keeps, whose optimizers a function gives to every table; None
    where there is no such function, so nobody compacts and every snapshot stays."""
    for function in environment.of("AWS::Lambda::Function"):
        variables = function.properties.get("Environment", {}).get("Variables", {})
        if _SNAPSHOT_HOURS in variables:
            return math.ceil(int(variables[_SNAPSHOT_HOURS]) / 24)
    return None


def _commits(environment: Environment) -> _Requests:
    """bronze gets a file for each Kafka partition, silver one for each region."""
    partitions = sum(topic.cloud_partitions for topic in SOURCES)
    rejected = 2 * len(SOURCES)
    files = partitions + rejected + len(SILVER) * _REGIONS
    puts = files + _TABLES * given.COMMIT_PUTS.value
    gets = _TABLES * given.COMMIT_GETS.value
    return _Requests(_ingests(environment) * puts, _ingests(environment) * gets)


def _publications(environment: Environment) -> _Requests:
    made = _ingests(environment)
    puts = _GOLD_TABLES * (_REGIONS + given.COMMIT_PUTS.value)
    return _Requests(made * puts, made * _GOLD_TABLES * given.COMMIT_GETS.value)


def _look_ups(environment: Environment) -> _Requests:
    """Each batch looks its events up in the silver files of the day and its regions."""
    fresh = _ingests(environment) / DAYS / 2
    if snapshot_days(environment):
        fresh = min(fresh, given.FRESH_FILES.value)
    files = len(SILVER) * _REGIONS * fresh
    return _Requests(Decimal(0), _ingests(environment) * files * given.FILE_GETS.value)


def _checkpoints(environment: Environment) -> _Requests:
    made = sum((batches(job.trigger) for job in environment.jobs.values()), Decimal(0))
    each = made * given.CHECKPOINT_REQUESTS.value
    return _Requests(each, each)


def _written(load: Load) -> Decimal:
    return load.gigabytes(*SOURCES) * (given.BRONZE.value + given.SILVER.value)


def _stored(
    environment: Environment, load: Load, requests: Decimal
) -> Iterator[tuple[str, Decimal]]:
    tables = _written(load)
    yield "tables", tables * given.MONTHS_KEPT.value
    kept = snapshot_days(environment)
    known_days = Decimal(kept) if kept else DAYS / 2
    gone_days = known_days + _noncurrent_days(environment)
    if kept:
        yield "compacted files, until they go", tables / DAYS * min(gone_days, DAYS)
    replaced = _ingests(environment) / DAYS * given.GOLD_DAY_GB.value / 2
    yield "replaced days of gold, until they go", replaced * min(gone_days, DAYS)
    yield "metadata of snapshots", _metadata(environment, known_days)
    per_day = requests / DAYS * given.REQUEST_LOG_BYTES.value / GB
    yield "access logs", per_day * _log_days(environment)
    made = sum((batches(job.trigger) for job in environment.jobs.values()), Decimal(0))
    logged = made / DAYS * given.BATCH_LOG_BYTES.value / GB
    yield "logs of EMR", logged * _log_days(environment)


def _metadata(environment: Environment, known_days: Decimal) -> Decimal:
    """A commit writes the table's metadata file anew, with every snapshot that is kept."""
    commits = _ingests(environment) / DAYS
    file = commits * known_days * given.SNAPSHOT_BYTES.value / GB
    total = len(LAKE_TABLES) * commits * file
    deletes = _DELETES_METADATA in BRONZE_EVENTS.lake_ddl("")
    return total * (_noncurrent_days(environment) if deletes else DAYS)


def _noncurrent_days(environment: Environment) -> Decimal:
    """Days until a deleted object of the versioned bucket is gone."""
    return max(
        (
            Decimal(rule["NoncurrentVersionExpiration"]["NoncurrentDays"])
            for rule in _rules(environment)
            if "NoncurrentVersionExpiration" in rule
        ),
        default=DAYS,
    )


def _log_days(environment: Environment) -> Decimal:
    """The longest time that a whole bucket or folder of logs is kept."""
    return max(
        (
            Decimal(rule["ExpirationInDays"])
            for rule in _rules(environment)
            if "ExpirationInDays" in rule
        ),
        default=DAYS * 12,
    )


def _rules(environment: Environment) -> Iterator[dict[str, Any]]:
    for bucket in environment.of("AWS::S3::Bucket"):
        yield from bucket.properties.get("LifecycleConfiguration", {}).get("Rules", [])
