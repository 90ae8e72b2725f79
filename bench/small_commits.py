"""Commit a few rows to a table of the lake many times, with maintenance in between: the program
whose figures ``python -m bench.lake`` compares. It prints a JSON object per 100 commits.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlparse

from pyspark.sql import SparkSession

from contracts.tables.lake import BRONZE_DUPLICATES
from contracts.times import EPOCH
from emr_jobs.kernel.metrics import Metrics
from emr_jobs.publish.lake_maintenance import LakeMaintenance, UpkeepRules, data_files
from emr_jobs.spark.session import start_session
from emr_jobs.stores.lake import LakeTable, Rows
from local.home import Home
from local.profile import read_profile
from local.spark import endpoints

_EVERY = 100
_ROWS = 20
_RULES = UpkeepRules(timedelta(seconds=60), files_gained=_EVERY)
_NOW = datetime(2026, 3, 2, tzinfo=UTC)


def main() -> int:
    home = Home(Path(sys.argv[1]))
    profile = read_profile(home)
    assert profile is not None
    spark = start_session(endpoints(home, profile))
    table = LakeTable(spark, BRONZE_DUPLICATES, Metrics("ingest", lambda _line: None, lambda: _NOW))
    table.create()
    maintenance = LakeMaintenance(spark, [table], [], _RULES)
    seconds = []
    for commit in range(1, int(sys.argv[2]) + 1):
        seconds.append(_commit(spark, table, commit))
        if commit % _EVERY == 0:
            begun = time.perf_counter()
            maintenance.maintain(_last_commit(table))
            upkeep = time.perf_counter() - begun
            figures = {
                "commits": commit,
                "seconds_per_commit": round(statistics.median(seconds), 4),
                "maintenance_seconds": round(upkeep, 2),
                **_look(table),
            }
            sys.stdout.write(json.dumps(figures) + "\n")
            sys.stdout.flush()
            seconds.clear()
    rows = table.read().count()
    if rows != int(sys.argv[2]) * _ROWS:
        raise SystemExit(f"{rows} rows are left")
    spark.stop()
    return 0


def _commit(spark: SparkSession, table: LakeTable, commit: int) -> float:
    first = commit * _ROWS
    rows = [
        ("t", "id", "c", 0, offset, _NOW, f"e{offset}", "id", 0, offset, 0)
        for offset in range(first, first + _ROWS)
    ]
    frame = spark.createDataFrame(rows, spark.table(table.name).schema)
    begun = time.perf_counter()
    written = Rows(frame.drop("commit_number").coalesce(1), few_partitions=True)
    table.commit(written, table.state(), {("id", 0): first + _ROWS})
    return time.perf_counter() - begun


def _last_commit(table: LakeTable) -> datetime:
    millis = int(table.loaded().currentSnapshot().timestampMillis())
    return EPOCH + timedelta(milliseconds=millis)


def _look(table: LakeTable) -> dict[str, int]:
    """What the table's folder holds."""
    folder = Path(urlparse(str(table.loaded().location())).path)
    metadata = [each for each in (folder / "metadata").iterdir() if each.suffix != ".crc"]
    return {
        "data_files": data_files(table.loaded()),
        "files_on_disk": sum(1 for _ in (folder / "data").rglob("*.parquet")),
        "metadata_files": len(metadata),
        "metadata_bytes": sum(each.stat().st_size for each in metadata),
        "snapshots": int(table.loaded().snapshots().size()),
    }


if __name__ == "__main__":
    sys.exit(main())
