"""Meters of the lake: its bytes, the requests of commits, look-ups and checkpoints, and Glue."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from functools import reduce

from contracts.tables.lake import BRONZE_EVENTS, GOLD_TABLES, LAKE_TABLES, SILVER
from contracts.topics import SOURCES
from ops.commands.cost import assumptions as given
from ops.commands.cost.month import DAYS, GB, MILLION, Load, MeteredUsage, Month

# Each batch of ingest writes them under any load: events, quarantine, duplicates and silver. Gold
# is published as often.
_GOLD_TABLES = len(GOLD_TABLES)
_TABLES = len(LAKE_TABLES) - _GOLD_TABLES
# A setting of the function that gives the tables their optimizers.
_SNAPSHOT_HOURS = "SNAPSHOT_HOURS"
_DELETES_METADATA = "'write.metadata.delete-after-commit.enabled'='true'"

# Writes and reads of S3 in a month.
_Requests = tuple[Decimal, Decimal]


def buckets(month: Month) -> Iterator[MeteredUsage]:
    """S3 by bytes and by requests. Most requests do not grow with the load."""
    parts = {
        "ingest's commits": _commits(month),
        "publication of gold": _publications(month),
        "look-ups of known events": _look_ups(month),
        "checkpoints": _checkpoints(month),
    }
    for what, (puts, gets) in parts.items():
        if puts:
            yield MeteredUsage(f"S3 writes, {what}", puts / 1000, "s3.put")
        yield MeteredUsage(f"S3 reads, {what}", gets / 1000, "s3.get")
    requests = sum((puts + gets for puts, gets in parts.values()), Decimal(0))
    if _transitions(month):
        moved = monthly_growth(month.load) / given.OLD_OBJECT_GB
        yield MeteredUsage("files that move to infrequent access", moved / 1000, "s3.transition")
    for what, gigabytes in _stored(month, requests):
        yield MeteredUsage(f"S3, {what}", gigabytes, "s3.storage")
    sealed = requests * given.KMS_SHARE
    yield MeteredUsage("KMS requests for objects", sealed / 10_000, "kms.requests", "lake")


def copies(month: Month) -> Iterator[MeteredUsage]:
    """AWS Backup keeps the whole bucket once, and what each night adds."""
    gigabytes = sum((size for _, size in _stored(month, Decimal(0))), Decimal(0))
    yield MeteredUsage("copies of the lake", gigabytes, "backup.storage")


def catalog_and_optimizers(month: Month) -> Iterator[MeteredUsage]:
    """Glue's catalog by requests, and its optimizers by DPU: compaction reads all that is new."""
    made = month.ingests * (_TABLES + _GOLD_TABLES) * given.CATALOG_REQUESTS
    yield MeteredUsage("Glue catalog requests", made / MILLION, "glue.requests")
    if _snapshot_days(month) is not None:
        hours = monthly_growth(month.load) / given.GB_FOR_DPU
        yield MeteredUsage("Glue table optimizers", hours, "glue.dpu")


def monthly_growth(load: Load) -> Decimal:
    """GB that a further month of events adds to the lake."""
    return load.gigabytes(*SOURCES) * (given.BRONZE + given.SILVER)


def _snapshot_days(month: Month) -> int | None:
    """Days for which Glue keeps snapshots. None where no function gives the tables optimizers: then
    nobody compacts, and every snapshot stays."""
    for function in month.all("AWS::Lambda::Function"):
        variables = function.get("Environment", {}).get("Variables", {})
        if _SNAPSHOT_HOURS in variables:
            return math.ceil(int(variables[_SNAPSHOT_HOURS]) / 24)
    return None


def _commits(month: Month) -> _Requests:
    """Bronze gets one file per Kafka partition, silver one per region."""
    partitions = sum(topic.cloud_partitions for topic in SOURCES)
    rejected = 2 * len(SOURCES)
    files = partitions + rejected + len(SILVER) * given.REGIONS
    puts = files + _TABLES * given.COMMIT_PUTS
    return month.ingests * puts, month.ingests * _TABLES * given.COMMIT_GETS


def _publications(month: Month) -> _Requests:
    puts = _GOLD_TABLES * (given.REGIONS + given.COMMIT_PUTS)
    return month.ingests * puts, month.ingests * _GOLD_TABLES * given.COMMIT_GETS


def _look_ups(month: Month) -> _Requests:
    """Each batch looks its events up in the silver files of the day and of its regions."""
    fresh = month.ingests / DAYS / 2
    if _snapshot_days(month):
        fresh = min(fresh, given.FRESH_FILES)
    files = len(SILVER) * given.REGIONS * fresh
    return Decimal(0), month.ingests * files * given.FILE_GETS


def _checkpoints(month: Month) -> _Requests:
    each = month.all_batches * given.CHECKPOINT_REQUESTS
    return each, each


def _stored(month: Month, requests: Decimal) -> Iterator[tuple[str, Decimal]]:
    tables = monthly_growth(month.load)
    yield "tables", tables * given.MONTHS_KEPT
    kept = _snapshot_days(month)
    known_days = Decimal(kept) if kept else DAYS / 2
    noncurrent_days = _longest(month, "NoncurrentVersionExpiration", "NoncurrentDays") or DAYS
    gone_days = min(known_days + noncurrent_days, DAYS)
    if kept:
        yield "compacted files, until they go", tables / DAYS * gone_days
    replaced = month.ingests / DAYS * given.GOLD_DAY_GB / 2
    yield "replaced days of gold, until they go", replaced * gone_days
    # A commit writes the table's metadata file anew, with every snapshot that is kept.
    commits = month.ingests / DAYS
    file = commits * known_days * given.SNAPSHOT_BYTES / GB
    deletes = _DELETES_METADATA in BRONZE_EVENTS.lake_ddl("")
    metadata_days = noncurrent_days if deletes else DAYS
    yield "metadata of snapshots", len(LAKE_TABLES) * commits * file * metadata_days
    log_days = _longest(month, "ExpirationInDays") or DAYS * 12
    yield "access logs", requests / DAYS * given.REQUEST_LOG_BYTES / GB * log_days
    yield "logs of EMR", month.all_batches / DAYS * given.BATCH_LOG_BYTES / GB * log_days


def _transitions(month: Month) -> bool:
    """Whether a bucket moves what grows old to cheaper storage."""
    return any(
        "Transitions" in rule
        for bucket in month.all("AWS::S3::Bucket")
        for rule in bucket.get("LifecycleConfiguration", {}).get("Rules", [])
    )


def _longest(month: Month, *names: str) -> Decimal:
    """The most days that a lifecycle rule of a bucket gives under these nested names; 0 without."""
    found = [Decimal(0)]
    for bucket in month.all("AWS::S3::Bucket"):
        for rule in bucket.get("LifecycleConfiguration", {}).get("Rules", []):
            days = reduce(lambda part, name: part.get(name, {}), names, rule)
            found.append(Decimal(days or 0))
    return max(found)
