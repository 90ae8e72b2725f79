"""The upkeep of a laptop's lake: small files become large ones, old snapshots go. On AWS Glue does
it (docs/adr/0008)."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from pyspark.sql import SparkSession

from contracts.tables.lake import KEPT_SNAPSHOTS
from contracts.times import micros_of
from emr_jobs.stores.lake import LakeTable

logger = logging.getLogger(__name__)

# Fewer small files of one partition than this stay as they are.
_FILES_OF_A_PARTITION = 5
# A file of at least this size stays as it is, or a day's rows would be written anew at every look.
_LARGE_BYTES = 32 << 20
_MOST_BYTES = 128 << 20


@dataclass(frozen=True)
class UpkeepRules:
    """Snapshots live for `snapshot_life`, and the newest `kept_snapshots` for ever. The files of a
    table are looked at when it has gained `files_gained`."""

    snapshot_life: timedelta
    kept_snapshots: int = KEPT_SNAPSHOTS
    files_gained: int = 500


@dataclass(frozen=True)
class Upkeep:
    """What was done to a table."""

    files_rewritten: int
    files_made: int
    snapshots_dropped: int


class LakeMaintenance:
    """Looks after tables. Of tables of `records` the small files
    are put together; who writes `published` ones decides which row lies in which file."""

    def __init__(
        self,
        spark: SparkSession,
        records: Iterable[LakeTable],
        published: Iterable[LakeTable],
        rules: UpkeepRules,
    ) -> None:
        self._spark = spark
        self._records = tuple(records)
        self._tables = (*self._records, *published)
        self._rules = rules
        # Data files of each table after the last look at them.
        self._files: dict[str, int] = {}

    def maintain(self, now: datetime) -> dict[str, Upkeep]:
        """Do what is due; returns what was done, by table. A commit of a writer meanwhile is no
        conflict, for it leaves the files of earlier commits alone."""
        # A share of its own, beside those of the applications.
        self._spark.sparkContext.setLocalProperty("spark.scheduler.pool", "maintenance")
        done = {}
        for table in self._tables:
            # Read once: a table's metadata tells of each of its snapshots.
            loaded = table.loaded()
            rewritten, made = 0, 0
            if table in self._records:
                rewritten, made = self._compact(table.name, loaded)
            dropped = self._expire(loaded, now)
            if rewritten or dropped:
                done[table.name] = Upkeep(rewritten, made, dropped)
                logger.info("%s: %s", table.name, done[table.name])
        return done

    def _compact(self, name: str, loaded: Any) -> tuple[int, int]:
        if data_files(loaded) < self._files.get(name, 0) + self._rules.files_gained:
            return 0, 0
        jvm = cast("Any", self._spark._jvm)
        actions = jvm.org.apache.iceberg.spark.actions.SparkActions
        action = actions.get(self._spark._jsparkSession).rewriteDataFiles(loaded).binPack()
        for option, value in {
            "min-input-files": _FILES_OF_A_PARTITION,
            "min-file-size-bytes": _LARGE_BYTES,
            "target-file-size-bytes": _MOST_BYTES,
            "max-concurrent-file-group-rewrites": 1,
        }.items():
            action = action.option(option, str(value))
        result = action.execute()
        loaded.refresh()
        self._files[name] = data_files(loaded)
        return int(result.rewrittenDataFilesCount()), int(result.addedDataFilesCount())

    def _expire(self, loaded: Any, now: datetime) -> int:
        """Each expiry is a commit, so it waits until a snapshot is a fifth older than it may be."""
        life, kept = self._rules.snapshot_life, self._rules.kept_snapshots
        known = loaded.snapshots()
        if known.size() <= kept:
            return 0
        # Iceberg keeps them in the order of their commits.
        if known.get(0).timestampMillis() > _millis(now - 1.2 * life):
            return 0
        expiry = loaded.expireSnapshots().expireOlderThan(_millis(now - life))
        expiry.retainLast(kept).commit()
        loaded.refresh()
        return int(known.size() - loaded.snapshots().size())


def data_files(loaded: Any) -> int:
    """How many files hold the rows of a table, as it was when it was loaded."""
    current = loaded.currentSnapshot()
    return 0 if current is None else int(current.summary().get("total-data-files"))


def _millis(moment: datetime) -> int:
    return micros_of(moment) // 1_000
